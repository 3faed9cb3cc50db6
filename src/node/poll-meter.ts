import type { Clock, NodeCallOptions, NodeRpc } from '../mining/ports.ts';

/** Ten seconds of polling at its usual pace: what the node is like now. */
const LATENCIES_MAX = 40;

/** Measures how long a node takes to answer the question for its tip, which is asked all the time. */
export class PollMeter implements NodeRpc {
  readonly #rpc: NodeRpc;
  readonly #clock: Clock;
  readonly #latenciesMs: number[] = [];
  #askedAtMs: number | undefined;
  #isAnswering = false;

  constructor(rpc: NodeRpc, clock: Clock) {
    this.#rpc = rpc;
    this.#clock = clock;
  }

  /** Of the latest answers the median; undefined before the first. */
  get latencyMs(): number | undefined {
    return this.#latenciesMs.toSorted((a, b) => a - b)[Math.floor(this.#latenciesMs.length / 2)];
  }

  /** The last poll was answered. */
  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** @returns how long an answer is awaited; 0 when none is */
  waitsMs(nowMs: number): number {
    return this.#askedAtMs === undefined ? 0 : nowMs - this.#askedAtMs;
  }

  call(method: string, params?: readonly unknown[], options?: NodeCallOptions): Promise<unknown> {
    const answer = this.#rpc.call(method, params, options);
    if (method !== 'getbestblockhash') return answer;
    const askedAtMs = this.#clock.nowMs();
    this.#askedAtMs = askedAtMs;
    const settle = (isAnswer: boolean): void => {
      this.#askedAtMs = undefined;
      this.#isAnswering = isAnswer;
      if (!isAnswer) return;
      this.#latenciesMs.push(this.#clock.nowMs() - askedAtMs);
      if (this.#latenciesMs.length > LATENCIES_MAX) this.#latenciesMs.shift();
    };
    answer.then(
      () => settle(true),
      () => settle(false),
    );
    return answer;
  }
}
