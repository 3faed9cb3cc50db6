/**
 * KawPoW works on 32-bit words read little-endian, whatever the machine's own order; hashes cross its border as bytes
 * in display order.
 */

/** Bytes of a header hash, a mix hash and a final hash. */
export const HASH_BYTES = 32;
/** The same in words. */
export const HASH_WORDS = 8;

const UINT64_MAX = 0xffff_ffff_ffff_ffffn;

/**
 * @param name what the bytes are, for the message
 * @throws RangeError unless 32 bytes
 */
export function assertHash(bytes: Uint8Array, name: string): void {
  if (bytes.length !== HASH_BYTES)
    throw new RangeError(`${name} has ${HASH_BYTES} bytes, got ${bytes.length}`);
}

/** @throws RangeError unless a uint64 */
export function assertNonce(nonce: bigint): void {
  if (nonce < 0n || nonce > UINT64_MAX) throw new RangeError(`a nonce is a uint64, got ${nonce}`);
}

/** Reads whole words from bytes, little-endian, to `words` at `offset`. */
export function readWords(bytes: Uint8Array, words: Uint32Array, offset: number): void {
  for (let i = 0; i < bytes.length; i += 4) {
    words[offset + i / 4] = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
  }
}

/** @returns the first `count` words as bytes, little-endian */
export function wordsToBytes(words: Uint32Array, count: number = words.length): Uint8Array {
  const bytes = new Uint8Array(count * 4);
  for (let i = 0; i < count; i++) {
    const word = words[i]!;
    bytes[i * 4] = word;
    bytes[i * 4 + 1] = word >>> 8;
    bytes[i * 4 + 2] = word >>> 16;
    bytes[i * 4 + 3] = word >>> 24;
  }
  return bytes;
}
