import type { Clock, Log, Timer } from '../mining/ports.ts';
import type { ChainName } from './chain-check.ts';
import { APART_MS, memberStatus, type NodeReport, reportOf, togetherStatus } from './node-report.ts';
import { NodeSetLog } from './node-set-log.ts';
import { SetMember, type SetNode, SILENT_MS } from './set-member.ts';
import { chooseSource } from './source-choice.ts';
import { givesTemplates, type NodeState, type NodeStatus, READY } from './status.ts';
import type { ParsedTemplate, TemplateHead } from './template-source.ts';
import { type SignalScore, TipFeed } from './tip-feed.ts';
import type { SignalName } from './tip-signal.ts';
import { TipWorks } from './tip-works.ts';

export interface NodeSetOptions<T extends TemplateHead> {
  /** What a node must name before its templates are handed out; any chain will do when left out. */
  readonly expectedChain?: ChainName;
  /** From one answer to a poll to the next question; the template source's own when left out. */
  readonly pollMs?: number;
  /** The longest a template is used while the tip stays; the template source's own when left out. */
  readonly refreshMs?: number;
  readonly onTemplate: (template: T, about: { readonly newTip: boolean; readonly node: string }) => void;
  /** Called when the state or sentence of all nodes together changes: ready as long as one gives templates. */
  readonly onStatus: (status: NodeStatus) => void;
  /** What is wrong with a node of that version (getnetworkinfo's number), for the log; undefined for nothing. */
  readonly versionTrouble?: (versionNumber: number) => string | undefined;
  /** How many of a node's peers are connections of ours: a node gives work to whoever is its only one. */
  readonly ownPeers?: (node: string) => number;
  /** A node was away or starting, and is not any more: what listens to its other ports may try them again. */
  readonly onBack?: (node: string) => void;
}

export interface NodeSetModules<T extends TemplateHead> {
  /** At least one, in the order of the configuration. */
  readonly nodes: readonly SetNode[];
  readonly clock: Clock;
  readonly log: Log;
  /** parseTemplate of mining/template.ts. */
  readonly parseTemplate: (raw: unknown) => ParsedTemplate<T>;
}

/** Health changes slowly, and all that mining waits for is asked for elsewhere. */
const FACTS_EVERY_MS = 10_000;
/** After the first templates, which everybody waits for. */
const FACTS_FIRST_MS = 1_000;

/**
 * A node is silent after SILENT_MS, and one that hangs sends nothing to notice that by. Looked for twice in that time,
 * a source that hangs is noticed within one and a half of it, however seldom the others are polled.
 */
const LOOK_EVERY_MS = SILENT_MS / 2;

/**
 * A node that flaps gives a template at each return. On the same tip the miners' work is good for much longer than this;
 * with it they get five such jobs a minute at the most instead of one each time.
 */
const RETURN_JOB_AFTER_MS = 10_000;
/** Miners get a new job at least this often, also when the next refresh comes its whole interval after a return. */
const JOB_AGE_MAX_MS = 55_000;

/** ravend opens its RPC port before the one for other nodes: that one answers when it has started. */
const NOT_UP: readonly NodeState[] = ['unreachable', 'starting'];

/** Of a node in another state either nothing is known, or that it is of another network or coin. */
const OF_OUR_CHAIN: readonly NodeState[] = ['ready', 'behind', 'forked', 'downloading', 'no-peers'];

/**
 * All nodes of an instance. Each has a template source that polls it; the miners get the templates of one, the best
 * healthy node on the best tip, and of another the moment that one fails or falls behind (source-choice.ts). The others
 * fetch templates, too, a second later, so that they are known to be able to.
 */
export class NodeSet<T extends TemplateHead> {
  readonly #options: NodeSetOptions<T>;
  readonly #clock: Clock;
  readonly #log: NodeSetLog;
  readonly #works = new TipWorks();
  readonly #feed: TipFeed;
  /** In the order of the configuration. */
  readonly #members: readonly SetMember<T>[];
  /** Best priority first. */
  readonly #ranked: readonly SetMember<T>[];
  /** By name, 0 the best. */
  readonly #ranks: ReadonlyMap<string, number>;
  #source: SetMember<T> | undefined;
  #lostAtMs: number | undefined;
  /** The source before the present one was lost rather than overtaken. */
  #wasLost = false;
  /** The tip that the miners' work builds on. */
  #servedTip: string | undefined;
  #servedAtMs = Number.NEGATIVE_INFINITY;
  /** The source was lost since its last template. */
  #isReturn = false;
  /** Somebody asked for a template, which is handed out in any case. */
  #isAsked = false;
  #status: NodeStatus | undefined;
  #factsTimer: Timer | undefined;
  /** Runs where there are several nodes: of one alone nothing depends on its silence. */
  #lookTimer: Timer | undefined;
  #state: 'idle' | 'running' | 'stopped' = 'idle';

  /** @throws RangeError without a node */
  constructor(options: NodeSetOptions<T>, modules: NodeSetModules<T>) {
    const { nodes, clock, log } = modules;
    if (nodes.length === 0) throw new RangeError('a node set needs at least one node');
    this.#options = options;
    this.#clock = clock;
    this.#log = new NodeSetLog(log, nodes.length);
    this.#feed = new TipFeed(clock);
    this.#members = nodes.map((node) => this.#createMember(node, modules));
    this.#ranked = this.#members.toSorted((a, b) => a.node.priority - b.node.priority);
    this.#ranks = new Map(this.#ranked.map(({ node }, rank) => [node.name, rank]));
  }

  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'running';
    for (const { source } of this.#members) source.start();
    this.#scheduleFacts(FACTS_FIRST_MS);
    if (this.#members.length > 1) this.#scheduleLook();
  }

  /** No callback comes after the call. Resolves when no call is under way; closing the clients hastens that. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#factsTimer?.cancel();
    this.#lookTimer?.cancel();
    await Promise.all(this.#members.map((member) => member.stop()));
  }

  /** Asks for a template now, which is handed out whatever its tip. */
  refresh(): void {
    this.#isAsked = true;
    for (const { source } of this.#sourceNow === undefined ? this.#members : [this.#sourceNow]) {
      source.refresh();
    }
  }

  /**
   * News of a block that may be a new tip. Late, repeated, wrong and forged ones do no harm, and a flood of them costs
   * a few calls a second.
   * @param hashHex display order; what is no hash is passed over
   * @param about the signal, and the node that it comes from; all nodes are asked when that is left out
   */
  noteTip(hashHex: string, about: { readonly signal: SignalName; readonly node?: string }): void {
    const { signal, node } = about;
    const asked =
      node === undefined ? this.#members : this.#members.filter((member) => member.node.name === node);
    if (asked.length === 0 || !this.#feed.hint(hashHex, signal, node ?? '')) return;
    for (const { source } of asked) source.noteTip(hashHex);
  }

  /** A node accepted a block of ours: most likely the new tip. */
  noteFound(hashHex: string): void {
    this.#feed.own(hashHex);
    for (const { source } of this.#members) source.noteTip(hashHex);
  }

  /** The node whose templates are mined on; undefined before the first and while it gives none. */
  get sourceName(): string | undefined {
    return this.#sourceNow?.node.name;
  }

  /** Whether a node answers, and is, for all we know, on our chain, be it that it gives no templates. */
  isOfOurChain(nodeName: string): boolean {
    const state = this.#members.find(({ node }) => node.name === nodeName)?.statusNow.state;
    return state !== undefined && OF_OUR_CHAIN.includes(state);
  }

  /** Whether its status says why a node is not mined on, while another one is. */
  isLeftAside(nodeName: string): boolean {
    const member = this.#members.find(({ node }) => node.name === nodeName);
    const source = this.#sourceNow;
    if (member === undefined || source === undefined || member === source) return false;
    return this.#statusOf(member).state !== 'ready';
  }

  /** When each of them had been asked for its tip: the time of the one for which that is longest ago. */
  get askedAtMs(): number {
    return Math.min(...this.#members.map(({ source }) => source.askedAtMs));
  }

  /** In the order of the configuration. */
  reports(): NodeReport[] {
    const source = this.#sourceNow;
    return this.#members.map((member) => reportOf(member, source, this.#works, this.#statusOf(member)));
  }

  /** How each way of hearing of new tips has done. */
  signalScores(): SignalScore[] {
    return this.#feed.scores();
  }

  #createMember(node: SetNode, { nodes, clock, log, parseTemplate }: NodeSetModules<T>): SetMember<T> {
    const { expectedChain, pollMs, refreshMs } = this.#options;
    const options = { expectedChain, pollMs, refreshMs, comparesTips: nodes.length > 1 };
    const modules = { node, works: this.#works, clock, log, parseTemplate };
    const member: SetMember<T> = new SetMember<T>(options, modules, {
      isStandby: () => this.#sourceNow !== undefined && this.#sourceNow !== member,
      onTip: (tip) => {
        this.#feed.confirm(tip, node.name);
        this.#consider();
      },
      onPolled: (tip) => {
        // What only takes time, as the return of a better node, is noticed here.
        this.#consider();
        // Of a node that catches up each poll brings a tip, which nobody announces and nobody is judged by.
        if (this.#sourceNow === member) this.#feed.polled(tip);
      },
      onTemplate: (template) => this.#takeTemplate(member, template),
      onChange: () => this.#consider(),
      onState: (before) => this.#noteState(member, before),
    });
    return member;
  }

  get #sourceNow(): SetMember<T> | undefined {
    return this.#lostAtMs === undefined ? this.#source : undefined;
  }

  #takeTemplate(member: SetMember<T>, template: T): void {
    this.#feed.confirm(template.previousBlockHash, member.node.name);
    const wasSource = this.#source === member;
    this.#consider();
    if (!wasSource || this.#source !== member) return;
    const isNeeded = !this.#isReturn || this.#isDue(template);
    this.#isReturn = false;
    if (isNeeded) this.#handOut(member, template);
  }

  #isDue({ previousBlockHash }: T): boolean {
    if (this.#isAsked || previousBlockHash !== this.#servedTip) return true;
    const afterMs = Math.min(RETURN_JOB_AFTER_MS, JOB_AGE_MAX_MS - (this.#options.refreshMs ?? 0));
    return this.#clock.nowMs() - this.#servedAtMs >= afterMs;
  }

  /** Looks at all nodes again, changes the source where another is better, and tells what is new. */
  #consider(): void {
    if (this.#state !== 'running') return;
    const nowMs = this.#clock.nowMs();
    this.#tellStatuses(nowMs);
    const views = this.#ranked.map((member) => member.view(nowMs));
    const source = this.#source === undefined ? undefined : this.#ranked.indexOf(this.#source);
    const isHealthy = source !== undefined && views[source]?.isHealthy === true;
    this.#lostAtMs = isHealthy || source === undefined ? undefined : (this.#lostAtMs ?? nowMs);
    this.#isReturn ||= this.#lostAtMs !== undefined;
    const serving = { source, tip: this.#servedTip, lostAtMs: this.#lostAtMs };
    const compare = (first: string, second: string): number => this.#works.compare(first, second);
    const choice = chooseSource(views, serving, compare, nowMs);
    if (choice !== undefined && choice !== source) this.#change(this.#ranked[choice], isHealthy);
    this.#urge(views.map(({ isHealthy }) => isHealthy));
    this.#watchApart(nowMs);
    const name = this.#source?.node.name;
    this.#log.tellSource(
      name === undefined ? undefined : { name, wasLost: this.#wasLost },
      this.#ranks,
      nowMs,
    );
  }

  /** @param wasHealthy whether the source so far still gives templates */
  #change(member: SetMember<T> | undefined, wasHealthy: boolean): void {
    if (member === undefined) return;
    this.#wasLost = this.#source !== undefined && !wasHealthy;
    this.#source = member;
    this.#lostAtMs = undefined;
    this.#isReturn = false;
    const { template } = member;
    if (template !== undefined && template.previousBlockHash !== this.#servedTip)
      this.#handOut(member, template);
    // The same tip: the miners' work stays good, and they get no other one because of the change alone. That of a
    // node which was lost may have been due for a refresh.
    else if (this.#wasLost) member.source.refresh();
  }

  #handOut(member: SetMember<T>, template: T): void {
    const newTip = template.previousBlockHash !== this.#servedTip;
    this.#servedTip = template.previousBlockHash;
    this.#servedAtMs = this.#clock.nowMs();
    this.#isAsked = false;
    this.#guard(() => this.#options.onTemplate(template, { newTip, node: member.node.name }));
  }

  /** A node that is ahead, or needed since the source is lost, gives its template at once. */
  #urge(healthy: readonly boolean[]): void {
    const source = this.#sourceNow;
    for (const [index, member] of this.#ranked.entries()) {
      const { tip } = member;
      if (!healthy[index] || member === source || tip === undefined || member.hasWork) continue;
      if (source !== undefined && !(this.#isAhead(tip, source.tip) && this.#isAhead(tip, this.#servedTip)))
        continue;
      member.source.urge();
    }
  }

  #isAhead(tip: string, of: string | undefined): boolean {
    return of === undefined || this.#works.compare(tip, of) > 0;
  }

  #watchApart(nowMs: number): void {
    const tip = this.#sourceNow?.tip;
    // While the source is lost nothing is learnt of who is apart from it.
    if (tip === undefined) return;
    for (const member of this.#members) {
      const { tip: other } = member;
      // One on another branch is not back because its branch is ahead for a moment.
      if (other === undefined || other === tip || (!member.isForked && this.#isAhead(other, tip))) {
        member.apartSinceMs = undefined;
        member.isForked = false;
        continue;
      }
      member.apartSinceMs ??= nowMs;
      if (nowMs - member.apartSinceMs >= APART_MS && this.#works.isLevel(other, tip)) member.isForked = true;
    }
  }

  /** @param state of its template source before */
  #noteState(member: SetMember<T>, state: NodeState): void {
    if (!NOT_UP.includes(state) || NOT_UP.includes(member.status.state)) return;
    this.#guard(() => this.#options.onBack?.(member.node.name));
  }

  #statusOf(member: SetMember<T>): NodeStatus {
    return memberStatus(member, this.#sourceNow, this.#works, this.#clock.nowMs());
  }

  #tellStatuses(nowMs: number): void {
    const statuses = this.#members.map((member) => this.#statusOf(member));
    for (const [index, { node }] of this.#members.entries())
      this.#log.tellStatus(node, statuses[index], nowMs);
    const status = statuses.some(givesTemplates) ? READY : togetherStatus(statuses);
    if (status === undefined) return;
    if (status.state === this.#status?.state && status.sentence === this.#status.sentence) return;
    this.#status = status;
    this.#guard(() => this.#options.onStatus(status));
  }

  /** A fault in a callback must not keep the nodes from being looked at. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#log.tellFault(error);
    }
  }

  #scheduleLook(): void {
    this.#lookTimer = this.#clock.setTimer(LOOK_EVERY_MS, () => {
      this.#consider();
      this.#scheduleLook();
    });
  }

  /** It gives work, and nobody but us is connected to it. On a regtest that is how it should be. */
  #isLonely({ node, facts, status }: SetMember<T>): boolean {
    if (this.#options.expectedChain === 'regtest' || facts?.peers === undefined) return false;
    const ours = this.#options.ownPeers?.(node.name) ?? 0;
    return givesTemplates(status) && ours > 0 && facts.peers <= ours;
  }

  #scheduleFacts(delayMs: number): void {
    this.#factsTimer = this.#clock.setTimer(delayMs, () => {
      const nowMs = this.#clock.nowMs();
      const source = this.#sourceNow;
      for (const member of this.#members) {
        member.askFacts();
        const { apartSinceMs, facts } = member;
        const version = facts?.versionNumber;
        if (version !== undefined)
          this.#log.tellVersion(member.node, version, this.#options.versionTrouble?.(version));
        this.#log.tellPeers(member.node, this.#isLonely(member), nowMs);
        // The time before, so that what is told then is right at once.
        if (apartSinceMs !== undefined && nowMs - apartSinceMs >= APART_MS - FACTS_EVERY_MS)
          source?.judgeTipOf(member);
      }
      this.#consider();
      this.#scheduleFacts(FACTS_EVERY_MS);
    });
  }
}
