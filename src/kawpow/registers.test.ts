import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MathOp, Merge } from './program.ts';
import { mathOf, merged } from './registers.ts';

// Test vectors of EIP-1057 (ProgPoW): a, b, selector, result.
const MERGES: readonly (readonly [number, number, number, number, Merge['kind']])[] = [
  [0x3b0bb37d, 0xa0212004, 0x9bd26ab0, 0x3ca34321, 'multiply-add'],
  [0x10c02f0d, 0x870fa227, 0xd4f45515, 0x91c1326a, 'xor-multiply'],
  [0x24d2bae4, 0x0ffb4c9b, 0x7fdbc2f2, 0x2eddd94c, 'left-xor'],
  [0xda39e821, 0x089c4008, 0x8b6cd8c3, 0x8a81e396, 'right-xor'],
];
const MATHS: readonly (readonly [number, number, MathOp, number])[] = [
  [0x8626bb1f, 0xbbdfbc4e, 'add', 0x4206776d],
  [0x3f4bdfac, 0xd79e414f, 'multiply', 0x4c5cb214],
  [0x6d175b7e, 0xc4e89d4c, 'multiply-high', 0x53e9023f],
  [0x2eddd94c, 0x7e70cb54, 'min', 0x2eddd94c],
  [0x61ae0e62, 0xe0596b32, 'min', 0x61ae0e62],
  [0x8a81e396, 0x3f4bdfac, 'rotate-left', 0x1e3968a8],
  [0x8a81e396, 0x7e70cb54, 'rotate-right', 0x1e3968a8],
  [0xa7352f36, 0xa0eb7045, 'and', 0xa0212004],
  [0xc89805af, 0x64291e2f, 'or', 0xecb91faf],
  [0x760726d3, 0x79fc6a48, 'xor', 0x0ffb4c9b],
  [0x75551d43, 0x3383ba34, 'count-leading-zeros', 0x00000003],
  [0xea260841, 0xe92c44b7, 'count-ones', 0x0000001b],
];

for (const [old, word, selector, result, kind] of MERGES) {
  test(`merge ${kind} gives the value of the specification`, () => {
    const rotation = ((selector >>> 16) % 31) + 1;
    assert.equal(merged({ kind, rotation }, old, word) >>> 0, result);
  });
}

for (const [a, b, op, result] of MATHS) {
  test(`${op} of ${a.toString(16)} and ${b.toString(16)} is the value of the specification`, () => {
    assert.equal(mathOf(op, a, b) >>> 0, result);
  });
}

test('a rotation by 0 or 32 changes nothing', () => {
  for (const n of [0, 32]) {
    assert.equal(mathOf('rotate-left', 0x80000001, n) >>> 0, 0x80000001);
    assert.equal(mathOf('rotate-right', 0x80000001, n) >>> 0, 0x80000001);
  }
});
