import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keccakP } from '@noble/hashes/sha3.js';
import { keccakF800 } from './keccak-f800.ts';
import { keccakF1600 } from './keccak-f1600.ts';

// XKCP, tests/TestVectors/KeccakF-800-IntermediateValues.txt: Keccak-f[800] applied to the zero state.
const F800_OF_ZERO = [
  0xe531d45d, 0xf404c6fb, 0x23a0bf99, 0xf1f8452f, 0x51ffd042, 0xe539f578, 0xf00b80a7, 0xaf973664, 0xbf5af34c,
  0x227a2424, 0x88172715, 0x9f685884, 0xb15cd054, 0x1bf4fc0e, 0x6166fa91, 0x1a9e599a, 0xa3970a1f, 0xab659687,
  0xafab8d68, 0xe74b1015, 0x34001a98, 0x4119eff3, 0x930a0e76, 0x87b28070, 0x11efe996,
];

test('Keccak-f[800] of the zero state is the published one', () => {
  const state = new Uint32Array(25);
  keccakF800(state);
  assert.deepEqual([...state], F800_OF_ZERO);
});

test('Keccak-f[1600] is the one of @noble/hashes, over a chain of states', () => {
  const own = new Uint32Array(50);
  const theirs = new Uint32Array(50);
  for (let i = 0; i < 100; i++) {
    keccakF1600(own);
    keccakP(theirs);
    assert.deepEqual(own, theirs, `after ${i + 1} permutations`);
  }
});
