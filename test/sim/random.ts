import type { RandomSource } from '../../src/mining/ports.ts';

/**
 * Chance that a seed decides. Each part of a simulation has a stream of its own (`fork`), so that one that asks for more
 * does not shift what the others get. The generator is xoshiro128**, seeded through a hash of seed and stream name.
 */
export class SeededRandom implements RandomSource {
  readonly #seed: number;
  readonly #name: string;
  readonly #state: Uint32Array;

  constructor(seed: number, name = '') {
    this.#seed = seed;
    this.#name = name;
    let hash = 0x811c9dc5 ^ seed;
    const mix = (value: number): number => {
      hash = Math.imul(hash ^ value, 0x01000193);
      hash ^= hash >>> 15;
      hash = Math.imul(hash, 0x2c1b3c6d);
      hash ^= hash >>> 12;
      return hash >>> 0;
    };
    for (const char of name) mix(char.charCodeAt(0));
    // Never all zeros, which would stay so for ever.
    this.#state = Uint32Array.from([mix(seed), mix(1), mix(2), mix(3) | 1]);
  }

  /** Another stream of the same seed. */
  fork(name: string): SeededRandom {
    return new SeededRandom(this.#seed, `${this.#name}/${name}`);
  }

  /** @returns a uint32 */
  uint32(): number {
    const s = this.#state;
    const [a, b, c, d] = s as unknown as [number, number, number, number];
    const result = Math.imul(rotl(Math.imul(b, 5), 7), 9) >>> 0;
    s[2] = c ^ a;
    s[3] = d ^ b;
    s[1] = b ^ (s[2] as number);
    s[0] = a ^ (s[3] as number);
    s[2] = (s[2] as number) ^ (b << 9);
    s[3] = rotl(s[3] as number, 11);
    return result;
  }

  /** @returns from 0 up to but not including 1 */
  next(): number {
    return this.uint32() / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Whole, both ends included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** @param list not empty */
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  /** Waiting times of what comes by chance, as blocks and shares do; at least a millisecond, whole. */
  waitMs(meanMs: number): number {
    return Math.max(1, Math.round(-Math.log(1 - this.next()) * meanMs));
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32() & 0xff);
  }
}

function rotl(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
