/** One slot's length: short enough that a stopped miner's rate falls within the half-minute. */
const SLOT_MS = 30_000;
/** Ten minutes in all: about 40 shares at one in 15 s, an estimate good to a sixth. */
const SLOTS = 20;

/** Estimates a hashrate from the work that accepted shares stand for, over the last ten minutes. */
export class HashrateMeter {
  readonly #work = new Float64Array(SLOTS);
  readonly #startedMs: number;
  #slot: number;

  constructor(nowMs: number) {
    this.#startedMs = nowMs;
    this.#slot = Math.floor(nowMs / SLOT_MS);
  }

  /** @param work hashes that a share stands for on average, see chain/target.ts `expectedHashes` */
  add(work: number, nowMs: number): void {
    this.#advance(nowMs);
    const slot = this.#slot % SLOTS;
    this.#work[slot] = (this.#work[slot] ?? 0) + work;
  }

  /** Hashes per second; 0 before the first share. */
  rate(nowMs: number): number {
    this.#advance(nowMs);
    const slotStartMs = this.#slot * SLOT_MS;
    const windowStartMs = Math.max(slotStartMs - (SLOTS - 1) * SLOT_MS, this.#startedMs);
    // A first share after a second is luck, not a rate: count at least one slot's time.
    const windowMs = Math.max(nowMs - windowStartMs, SLOT_MS);
    // Work that was revoked may outlive the slot it was added to.
    // A plain loop is four times as fast as reduce, and the status asks ten thousand miners.
    let sum = 0;
    for (let i = 0; i < SLOTS; i++) sum += this.#work[i] ?? 0;
    return Math.max((sum / windowMs) * 1000, 0);
  }

  #advance(nowMs: number): void {
    const slot = Math.floor(nowMs / SLOT_MS);
    const passed = Math.min(slot - this.#slot, SLOTS);
    for (let i = 1; i <= passed; i++) this.#work[(this.#slot + i) % SLOTS] = 0;
    if (slot > this.#slot) this.#slot = slot;
  }
}

const UNITS = ['H/s', 'kH/s', 'MH/s', 'GH/s', 'TH/s', 'PH/s'] as const;

/** For people: three significant digits and the unit that suits. */
export function formatHashrate(hashesPerS: number): string {
  let scaled = hashesPerS;
  let unit = 0;
  while (scaled >= 999.5 && unit < UNITS.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  const digits = scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${UNITS[unit]}`;
}
