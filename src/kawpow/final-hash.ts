import { createFinalHashKernel, type FinalHashKernel } from './final-hash-kernel.ts';
import { F800_WORDS, keccakF800 } from './keccak-f800.ts';
import type { KawPow } from './params.ts';
import { assertHash, assertNonce, HASH_WORDS, readWords, wordsToBytes } from './words.ts';

/** Words of the first state before the padding: header hash and nonce. */
const NONCE_END = HASH_WORDS + 2;
/** Words of the second state before the padding: seed and mix hash. */
const MIX_END = 2 * HASH_WORDS;

// Not observable from outside: every hash overwrites all of it.
const state = new Uint32Array(F800_WORDS);
let kernel: FinalHashKernel | undefined;
const paddings = new WeakMap<KawPow, Uint32Array>();

/**
 * Final hash of a share, trusting the miner's mix hash: two Keccak-f[800], no light cache.
 *
 * It is computed for every share before anything expensive is: 1 µs on Node 24, in WebAssembly. Tests hold it against
 * seedWords and sealMix, which are plain.
 * @param headerHash 32 bytes, display order, as sent in mining.notify
 * @param nonce uint64
 * @param claimedMixHash 32 bytes, display order
 * @returns 32 bytes, display order; compare big-endian with a target
 * @throws RangeError on a wrong length, or a nonce that is no uint64
 * Source: Ravencoin Core, src/crypto/ethash/lib/ethash/progpow.cpp (hash_no_verify)
 */
export function finalHash(
  headerHash: Uint8Array,
  nonce: bigint,
  claimedMixHash: Uint8Array,
  pow: KawPow,
): Uint8Array {
  assertHash(headerHash, 'a header hash');
  assertHash(claimedMixHash, 'a mix hash');
  assertNonce(nonce);
  const padding = paddingOf(pow);
  kernel ??= createFinalHashKernel();
  return kernel.hash(headerHash, nonce, claimedMixHash, padding);
}

/**
 * The first Keccak-f[800] of a hash: what the mixing starts from.
 * @returns 8 words; the first two fill the registers, all of them go into the final hash
 * @throws RangeError on a wrong length, or a nonce that is no uint64
 */
export function seedWords(headerHash: Uint8Array, nonce: bigint, pow: KawPow): Uint32Array {
  absorbHeader(headerHash, nonce, pow);
  return state.slice(0, HASH_WORDS);
}

/**
 * The second Keccak-f[800] of a hash.
 * @param seed 8 words, from seedWords
 * @param mix 8 words, the outcome of the mixing
 * @returns the final hash: 32 bytes, display order
 */
export function sealMix(seed: Uint32Array, mix: Uint32Array, pow: KawPow): Uint8Array {
  state.set(seed, 0);
  state.set(mix, HASH_WORDS);
  return squeeze(pow);
}

/** Leaves the seed in the first 8 words of the state. */
function absorbHeader(headerHash: Uint8Array, nonce: bigint, pow: KawPow): void {
  assertHash(headerHash, 'a header hash');
  assertNonce(nonce);
  readWords(headerHash, state, 0);
  state[HASH_WORDS] = Number(nonce & 0xffffffffn);
  state[HASH_WORDS + 1] = Number(nonce >> 32n);
  pad(NONCE_END, pow);
  keccakF800(state);
}

function squeeze(pow: KawPow): Uint8Array {
  pad(MIX_END, pow);
  keccakF800(state);
  return wordsToBytes(state, HASH_WORDS);
}

function pad(start: number, pow: KawPow): void {
  const padding = paddingOf(pow);
  for (let i = start; i < F800_WORDS; i++) state[i] = padding[i - start]!;
}

function paddingOf(pow: KawPow): Uint32Array {
  let padding = paddings.get(pow);
  if (padding === undefined) {
    padding = Uint32Array.from(pow.padding, (character) => character.charCodeAt(0));
    if (padding.length !== F800_WORDS - NONCE_END) throw new RangeError('the padding has 15 characters');
    paddings.set(pow, padding);
  }
  return padding;
}
