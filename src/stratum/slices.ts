export interface SlicesOptions<T> {
  /** How many in one turn. */
  readonly size: number;
  /** All that there are, in the same order each time; those that are gone by their turn are left out. */
  all(): Iterable<T>;
  act(one: T): void;
  /** Calls back when others had their turn. */
  nextTurn(goOn: () => void): void;
}

/** Does something for each of thousands, a few in a turn, so that what comes in meanwhile is handled in between. */
export class Slices<T> {
  readonly #options: SlicesOptions<T>;
  #left: Iterator<T> | undefined;

  constructor(options: SlicesOptions<T>) {
    this.#options = options;
  }

  /** Begins with the first, also where it is under way: whoever had their turn in it gets another. */
  start(): void {
    const running = this.#left !== undefined;
    this.#left = this.#options.all()[Symbol.iterator]();
    if (!running) this.#go();
  }

  stop(): void {
    this.#left = undefined;
  }

  #go(): void {
    const { size, act, nextTurn } = this.#options;
    for (let i = 0; i < size; i++) {
      const next = this.#left?.next();
      if (next === undefined || next.done === true) {
        this.#left = undefined;
        return;
      }
      act(next.value);
    }
    nextTurn(() => this.#go());
  }
}
