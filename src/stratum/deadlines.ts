import type { StratumLimits } from './limits.ts';

export type DeadlineReason = 'login-timeout' | 'no-share' | 'idle';

/**
 * A miner has work while it was given a new template within this time. Nodes are asked for one every 30 s; where none has
 * come for four times as long, the node is away, and nothing is awaited of anybody.
 */
const WORK_FRESH_MS = 120_000;

/** How long one connection may take for its login, its first share, and its next line. */
export class Deadlines {
  readonly #limits: StratumLimits;
  readonly #openedMs: number;
  #templateMs = Number.NEGATIVE_INFINITY;
  /** Since when it has had work and no share was accepted. */
  #shareAwaitedMs: number | undefined;
  #hasShare = false;
  #lastSignMs: number;

  constructor(limits: StratumLimits, openedMs: number) {
    this.#limits = limits;
    this.#openedMs = openedMs;
    this.#lastSignMs = openedMs;
  }

  /** A line came. */
  noteLine(nowMs: number): void {
    this.#lastSignMs = nowMs;
  }

  /** It was given a job of a new template. */
  noteTemplate(nowMs: number): void {
    this.#templateMs = nowMs;
    if (!this.#hasShare) this.#shareAwaitedMs ??= nowMs;
  }

  /** A share was accepted. */
  noteShare(): void {
    this.#hasShare = true;
  }

  /**
   * To be asked every few seconds.
   * @param isReady whether it is subscribed and logged in
   * @returns why the connection is over, if it is
   */
  overdue(nowMs: number, isReady: boolean): DeadlineReason | undefined {
    const { loginTimeoutMs, firstShareTimeoutMs, idleTimeoutMs } = this.#limits;
    if (!isReady) return nowMs - this.#openedMs >= loginTimeoutMs ? 'login-timeout' : undefined;
    if (nowMs - this.#templateMs > WORK_FRESH_MS) {
      // Both begin anew when there is work again.
      this.#shareAwaitedMs = undefined;
      this.#lastSignMs = nowMs;
      return undefined;
    }
    if (nowMs - this.#lastSignMs >= idleTimeoutMs) return 'idle';
    if (this.#hasShare || this.#shareAwaitedMs === undefined) return undefined;
    return nowMs - this.#shareAwaitedMs >= firstShareTimeoutMs ? 'no-share' : undefined;
  }
}
