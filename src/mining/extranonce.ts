import type { RandomSource } from './ports.ts';

/** Bytes of a nonce that belong to one connection: what every KawPoW miner takes. */
export const PREFIX_BYTES = 2;
const PREFIX_COUNT = 1 << (8 * PREFIX_BYTES);
const PREFIX_SHIFT = BigInt(64 - 8 * PREFIX_BYTES);

/**
 * Hands out extranonce prefixes so that no two connections search the same nonces of the same header. A released
 * prefix stays aside while a job of its last owner is still live; of the free ones the longest unused goes first. When
 * strangers who log in and leave have put all others aside, the one that has rested longest is taken: its new owner may
 * search again what somebody who is gone searched, which costs it some shares at worst, and nobody is turned away.
 */
export class PrefixAllocator {
  /** A ring of free prefixes, longest unused first. */
  readonly #free = new Uint16Array(PREFIX_COUNT);
  #freeStart = 0;
  #freeCount = PREFIX_COUNT;
  readonly #leased = new Set<number>();
  /** Released, by their last sequence, in the order they were; each free again when jobs up to it are no longer live. */
  readonly #resting = new Map<number, number>();

  /** @param random where to start: a restarted server must not hand out the prefixes of a minute ago in the same order */
  constructor(random: RandomSource) {
    const [high = 0, low = 0] = random.bytes(2);
    const first = (high << 8) | low;
    for (let i = 0; i < PREFIX_COUNT; i++) this.#free[i] = (first + i) % PREFIX_COUNT;
  }

  get leased(): number {
    return this.#leased.size;
  }

  /** How many nobody has; those that rest are not among them. */
  get free(): number {
    return this.#freeCount;
  }

  /** @returns a prefix from 0 to 65535 that nobody else has, or undefined when all are taken */
  allocate(): number | undefined {
    if (this.#freeCount === 0) this.#wakeOne();
    if (this.#freeCount === 0) return undefined;
    const prefix = this.#free[this.#freeStart] as number;
    this.#freeStart = (this.#freeStart + 1) % PREFIX_COUNT;
    this.#freeCount -= 1;
    this.#leased.add(prefix);
    return prefix;
  }

  /**
   * @param lastSequence the newest job its session was given, undefined if none
   * @throws RangeError when it is not leased: two owners of one prefix would follow
   */
  release(prefix: number, lastSequence: number | undefined): void {
    if (!this.#leased.delete(prefix)) throw new RangeError(`prefix ${prefix} is not leased`);
    if (lastSequence === undefined) this.#giveBack(prefix);
    else this.#resting.set(prefix, lastSequence);
  }

  /** Frees the resting prefixes whose jobs are over; called when a new template retires old jobs. */
  retire(oldestLiveSequence: number): void {
    for (const [prefix, lastSequence] of this.#resting) {
      if (lastSequence >= oldestLiveSequence) continue;
      this.#resting.delete(prefix);
      this.#giveBack(prefix);
    }
  }

  /** The one that has rested longest. */
  #wakeOne(): void {
    const [prefix] = this.#resting.keys();
    if (prefix === undefined) return;
    this.#resting.delete(prefix);
    this.#giveBack(prefix);
  }

  #giveBack(prefix: number): void {
    this.#free[(this.#freeStart + this.#freeCount) % PREFIX_COUNT] = prefix;
    this.#freeCount += 1;
  }
}

/** As `mining.subscribe` answers it: four hex digits. */
export function prefixHex(prefix: number): string {
  return prefix.toString(16).padStart(2 * PREFIX_BYTES, '0');
}

/** Its most significant bytes are the prefix. */
export function nonceHasPrefix(nonce: bigint, prefix: number): boolean {
  return nonce >> PREFIX_SHIFT === BigInt(prefix);
}
