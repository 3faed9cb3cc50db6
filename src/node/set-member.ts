import type { Clock, Log, NodeRpc } from '../mining/ports.ts';
import type { ChainName } from './chain-check.ts';
import { type Download, DownloadMeter, downloadText } from './download.ts';
import { askHeader } from './header-facts.ts';
import { askFacts, type NodeFacts } from './node-facts.ts';
import { PollMeter } from './poll-meter.ts';
import { isUnknownBlock } from './rpc-error.ts';
import type { NodeView } from './source-choice.ts';
import { CONNECTING, downloading, type NodeState, type NodeStatus } from './status.ts';
import {
  createTemplateSource,
  type ParsedTemplate,
  type TemplateHead,
  type TemplateSource,
} from './template-source.ts';
import type { TipWorks } from './tip-works.ts';

/** A node and its client. */
export interface SetNode {
  /** Unique in its set. */
  readonly name: string;
  /** Without user and password: the owner reads it. */
  readonly url: string;
  /** The lowest goes first; of equal ones the first. */
  readonly priority: number;
  readonly rpc: NodeRpc;
}

/** What a member tells its set. None may throw. */
export interface MemberEvents<T> {
  /** Asked at each new tip: whether another node's work goes first. */
  readonly isStandby: () => boolean;
  /** Its tip is another one. */
  readonly onTip: (tip: string) => void;
  /** It answered a poll. */
  readonly onPolled: (tip: string) => void;
  readonly onTemplate: (template: T) => void;
  /** Something else about it changed: status, facts, the work of its tip. */
  readonly onChange: () => void;
  /** Its status is another one. @param before the state that it had */
  readonly onState: (before: NodeState) => void;
}

export interface MemberOptions {
  readonly expectedChain: ChainName | undefined;
  readonly pollMs: number | undefined;
  readonly refreshMs: number | undefined;
  /** Whether the work of its tips is asked for: not where there is nothing to compare it with. */
  readonly comparesTips: boolean;
}

export interface MemberModules<T extends TemplateHead> {
  readonly node: SetNode;
  readonly works: TipWorks;
  readonly clock: Clock;
  readonly log: Log;
  readonly parseTemplate: (raw: unknown) => ParsedTemplate<T>;
}

/**
 * getbestblockhash takes 0.2 ms, or as long as the node connects a block: rarely a second. A node that is silent for
 * longer may be gone, and another one is as good meanwhile.
 */
export const SILENT_MS = 1_000;
/**
 * One that always takes that long, being far away, is not silent before it takes this many times as long as usual:
 * else several of them would take turns, and each turn is a job.
 */
const SILENT_LATENCIES = 3;

/** One node of a set: its template source, and what is known of it. */
export class SetMember<T extends TemplateHead> {
  readonly node: SetNode;
  readonly source: TemplateSource;
  readonly meter: PollMeter;
  /** As its template source has it. */
  status: NodeStatus = CONNECTING;
  tip: string | undefined;
  template: T | undefined;
  facts: NodeFacts | undefined;
  /** Since when its tip is another than the one that is mined on, and not ahead of it. */
  apartSinceMs: number | undefined;
  /** The node that gives the templates did not have its tip in its chain when that was last known. */
  isForked = false;
  readonly #comparesTips: boolean;
  readonly #modules: MemberModules<T>;
  readonly #events: MemberEvents<T>;
  readonly #download = new DownloadMeter();
  readonly #underWay = new Set<Promise<void>>();
  #isHealthy = false;
  #healthySinceMs = 0;
  /** The tip whose work was asked for and not told. */
  #workMissing: string | undefined;
  #asksWork = false;
  #asksFacts = false;
  #stopped = false;

  constructor(options: MemberOptions, modules: MemberModules<T>, events: MemberEvents<T>) {
    const { node, clock, log, parseTemplate } = modules;
    this.node = node;
    this.#comparesTips = options.comparesTips;
    this.#modules = modules;
    this.#events = events;
    this.meter = new PollMeter(node.rpc, clock);
    const { expectedChain, pollMs, refreshMs } = options;
    this.source = createTemplateSource<T>(
      {
        nodeUrl: node.url,
        ...(expectedChain !== undefined && { expectedChain }),
        ...(pollMs !== undefined && { pollMs }),
        ...(refreshMs !== undefined && { refreshMs }),
        isStandby: events.isStandby,
        onTip: (tip) => this.#takeTip(tip),
        onPolled: events.onPolled,
        onTemplate: (template) => this.#takeTemplate(template),
        onStatus: (status) => this.#takeStatus(status),
      },
      { rpc: this.meter, clock, log, parseTemplate },
    );
  }

  /** Its newest template builds on its tip. */
  get hasWork(): boolean {
    return this.template !== undefined && this.template.previousBlockHash === this.tip;
  }

  /** Present while it downloads. */
  get download(): Download | undefined {
    return this.status.state === 'downloading' ? this.#download.estimate() : undefined;
  }

  /** Its status, with the progress of a download. */
  get statusNow(): NodeStatus {
    const { download } = this;
    if (download === undefined) return this.status;
    return downloading(this.status, this.node.url, downloadText(download));
  }

  view(nowMs: number): NodeView {
    const isHealthy = this.status.state === 'ready' && !this.#isSilent(nowMs);
    if (isHealthy && !this.#isHealthy) this.#healthySinceMs = nowMs;
    this.#isHealthy = isHealthy;
    const isReady = isHealthy && this.hasWork;
    return { isHealthy, healthySinceMs: this.#healthySinceMs, tip: this.tip, isReady };
  }

  /** Asks for health and for what is missing, unless the node is away or still busy with the last question. */
  askFacts(): void {
    if (!this.meter.isAnswering) return;
    if (this.#workMissing !== undefined) this.#askWork();
    if (this.#asksFacts) return;
    this.#asksFacts = true;
    this.#track(askFacts(this.node.rpc), (facts) => {
      this.#asksFacts = false;
      if (facts === undefined) return;
      this.facts = facts;
      if (facts.progress !== undefined) this.#download.add(facts.progress, this.#modules.clock.nowMs());
    });
  }

  /** Finds out whether another node's tip is in this one's chain; what was known stays where there is no answer. */
  judgeTipOf(other: SetMember<T>): void {
    const { tip } = other;
    if (tip === undefined) return;
    this.#track(
      askHeader(this.node.rpc, tip).then(
        ({ confirmations }) => (confirmations === undefined ? undefined : confirmations < 0),
        (error: unknown) => (isUnknownBlock(error) ? true : undefined),
      ),
      (isForked) => {
        if (other.tip === tip) other.isForked = isForked ?? other.isForked;
      },
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.source.stop();
    await Promise.all(this.#underWay);
  }

  #isSilent(nowMs: number): boolean {
    const waitsMs = this.meter.waitsMs(nowMs);
    return waitsMs > SILENT_MS && waitsMs > SILENT_LATENCIES * (this.meter.latencyMs ?? 0);
  }

  #takeTip(tip: string): void {
    this.tip = tip;
    if (this.#comparesTips) this.#askWork();
    this.#events.onTip(tip);
  }

  #takeTemplate(template: T): void {
    this.template = template;
    this.tip = template.previousBlockHash;
    if (template.height !== undefined) this.#modules.works.noteHeight(this.tip, template.height - 1);
    this.#events.onTemplate(template);
  }

  #takeStatus(status: NodeStatus): void {
    const { state: before } = this.status;
    this.status = status;
    // A template of before is no proof of what comes after.
    if (status.state !== 'ready') this.template = undefined;
    if (status.state === 'downloading' && before !== 'downloading') this.askFacts();
    this.#events.onState(before);
    this.#events.onChange();
  }

  /** One question at a time: the tips of a node that catches up follow each other quickly, and only the last counts. */
  #askWork(): void {
    const { tip } = this;
    if (tip === undefined || this.#asksWork || this.#stopped) return;
    this.#asksWork = true;
    const { works } = this.#modules;
    this.#track(askHeader(this.node.rpc, tip), (facts) => {
      this.#asksWork = false;
      if (facts?.height !== undefined) works.noteHeight(tip, facts.height);
      if (facts?.work !== undefined) works.noteWork(tip, facts.work);
      this.#workMissing = facts?.work === undefined ? tip : undefined;
      if (this.tip !== tip) this.#askWork();
    });
  }

  /** @param then gets undefined when the question failed */
  #track<R>(question: Promise<R>, then: (answer: R | undefined) => void): void {
    const settle = (answer: R | undefined): void => {
      this.#underWay.delete(done);
      if (this.#stopped) return;
      then(answer);
      this.#events.onChange();
    };
    const done: Promise<void> = question.then(settle, () => settle(undefined));
    this.#underWay.add(done);
  }
}
