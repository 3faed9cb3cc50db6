/**
 * What is verified when more is asked than the threads can do. While the wait is short, everything. Above that each
 * request is admitted by chance, the longer the wait the smaller: so the queue settles at the length where what comes
 * in is what the threads do, and nobody can tell beforehand which share will be looked at. Sessions that ask less than
 * their equal part of what the threads can do are no part of the trouble, and are verified whole. Newcomers are drawn among
 * themselves.
 */

/** Up to this wait everything is verified: two batches or so, which come and go with every new job. */
export const VERIFY_ALL_WITHIN_MS = 100;
/**
 * From this wait on hardly anything is added. Nearer, the chance would change so much with each share of its own that
 * waits that a session could guess it.
 */
export const VERIFY_FEW_BEYOND_MS = 500;
/**
 * The same for what waits of all newcomers together, with whom everybody takes turns. With the batch that it is in, of
 * some 50 ms, a share is then answered within 0.3 s, however many come. It can be nearer: one that sends much does not
 * change the chance by what waits of its own.
 */
export const NEWCOMERS_FEW_BEYOND_MS = 250;
/**
 * What is left of the chance then. Never nothing: a miner that floods knows how many of its shares wait, and would know
 * which of the next are not looked at. One in a hundred of ten times the load is a tenth of what the threads do.
 */
const CHANCE_MIN = 0.01;
/** Hashes over which the measured speed is smoothed: some ten batches, so a second or two of full work. */
const SMOOTHED_HASHES = 256;
/** Time over which a session's demand is smoothed: that of a miner at a share in ten seconds is even so. */
const DEMAND_OVER_MS = 10_000;
/** The time that the rate of unverified shares is of, and the slices in which it moves on. */
const RATE_WINDOW_MS = 60_000;
const RATE_SLICE_MS = 5_000;
/** An overload that lasts is told, not the burst after a new job. */
const TELL_AFTER_MS = 10_000;
const TELL_EVERY_MS = 60_000;

/**
 * @param waitMs expected for a request if it is taken now
 * @param fewBeyondMs the wait from which the chance is at its least
 * @returns 0.01 … 1, with which it is taken
 */
export function admissionChance(waitMs: number, fewBeyondMs: number): number {
  const left = (fewBeyondMs - waitMs) / (fewBeyondMs - VERIFY_ALL_WITHIN_MS);
  return Math.min(1, Math.max(CHANCE_MIN, left));
}

/** How many shares a second a session asks, of late. */
export class DemandMeter {
  /** Shares, the older the less of each. */
  #weight = 0;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  add(nowMs: number): void {
    this.#weight = this.#weightAt(nowMs) + 1;
    this.#atMs = nowMs;
  }

  perS(nowMs: number): number {
    return this.#weightAt(nowMs) / (DEMAND_OVER_MS / 1000);
  }

  #weightAt(nowMs: number): number {
    return this.#weight * Math.exp((this.#atMs - nowMs) / DEMAND_OVER_MS);
  }
}

/** Measures how fast one thread hashes, over its latest few hundred hashes. */
export class SpeedMeter {
  #hashes = 0;
  #tookMs = 0;

  add(hashes: number, tookMs: number): void {
    const kept = Math.exp(-hashes / SMOOTHED_HASHES);
    this.#hashes = this.#hashes * kept + hashes;
    // A clock that shows no time at all would make it infinitely fast.
    this.#tookMs = this.#tookMs * kept + Math.max(tookMs, 0.001);
  }

  /** Undefined before the first measurement. */
  get hashesPerS(): number | undefined {
    return this.#hashes === 0 ? undefined : (this.#hashes / this.#tookMs) * 1000;
  }
}

/** How many of the last minute's requests went unverified, and when that is worth a word. */
export class UnverifiedRate {
  /** Oldest first; at most RATE_WINDOW_MS / RATE_SLICE_MS + 1. */
  readonly #slices: { readonly sinceMs: number; all: number; unverified: number }[] = [];
  #overloadedSinceMs = Number.NEGATIVE_INFINITY;
  #lastUnverifiedMs = Number.NEGATIVE_INFINITY;
  #toldMs = Number.NEGATIVE_INFINITY;

  add(isUnverified: boolean, nowMs: number): void {
    this.#forget(nowMs);
    let slice = this.#slices.at(-1);
    if (slice === undefined || nowMs - slice.sinceMs >= RATE_SLICE_MS) {
      slice = { sinceMs: nowMs, all: 0, unverified: 0 };
      this.#slices.push(slice);
    }
    slice.all += 1;
    if (!isUnverified) return;
    slice.unverified += 1;
    if (nowMs - this.#lastUnverifiedMs >= RATE_WINDOW_MS) this.#overloadedSinceMs = nowMs;
    this.#lastUnverifiedMs = nowMs;
  }

  /** @returns 0 … 1 */
  rate(nowMs: number): number {
    this.#forget(nowMs);
    let all = 0;
    let unverified = 0;
    for (const slice of this.#slices) {
      all += slice.all;
      unverified += slice.unverified;
    }
    return all === 0 ? 0 : unverified / all;
  }

  /** @returns whether the owner should be told now: once a minute, while it lasts */
  isWorthTelling(nowMs: number): boolean {
    const lasts = this.#lastUnverifiedMs - this.#overloadedSinceMs >= TELL_AFTER_MS;
    if (!lasts || nowMs - this.#toldMs < TELL_EVERY_MS) return false;
    this.#toldMs = nowMs;
    return true;
  }

  #forget(nowMs: number): void {
    for (let oldest = this.#slices[0]; oldest !== undefined; oldest = this.#slices[0]) {
      if (nowMs - oldest.sinceMs < RATE_WINDOW_MS) return;
      this.#slices.shift();
    }
  }
}
