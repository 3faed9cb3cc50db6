import type { Clock } from '../mining/ports.ts';

/** Who waits. */
export interface Waiter {
  /** Of those who wait, the first to wait at all is the oldest. */
  readonly sinceMs: number;
  /** Asked only when somebody has to go. Must not throw. */
  isUseful(): boolean;
}

/**
 * A bounded number of waits that can all be ended before their time, so that a service stops at once and leaves no
 * timer. When one is too many, somebody has to go: the first that is of no use any more, else the oldest.
 */
export class Pauses {
  readonly #clock: Clock;
  readonly #waitersMax: number;
  readonly #ends = new Map<Waiter, (how: 'over' | 'crowded-out') => void>();
  #ended = false;

  constructor(options: { readonly waitersMax: number }, clock: Clock) {
    this.#waitersMax = options.waitersMax;
    this.#clock = clock;
  }

  /** Set by `endAll`; nothing waits any more from then on. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * @param waiter waits once at a time
   * @returns `crowded-out` when it had to go, at once or later
   */
  wait(delayMs: number, waiter: Waiter): Promise<'over' | 'crowded-out'> {
    if (this.#ended) return Promise.resolve('over');
    if (this.#ends.size >= this.#waitersMax) {
      const leaver = whoHasToGo([...this.#ends.keys(), waiter]);
      if (leaver === waiter) return Promise.resolve('crowded-out');
      this.#ends.get(leaver)?.('crowded-out');
    }
    const { promise, resolve } = Promise.withResolvers<'over' | 'crowded-out'>();
    const end = (how: 'over' | 'crowded-out'): void => {
      timer.cancel();
      this.#ends.delete(waiter);
      resolve(how);
    };
    const timer = this.#clock.setTimer(delayMs, () => end('over'));
    this.#ends.set(waiter, end);
    return promise;
  }

  endAll(): void {
    this.#ended = true;
    for (const end of this.#ends.values()) end('over');
  }
}

/** @param waiters at least one */
function whoHasToGo(waiters: readonly Waiter[]): Waiter {
  const useless = waiters.find((waiter) => !waiter.isUseful());
  return useless ?? waiters.reduce((oldest, waiter) => (waiter.sinceMs < oldest.sinceMs ? waiter : oldest));
}
