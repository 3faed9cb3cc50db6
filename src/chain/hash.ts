import { sha256 } from '@noble/hashes/sha2.js';

/**
 * SHA-256 applied twice: header hashes, transaction ids, merkle nodes and address checksums.
 * @returns 32 bytes in internal order
 */
export function sha256d(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes));
}
