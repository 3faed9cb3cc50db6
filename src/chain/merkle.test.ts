import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes } from './bytes.ts';
import { sha256d } from './hash.ts';
import { merkleBranch, merkleRoot, rootFromBranch } from './merkle.ts';

function naiveRoot(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0] as Uint8Array;
  const above: Uint8Array[] = [];
  for (let i = 0; i < leaves.length; i += 2) {
    const left = leaves[i] as Uint8Array;
    above.push(sha256d(concatBytes(left, leaves[i + 1] ?? left)));
  }
  return naiveRoot(above);
}

test('the root is the naive tree’s, for any number of leaves', () => {
  const leaf = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(fc.array(leaf, { minLength: 1, maxLength: 40 }), (leaves) => {
      const [first, ...others] = leaves;
      assert.deepEqual(merkleRoot(leaves), naiveRoot(leaves));
      assert.deepEqual(rootFromBranch(first as Uint8Array, merkleBranch(others)), naiveRoot(leaves));
    }),
  );
});

test('a tree without leaves is refused', () => {
  assert.throws(() => merkleRoot([]), RangeError);
});
