import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBucket } from './token-bucket.ts';

function takeAll(bucket: TokenBucket, nowMs: number): number {
  let taken = 0;
  while (taken < 1_000 && bucket.take(nowMs)) taken += 1;
  return taken;
}

test('so many pass at once, then so many a second, and a rest saves up no more than at once', () => {
  const bucket = new TokenBucket({ tokensMax: 6, perS: 2 }, 0);
  assert.equal(takeAll(bucket, 0), 6);
  assert.equal(takeAll(bucket, 499), 0);
  assert.equal(takeAll(bucket, 500), 1);
  assert.equal(takeAll(bucket, 1_500), 2);
  assert.equal(takeAll(bucket, 3_600_000), 6);
});

test('what is given back passes again, and nothing beyond', () => {
  const bucket = new TokenBucket({ tokensMax: 2, perS: 1 }, 0);
  for (let i = 0; i < 10; i++) bucket.giveBack();
  assert.equal(takeAll(bucket, 0), 2);
  bucket.giveBack();
  assert.equal(takeAll(bucket, 0), 1);
});

test('what is spent beyond what there is has to be waited for', () => {
  const bucket = new TokenBucket({ tokensMax: 10, perS: 5 }, 0);
  assert.equal(bucket.spend(10, 0), 0);
  assert.equal(bucket.spend(15, 0), 3_000);
  assert.equal(bucket.take(3_000), false);
  assert.equal(bucket.spend(0, 3_000), 0);
  assert.equal(bucket.isFull(4_999), false);
  assert.equal(bucket.isFull(5_000), true);
});
