import type { Clock, Log, NodeRpc } from '../mining/ports.ts';
import { backoffMs } from './backoff.ts';
import { ChainCheck, type ChainName } from './chain-check.ts';
import { DueTimer } from './due-timer.ts';
import { isBlockHash } from './json.ts';
import { RpcError, SMALL_ANSWER_BYTES_MAX } from './rpc-error.ts';
import { badTemplate, CONNECTING, describe, type NodeStatus, needsTheOwner, READY } from './status.ts';
import { TEMPLATE_REQUEST } from './template-request.ts';
import { TipOrder } from './tip-order.ts';

/** What this file needs to know of a template; `Template` of mining/template.ts is one. */
export interface TemplateHead {
  /** Display hex: the tip that the template is for. */
  readonly previousBlockHash: string;
  /** Of the block that is to be found. */
  readonly height?: number;
}

export interface TemplateSourceOptions<T extends TemplateHead> {
  /** From one answer of getbestblockhash to the next question. */
  readonly pollMs?: number;
  /** The longest a template is used while the tip stays: for fees and time. */
  readonly refreshMs?: number;
  /** What getblockchaininfo must name before a template is handed out; any chain will do when left out. */
  readonly expectedChain?: ChainName;
  /** The node's address, for the sentence about a wrong network. */
  readonly nodeUrl?: string;
  readonly onTemplate: (template: T, about: { readonly newTip: boolean }) => void;
  /** Called when state or sentence change, and with `connecting` at the start. */
  readonly onStatus: (status: NodeStatus) => void;
  /** Called with each answer to the question for the tip, most often the same one again. */
  readonly onPolled?: (tip: string) => void;
  /** Called when the node's tip is another one, before its template is there. */
  readonly onTip?: (tip: string) => void;
  /** Asked at each new tip: whether other work goes first, so that the template is only fetched a little later. */
  readonly isStandby?: () => boolean;
}

interface TemplateSourceModules<T extends TemplateHead> {
  readonly rpc: NodeRpc;
  readonly clock: Clock;
  readonly log: Log;
  /** parseTemplate of mining/template.ts. */
  readonly parseTemplate: (raw: unknown) => ParsedTemplate<T>;
}

/** What became of an answer of getblocktemplate. */
export type ParsedTemplate<T> =
  | { readonly ok: true; readonly template: T }
  | { readonly ok: false; readonly reason: string };

type Outcome<R> = { readonly result: R } | { readonly error: unknown };

/** A template as it came, from a node on the right network, or why there is none. */
type Fetched = { readonly raw: unknown } | { readonly failure: NodeStatus };

export interface TemplateSource {
  /** When it last asked for the tip, whether that was answered or not: as long as it works, every few seconds. */
  readonly askedAtMs: number;
  start(): void;
  /** No callback comes after the call. Resolves when no call is under way; closing the client hastens that. */
  stop(): Promise<void>;
  /** Asks for a template now, and hands it out whatever its tip. */
  refresh(): void;
  /** Asks for a template of the present tip now, unless there was one: for a node on standby that is needed. */
  urge(): void;
  /**
   * A tip signal (P2P, ZMQ, blocknotify …): a hint to ask now. What the tip is, the node's own answers say, so a late,
   * repeated or wrong hint does no harm.
   * @param hashHex display order
   */
  noteTip(hashHex: string): void;
}

/** A call takes ravend 0.2 ms, so four a second are no burden; a block is learnt of 125 ms late on average. */
const POLL_MS = 250;
/** Fees move slowly; the header's time must just not fall behind. Each refresh is a job for every miner. */
const REFRESH_MS = 30_000;
/** On standby: by then the miners have their work on a new tip from another node. */
const STANDBY_FETCH_MS = 1_000;
/** A block may be announced a moment before the node has connected it; a full one takes some 50 ms. */
const HINT_POLL_MS = 50;
/** getbestblockhash waits for ravend's main lock at the worst. */
const POLL_TIMEOUT_MS = 5_000;
/** Short, so that mining goes on within a second or two of the node's return; a refused connection costs nothing. */
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 2_000;
/** For what only the owner can mend; see `needsTheOwner`. */
const RETRY_OWNER_MAX_MS = 5_000;

/** @returns a source of templates from one node; it survives everything the node does, and never throws. */
export function createTemplateSource<T extends TemplateHead>(
  options: TemplateSourceOptions<T>,
  modules: TemplateSourceModules<T>,
): TemplateSource {
  return new PollingTemplateSource(options, modules);
}

/**
 * Two loops over one node: the poll asks for the tip, the fetch for a template when the tip is not the one last served,
 * when a refresh is due, or when somebody asked. Each has at most one call under way and one timer. While the poll
 * fails the fetch rests; when the node is back a template is fetched at once, and the chain asked for beside it.
 */
class PollingTemplateSource<T extends TemplateHead> implements TemplateSource {
  readonly #options: TemplateSourceOptions<T>;
  readonly #modules: TemplateSourceModules<T>;
  readonly #chain: ChainCheck;
  readonly #tips = new TipOrder();
  readonly #underWay = new Set<Promise<void>>();
  #state: 'idle' | 'running' | 'stopped' = 'idle';
  #status: NodeStatus | undefined;

  #polling = false;
  #askedAtMs: number;
  readonly #pollTimer: DueTimer;
  #pollFailures = 0;
  /** A tip signalled while a poll was under way, whose answer may be older. */
  #pollHint: string | undefined;
  /** The last poll was answered. */
  #nodeAnswers = false;

  #fetching = false;
  readonly #fetchTimer: DueTimer;
  #fetchFailures = 0;
  /** A template is wanted whatever the tip. */
  #wanted = false;
  /** A tip signalled since the last fetch was sent. */
  #hint: string | undefined;
  /** The tip that the last template handed out builds on. */
  #served: string | undefined;
  #servedAtMs = 0;

  constructor(options: TemplateSourceOptions<T>, modules: TemplateSourceModules<T>) {
    this.#options = options;
    this.#modules = modules;
    this.#askedAtMs = modules.clock.nowMs();
    this.#pollTimer = new DueTimer(modules.clock, () => this.#poll());
    this.#fetchTimer = new DueTimer(modules.clock, () => this.refresh());
    const { expectedChain, nodeUrl } = options;
    this.#chain = new ChainCheck({ expectedChain, nodeUrl }, modules.rpc);
  }

  get askedAtMs(): number {
    return this.#askedAtMs;
  }

  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'running';
    this.#report(CONNECTING);
    this.#poll();
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#pollTimer.cancel();
    this.#fetchTimer.cancel();
    await Promise.all(this.#underWay);
  }

  refresh(): void {
    this.#wanted = true;
    this.#fetch();
  }

  urge(): void {
    if (this.#served !== this.#tips.tip) this.#fetch();
  }

  noteTip(hashHex: string): void {
    const hash = hashHex.toLowerCase();
    if (hash === this.#served || hash === this.#tips.tip) return;
    this.#hint = hash;
    // A signal from a node thought to be away: perhaps it is back.
    if (this.#nodeAnswers && !this.#isStandby()) this.#fetch({ isHint: true });
    else if (this.#polling) this.#pollHint = hash;
    else this.#poll();
  }

  #poll(): void {
    if (this.#state !== 'running' || this.#polling) return;
    this.#polling = true;
    this.#pollTimer.cancel();
    const askedAt = this.#tips.ask();
    this.#askedAtMs = this.#modules.clock.nowMs();
    const options = { timeoutMs: POLL_TIMEOUT_MS, answerBytesMax: SMALL_ANSWER_BYTES_MAX };
    this.#track(this.#modules.rpc.call('getbestblockhash', [], options), (outcome) => {
      this.#polling = false;
      if ('error' in outcome) this.#onPollFailed(outcome.error);
      else if (!isBlockHash(outcome.result)) this.#onPollFailed(notAHash());
      else this.#onPolled(outcome.result.toLowerCase(), askedAt);
    });
  }

  #onPolled(hash: string, askedAt: number): void {
    const wasAway = !this.#nodeAnswers;
    this.#nodeAnswers = true;
    this.#pollFailures = 0;
    const news = this.#tips.learn(hash, askedAt);
    const isHinted = this.#pollHint !== undefined && this.#pollHint !== hash;
    this.#pollHint = undefined;
    this.#pollTimer.set(news === 'unsure' || isHinted ? 0 : (this.#options.pollMs ?? POLL_MS));
    const isNews = news === 'new' && hash !== this.#served;
    // After an outage the node may be without peers: only a template shows that it works again.
    if (wasAway || (isNews && !this.#isStandby())) this.#fetch();
    else if (isNews) this.#fetchTimer.setWithin(STANDBY_FETCH_MS);
    if (news === 'new') this.#guard(() => this.#options.onTip?.(hash));
    if (news !== 'unsure') this.#options.onPolled?.(hash);
  }

  #onPollFailed(error: unknown): void {
    const status = describe(error);
    this.#nodeAnswers = false;
    this.#pollHint = undefined;
    this.#chain.forget();
    this.#pollFailures += 1;
    this.#pollTimer.set(retryMs(this.#pollFailures, status));
    this.#report(status);
  }

  #isStandby(): boolean {
    return this.#options.isStandby?.() ?? false;
  }

  /** @param why a hint alone hands nothing out unless it brings a new tip: anybody may hint, as often as he likes */
  #fetch({ isHint }: { isHint: boolean } = { isHint: false }): void {
    if (this.#state !== 'running' || this.#fetching || !this.#nodeAnswers) return;
    this.#fetching = true;
    this.#fetchTimer.cancel();
    const isHintOnly = isHint && !this.#wanted;
    this.#wanted = false;
    this.#hint = undefined;
    const askedAt = this.#tips.ask();
    this.#track(this.#askForTemplate(), (outcome) => {
      this.#fetching = false;
      const fetched = 'error' in outcome ? { failure: describe(outcome.error) } : outcome.result;
      if ('failure' in fetched) this.#onFetchFailed(fetched.failure);
      else this.#onFetched(fetched.raw, { askedAt, isHintOnly });
    });
  }

  /** The chain is asked for beside the template and not before it, since a job must not wait for two answers. */
  async #askForTemplate(): Promise<Fetched> {
    // Building one from a full mempool takes a slow machine seconds, so the owner's word on the node's time counts.
    const call = this.#modules.rpc.call('getblocktemplate', [TEMPLATE_REQUEST]);
    const chainAsked = this.#chain.ask();
    const fetched = await call.then(
      (raw) => ({ raw }),
      (error: unknown) => ({ failure: describe(error) }),
    );
    // The second question goes out only if the node was away since the first.
    const problem = (await chainAsked) ?? (await this.#chain.ask());
    // A node on a wrong network often has no peers either: the network is what to mend first.
    if (problem?.state === 'wrong-network' || !('failure' in fetched)) {
      return problem === undefined ? fetched : { failure: problem };
    }
    return fetched;
  }

  #onFetched(raw: unknown, about: { readonly askedAt: number; readonly isHintOnly: boolean }): void {
    const parsed = this.#parse(raw);
    if (!parsed.ok) {
      this.#onFetchFailed(badTemplate(parsed.reason));
      return;
    }
    const { template } = parsed;
    const tip = template.previousBlockHash;
    this.#fetchFailures = 0;
    const news = this.#tips.learn(tip, about.askedAt);
    if (news === 'unsure') {
      // The tip moved while this was under way, and it is for another one: perhaps the old one.
      this.#modules.log.debug({ tip, newerTip: this.#tips.tip }, 'template dropped, the tip moved meanwhile');
      this.#fetch();
      return;
    }
    if (news === 'new') this.#guard(() => this.#options.onTip?.(tip));
    if (this.#hint === tip) this.#hint = undefined;
    this.#handOut(template, about);
    if (this.#wanted) this.#fetch();
    else if (this.#hint !== undefined) this.#fetch({ isHint: true });
  }

  #handOut(template: T, { isHintOnly }: { readonly isHintOnly: boolean }): void {
    const tip = template.previousBlockHash;
    const newTip = tip !== this.#served;
    const refreshMs = this.#options.refreshMs ?? REFRESH_MS;
    const nowMs = this.#modules.clock.nowMs();
    // Where it was away meanwhile, whoever threw its last template away waits for this one.
    if (!newTip && isHintOnly && this.#status === READY) {
      this.#fetchTimer.set(this.#servedAtMs + refreshMs - nowMs);
      this.#pollTimer.setWithin(HINT_POLL_MS);
      return;
    }
    this.#served = tip;
    this.#servedAtMs = nowMs;
    this.#fetchTimer.set(refreshMs);
    this.#report(READY);
    this.#guard(() => this.#options.onTemplate(template, { newTip }));
  }

  #parse(raw: unknown): ParsedTemplate<T> {
    try {
      return this.#modules.parseTemplate(raw);
    } catch (error) {
      this.#modules.log.error({ err: error }, 'the template parser failed');
      return { ok: false, reason: 'reading it failed within KPSS (please report this)' };
    }
  }

  #onFetchFailed(status: NodeStatus): void {
    this.#fetchFailures += 1;
    this.#wanted = true;
    this.#fetchTimer.set(retryMs(this.#fetchFailures, status));
    this.#report(status);
  }

  /** Runs `then` with the outcome of a call unless the source was stopped meanwhile; nothing gets out of here. */
  #track<R>(call: Promise<R>, then: (outcome: Outcome<R>) => void): void {
    const settle = (outcome: Outcome<R>): void => {
      this.#underWay.delete(done);
      if (this.#state === 'running') this.#guard(() => then(outcome));
    };
    const done = call.then(
      (result) => settle({ result }),
      (error: unknown) => settle({ error }),
    );
    this.#underWay.add(done);
  }

  #report(status: NodeStatus): void {
    if (status.state === this.#status?.state && status.sentence === this.#status.sentence) return;
    this.#status = status;
    this.#guard(() => this.#options.onStatus(status));
  }

  /** A fault in a callback must not end the loops: without them every miner stands still. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#modules.log.error({ err: error }, 'a handler of the template source failed');
    }
  }
}

function retryMs(failures: number, status: NodeStatus): number {
  return backoffMs(failures, RETRY_FIRST_MS, needsTheOwner(status) ? RETRY_OWNER_MAX_MS : RETRY_MAX_MS);
}

function notAHash(): RpcError {
  return new RpcError('garbage', 'getbestblockhash did not give a block hash');
}
