import { hexToBytes } from '../../src/chain/bytes.ts';
import type { HashRequest } from '../../src/kawpow/verifier.ts';
import type { HashVector } from './kawpow-vectors.ts';

export interface Batch {
  readonly requests: readonly HashRequest[];
  /** Mix hash and final hash of each, in display hex, one behind the other. */
  readonly wanted: readonly string[];
}

/** Two batches of one size, with different vectors in their places. */
export function batchesOf(vectors: readonly HashVector[], size: number): Batch[] {
  return [0, size].map((offset) => {
    const chosen = Array.from(
      { length: size },
      (_, i) => vectors[(offset + i) % vectors.length] as HashVector,
    );
    return {
      requests: chosen.map(({ height, headerHash, nonce }) => ({
        height,
        headerHash: hexToBytes(headerHash),
        nonce: BigInt(`0x${nonce}`),
      })),
      wanted: chosen.map(({ mixHash, finalHash }) => mixHash + finalHash),
    };
  });
}
