/** Lets so many through at once and then so many a second. */
export class TokenBucket {
  readonly #tokensMax: number;
  readonly #perS: number;
  #tokens: number;
  #atMs: number;

  constructor(options: { readonly tokensMax: number; readonly perS: number }, nowMs: number) {
    this.#tokensMax = options.tokensMax;
    this.#perS = options.perS;
    this.#tokens = options.tokensMax;
    this.#atMs = nowMs;
  }

  /** @returns false when there is none left */
  take(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /**
   * Takes them even where there are fewer: what has happened already.
   * @returns the milliseconds until nothing is owed any more
   */
  spend(count: number, nowMs: number): number {
    this.#refill(nowMs);
    this.#tokens -= count;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perS) * 1000;
  }

  /** What was taken did no harm. */
  giveBack(): void {
    this.#tokens = Math.min(this.#tokensMax, this.#tokens + 1);
  }

  /** Nothing is known of it that a new one would not know. */
  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens >= this.#tokensMax;
  }

  #refill(nowMs: number): void {
    const refill = ((nowMs - this.#atMs) / 1000) * this.#perS;
    this.#tokens = Math.min(this.#tokensMax, this.#tokens + refill);
    this.#atMs = nowMs;
  }
}
