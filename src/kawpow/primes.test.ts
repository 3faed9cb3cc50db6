import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPrime, largestPrimeUpTo } from './primes.ts';

test('primes below 50 are the known ones', () => {
  const primes = Array.from({ length: 50 }, (_, n) => n).filter(isPrime);
  assert.deepEqual(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47]);
});

test('the largest prime up to a number may be the number itself', () => {
  assert.equal(largestPrimeUpTo(2), 2);
  assert.equal(largestPrimeUpTo(97), 97);
  assert.equal(largestPrimeUpTo(100), 97);
  assert.equal(largestPrimeUpTo(2 ** 32), 4294967291);
});

test('there is no prime below 2, nor up to something that is no whole number', () => {
  for (const max of [1, 0, -7, 2.5, Number.NaN]) assert.throws(() => largestPrimeUpTo(max), RangeError);
});
