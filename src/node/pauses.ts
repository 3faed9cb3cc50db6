import type { Clock } from '../mining/ports.ts';

/** Waits that can all be ended before their time, so that a service stops at once and leaves no timer. */
export class Pauses {
  readonly #clock: Clock;
  readonly #ends = new Set<() => void>();
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are waiting. */
  get size(): number {
    return this.#ends.size;
  }

  /** Set by `endAll`; nothing waits any more from then on. */
  get ended(): boolean {
    return this.#ended;
  }

  wait(delayMs: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => {
      timer.cancel();
      this.#ends.delete(end);
      resolve();
    };
    const timer = this.#clock.setTimer(delayMs, end);
    this.#ends.add(end);
    return promise;
  }

  endAll(): void {
    this.#ended = true;
    for (const end of this.#ends) end();
  }
}
