import { expectedHashes } from '../chain/target.ts';

/**
 * How long miners look for a block on average.
 * @param networkTarget 32 bytes, big-endian
 * @returns seconds, or undefined without a hashrate
 */
export function secondsPerBlock(networkTarget: Uint8Array, hashesPerS: number): number | undefined {
  return hashesPerS > 0 ? expectedHashes(networkTarget) / hashesPerS : undefined;
}
