import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { recordedPairs } from '../../test/support/golden.ts';
import { bytesToHex, hexToBytes } from './bytes.ts';
import {
  bigintToTarget,
  bitsToTarget,
  DIFFICULTY_1_TARGET,
  difficultyToTarget,
  expectedHashes,
  meetsTarget,
  TARGET_MAX,
  targetToBigint,
  targetToBits,
  targetToDifficulty,
} from './target.ts';

const anyTarget = fc.bigInt({ min: 1n, max: TARGET_MAX });

test('difficulty 1 is the target 00000000ffff0000…', () => {
  assert.equal(bytesToHex(difficultyToTarget(1)), `00000000ffff${'0'.repeat(52)}`);
  assert.equal(targetToDifficulty(bigintToTarget(DIFFICULTY_1_TARGET)), 1);
  assert.equal(targetToBits(difficultyToTarget(1)), 0x1d00ffff);
});

test('bits of recorded templates stand for the targets that ravend prints', () => {
  for (const { pair } of recordedPairs()) {
    const { bits, target } = pair.template.response.result as unknown as { bits: string; target: string };
    assert.equal(bytesToHex(bitsToTarget(Number.parseInt(bits, 16))), target);
    assert.equal(targetToBits(hexToBytes(target)).toString(16), bits);
  }
});

test('difficulties shown are the node’s', () => {
  const shown = [
    [0x1b02ba90, 24016.40511765232],
    [0x1d02f913, 0.3363615366848872],
    [0x207fffff, 4.656542373906925e-10],
  ] as const;
  for (const [bits, difficulty] of shown) {
    assert(Math.abs(targetToDifficulty(bitsToTarget(bits)) / difficulty - 1) < 1e-12);
  }
});

test('bits that ravend calls invalid are refused', () => {
  for (const bits of [0, 0x01000000, 0x1d800001, 0x22ffffff, 0xff123456]) {
    assert.throws(() => bitsToTarget(bits), RangeError, bits.toString(16));
  }
});

test('target → bits → target keeps the leading bytes and never rises', () => {
  fc.assert(
    fc.property(anyTarget, (value) => {
      const back = targetToBigint(bitsToTarget(targetToBits(bigintToTarget(value))));
      return back <= value && (value < 2n ** 16n || back >= value - (value >> 15n));
    }),
  );
});

test('difficulty → target → difficulty comes back to the twelfth digit', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1e15, noNaN: true }), (difficulty) => {
      const back = targetToDifficulty(difficultyToTarget(difficulty));
      return Math.abs(back / difficulty - 1) < 1e-12;
    }),
  );
});

test('any positive difficulty has a target, anything else none', () => {
  assert.equal(targetToBigint(difficultyToTarget(Number.MIN_VALUE)), TARGET_MAX);
  assert.equal(targetToBigint(difficultyToTarget(1e-12)), TARGET_MAX);
  assert.equal(targetToBigint(difficultyToTarget(Number.MAX_VALUE)), 1n);
  for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => difficultyToTarget(wrong), RangeError);
  }
});

test('meeting a target is comparing integers', () => {
  fc.assert(
    fc.property(anyTarget, anyTarget, (a, b) => meetsTarget(bigintToTarget(a), bigintToTarget(b)) === a <= b),
  );
  fc.assert(fc.property(anyTarget, (a) => meetsTarget(bigintToTarget(a), bigintToTarget(a))));
});

test('an easier target needs fewer hashes', () => {
  assert.equal(expectedHashes(bigintToTarget(TARGET_MAX)), 1);
  assert.equal(expectedHashes(bigintToTarget(TARGET_MAX >> 8n)), 256);
});
