/** Of the events before a failure, as many as one reads. */
const KEPT_MAX = 200;

/** Everything that happens in a run, in order: a fingerprint of all of it, and the last of it for people. */
export class Trace {
  #high = 0x9e3779b9;
  #low = 0x85ebca6b;
  #count = 0;
  #kept: string[] = [];
  readonly #startMs: number;
  readonly #print: ((line: string) => void) | undefined;

  /** @param print gets every event as it happens */
  constructor(startMs: number, print?: (line: string) => void) {
    this.#startMs = startMs;
    this.#print = print;
  }

  add(nowMs: number, who: string, what: string): void {
    const line = `${((nowMs - this.#startMs) / 1000).toFixed(3).padStart(8)} ${who.padEnd(8)} ${what}`;
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i);
      this.#high = Math.imul(this.#high ^ code, 2654435761);
      this.#low = Math.imul(this.#low ^ code, 1597334677) ^ (this.#high >>> 13);
    }
    this.#count += 1;
    this.#kept.push(line);
    if (this.#kept.length > 2 * KEPT_MAX) this.#kept = this.#kept.slice(-KEPT_MAX);
    this.#print?.(line);
  }

  /** Equal for two runs that did the same. */
  get fingerprint(): string {
    const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0');
    return `${this.#count}-${hex(this.#high)}${hex(this.#low)}`;
  }

  last(count: number): readonly string[] {
    return this.#kept.slice(-count);
  }
}
