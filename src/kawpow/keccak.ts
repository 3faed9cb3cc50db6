import { keccak_256, keccak_512 } from '@noble/hashes/sha3.js';
import { F1600_WORDS, keccakF1600 } from './keccak-f1600.ts';

/** Words of a light cache item, which is what one Keccak-512 takes and gives here. */
export const ITEM_WORDS = 16;

/** Keccak's own padding, from before SHA-3 put 01 in front of it: one bit after the message, one at the block's end. */
const PAD_FIRST = 0x01;
const PAD_LAST = 0x80000000;
/** Last word of a Keccak-512 block of 72 bytes. */
const BLOCK_LAST_WORD = 17;

const state = new Uint32Array(F1600_WORDS);

/**
 * Keccak-512 (legacy padding) of 64 bytes in place: 64 bytes and the padding are one block of 72, so it is a single
 * permutation without the ceremony of a hash object. Called a million times for the smallest light cache.
 * @param words holds 16 words from `offset` on, little-endian; they are replaced by their hash
 */
export function keccak512InPlace(words: Uint32Array, offset: number): void {
  for (let i = 0; i < ITEM_WORDS; i++) state[i] = words[offset + i]!;
  state[ITEM_WORDS] = PAD_FIRST;
  state[BLOCK_LAST_WORD] = PAD_LAST;
  state.fill(0, BLOCK_LAST_WORD + 1);
  keccakF1600(state);
  for (let i = 0; i < ITEM_WORDS; i++) words[offset + i] = state[i]!;
}

/** Keccak-256 (legacy padding). @returns 32 bytes */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes);
}

/** Keccak-512 (legacy padding) of any bytes. @returns 64 bytes */
export function keccak512(bytes: Uint8Array): Uint8Array {
  return keccak_512(bytes);
}
