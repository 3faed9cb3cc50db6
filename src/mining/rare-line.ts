/** Something that strangers can have happen without end gets a line of the log once in a while, with how often it was. */
export class RareLine {
  readonly #everyMs: number;
  #count = 0;
  #lineMs = Number.NEGATIVE_INFINITY;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** It happened. @returns how often since the last line, where one is due now; undefined where none is */
  note(nowMs: number): number | undefined {
    this.#count += 1;
    if (nowMs - this.#lineMs < this.#everyMs) return undefined;
    const count = this.#count;
    this.#count = 0;
    this.#lineMs = nowMs;
    return count;
  }
}
