import type { Clock, Timer } from '../mining/ports.ts';

/** One timer that is set again and again; at most one call is due. */
export class DueTimer {
  readonly #clock: Clock;
  readonly #run: () => void;
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, run: () => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /** Replaces what was due. */
  set(delayMs: number): void {
    this.cancel();
    this.#dueMs = this.#clock.nowMs() + delayMs;
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#run();
    });
  }

  /** Leaves what is due sooner, so that whoever asks for haste again and again puts nothing off. */
  setWithin(delayMs: number): void {
    if (this.#dueMs > this.#clock.nowMs() + delayMs) this.set(delayMs);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#dueMs = Number.POSITIVE_INFINITY;
  }
}
