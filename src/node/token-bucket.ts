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
    const refill = ((nowMs - this.#atMs) / 1000) * this.#perS;
    this.#tokens = Math.min(this.#tokensMax, this.#tokens + refill);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** What was taken did no harm. */
  giveBack(): void {
    this.#tokens = Math.min(this.#tokensMax, this.#tokens + 1);
  }
}
