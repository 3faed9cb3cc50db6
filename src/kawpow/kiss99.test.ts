import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FNV_OFFSET_BASIS, fnv1, fnv1a } from './fnv.ts';
import { Kiss99 } from './kiss99.ts';

// Test vectors of EIP-1057 (ProgPoW).

test('KISS99 gives the sequence of the specification', () => {
  const random = new Kiss99(362436069, 521288629, 123456789, 380116160);
  assert.deepEqual(
    [random.next(), random.next(), random.next(), random.next()],
    [769445856, 742012328, 2121196314, 2805620942],
  );
  for (let i = 5; i < 100000; i++) random.next();
  assert.equal(random.next(), 941074834);
});

test('FNV-1a gives the values of the specification', () => {
  assert.equal(fnv1a(FNV_OFFSET_BASIS, 0xddd0a47b) >>> 0, 0xd37ee61a);
  assert.equal(fnv1a(0xd37ee61a, 0xee304846) >>> 0, 0xdedc7ad4);
  assert.equal(fnv1a(0xdedc7ad4, 0x00000000) >>> 0, 0xa9155bbc);
});

test('FNV-1 multiplies first: with a word of zero both orders agree, else not', () => {
  assert.equal(fnv1(0xdedc7ad4, 0), fnv1a(0xdedc7ad4, 0));
  assert.equal(fnv1(1, 0xffffffff) >>> 0, (0x01000193 ^ 0xffffffff) >>> 0);
});
