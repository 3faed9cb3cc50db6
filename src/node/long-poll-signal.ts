import type { Clock, NodeRpc, Timer } from '../mining/ports.ts';
import { backoffMs } from './backoff.ts';
import { isBlockHash, isRecord } from './json.ts';
import { describe } from './status.ts';
import { TEMPLATE_REQUEST } from './template-request.ts';
import type { SignalReport, TipSignal, TipSignalHandlers } from './tip-signal.ts';

export interface LongPollSignalOptions extends TipSignalHandlers {
  /** The node's name. */
  readonly node: string;
}

interface LongPollSignalModules {
  /** A client of its own, so that closing it ends the call that waits. */
  readonly rpc: NodeRpc & { close(): void };
  readonly clock: Pick<Clock, 'setTimer'>;
}

/**
 * ravend answers when there is a new block, or a minute after new transactions came; on a chain without either it
 * answers never. A connection that died unseen would keep us waiting, so now and then the question is asked anew. Each
 * time that costs the node one of its four RPC threads until its next block, so not often: a chain whose blocks are an
 * hour apart, Ravencoin's slowest ever, loses none.
 */
const WAIT_MAX_MS = 60 * 60_000;
const RETRY_FIRST_MS = 1_000;
/** While the node is away; polling finds it back sooner. */
const RETRY_MAX_MS = 10_000;

/**
 * getblocktemplate that waits for something new (BIP 22 long polling). There is never more than one under way at a node:
 * each holds one of ravend's RPC threads, an abandoned one until the next block, and a node whose threads are all held
 * takes no block. So it is off unless the owner asks for it.
 */
export function createLongPollSignal(
  options: LongPollSignalOptions,
  modules: LongPollSignalModules,
): TipSignal {
  return new LongPollSignal(options, modules);
}

class LongPollSignal implements TipSignal {
  readonly #options: LongPollSignalOptions;
  readonly #modules: LongPollSignalModules;
  #report: SignalReport;
  #stopped = false;
  #failures = 0;
  #retry: Timer | undefined;
  #underWay: Promise<void> = Promise.resolve();
  /** Of the last answer; undefined asks for the present state. */
  #id: string | undefined;
  #tip: string | undefined;

  constructor(options: LongPollSignalOptions, modules: LongPollSignalModules) {
    this.#options = options;
    this.#modules = modules;
    const sentence = 'Asks for the first template.';
    this.#report = { signal: 'long-poll', node: options.node, state: 'connecting', sentence };
  }

  start(): void {
    this.#ask();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#modules.rpc.close();
    await this.#underWay;
  }

  report(): SignalReport {
    return this.#report;
  }

  /** Without an id it answers at once; with one, when something is new. */
  #ask(): void {
    const request = { ...TEMPLATE_REQUEST, ...(this.#id !== undefined && { longpollid: this.#id }) };
    const timeoutMs = this.#id === undefined ? RETRY_MAX_MS : WAIT_MAX_MS;
    if (this.#id !== undefined) this.#set('on', 'One call waits at the node for its next block.');
    this.#underWay = this.#modules.rpc.call('getblocktemplate', [request], { timeoutMs }).then(
      (template) => this.#answered(template),
      (error: unknown) => this.#failed(error),
    );
  }

  #answered(template: unknown): void {
    if (this.#stopped) return;
    const { longpollid: id, previousblockhash: tip } = isRecord(template) ? template : {};
    if (typeof id !== 'string' || !isBlockHash(tip)) {
      this.#set('failed', 'The node answers with no template. KPSS asks again.');
      this.#askLater();
      return;
    }
    const isNews = this.#tip !== undefined && tip !== this.#tip;
    const isSame = this.#id === id;
    this.#id = id;
    this.#tip = tip;
    this.#failures = 0;
    if (isNews) this.#options.onTip(tip.toLowerCase());
    // An answer that changes nothing came too soon: something before the node does not wait as it should.
    if (isSame) this.#askLater();
    else this.#ask();
  }

  #failed(error: unknown): void {
    if (this.#stopped) return;
    // What it waited for may have gone by meanwhile: ask for the present state first.
    this.#id = undefined;
    this.#set('failed', describe(error).sentence);
    this.#askLater();
  }

  #askLater(): void {
    this.#failures += 1;
    const delayMs = backoffMs(this.#failures, RETRY_FIRST_MS, RETRY_MAX_MS);
    this.#retry = this.#modules.clock.setTimer(delayMs, () => this.#ask());
  }

  #set(state: SignalReport['state'], sentence: string): void {
    if (state === this.#report.state && sentence === this.#report.sentence) return;
    this.#report = { ...this.#report, state, sentence };
    this.#options.onReport(this.#report);
  }
}
