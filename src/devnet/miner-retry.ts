import type { Clock, RandomSource, Timer } from '../mining/ports.ts';

/** Between attempts to connect: doubling from the first to the last, each shortened by chance to as little as half. */
const RETRY_MS_FIRST = 500;
const RETRY_MS_MAX = 15_000;
/** A connection that gave work for so long was a good one: the next attempt waits little again. */
const GOOD_CONNECTION_MS = 10_000;

/** When to connect again. A server that restarts gets its miners back one by one, not all in the same instant. */
export class MinerRetry {
  readonly #clock: Clock;
  readonly #random: RandomSource;
  #failures = 0;
  #readySinceMs: number | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock, random: RandomSource) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The connection works. */
  ready(): void {
    this.#readySinceMs = this.#clock.nowMs();
  }

  /**
   * The connection is lost; has `connect` called after a while.
   * @returns how long that is
   */
  schedule(connect: () => void): number {
    const lastedMs = this.#readySinceMs === undefined ? 0 : this.#clock.nowMs() - this.#readySinceMs;
    this.#readySinceMs = undefined;
    if (lastedMs >= GOOD_CONNECTION_MS) this.#failures = 0;
    const waitMs = Math.min(RETRY_MS_FIRST * 2 ** this.#failures, RETRY_MS_MAX);
    this.#failures += 1;
    const chance = (this.#random.bytes(1)[0] ?? 0) / 256;
    const delayMs = Math.round(waitMs * (1 - chance / 2));
    this.#timer = this.#clock.setTimer(delayMs, connect);
    return delayMs;
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
