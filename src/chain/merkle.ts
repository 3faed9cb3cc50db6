import { concatBytes } from './bytes.ts';
import { sha256d } from './hash.ts';

/**
 * The root over a list of transaction ids (or witness hashes): neighbours are hashed in pairs, an odd last one with
 * itself, level by level.
 * @param leaves at least one, 32 bytes each, internal order
 * @returns 32 bytes, internal order
 */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [first, ...rest] = leaves;
  if (first === undefined) throw new RangeError('a merkle tree needs a leaf');
  return rootFromBranch(first, merkleBranch(rest));
}

/**
 * What the first leaf, the coinbase, is hashed with on its way up. It depends on the other leaves only, so a new
 * coinbase costs log₂(n) hashes instead of n.
 * @param others all leaves but the first, 32 bytes each, internal order
 */
export function merkleBranch(others: readonly Uint8Array[]): Uint8Array[] {
  const branch: Uint8Array[] = [];
  // Position 0 stands for the node above the coinbase, which is not known yet.
  let level: (Uint8Array | undefined)[] = [undefined, ...others];
  while (level.length > 1) {
    if (level.length % 2 === 1) level.push(level.at(-1));
    branch.push(level[1] as Uint8Array);
    const above: (Uint8Array | undefined)[] = [undefined];
    for (let i = 2; i < level.length; i += 2) {
      above.push(sha256d(concatBytes(level[i] as Uint8Array, level[i + 1] as Uint8Array)));
    }
    level = above;
  }
  return branch;
}

/** The root above a first leaf and its branch; internal order throughout. */
export function rootFromBranch(leaf: Uint8Array, branch: readonly Uint8Array[]): Uint8Array {
  return branch.reduce((node, sibling) => sha256d(concatBytes(node, sibling)), leaf);
}
