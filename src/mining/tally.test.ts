import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from './tally.ts';

const START_MS = 1_795_335_871_000;

test('what was counted is what is told', () => {
  const tally = new Tally(START_MS);
  tally.accept(3e9, true, START_MS + 1_000);
  tally.accept(3e9, false, START_MS + 2_000);
  tally.reject('stale');
  tally.reject('stale');
  tally.reject('duplicate');
  tally.blockFound();
  tally.blockFound();
  tally.blockAccepted();
  assert.deepEqual(tally.counts(), {
    accepted: 2,
    unverified: 1,
    rejected: { stale: 2, duplicate: 1 },
    blocksFound: 2,
    blocksAccepted: 1,
  });
  assert.equal(
    tally.summary(START_MS + 60_000),
    '100 MH/s, 2 shares accepted (1 unverified), 3 rejected (2 stale, 1 duplicate), 1 of 2 blocks accepted',
  );
});

test('a share that is revoked counts as refused, and as no work', () => {
  const tally = new Tally(START_MS);
  tally.accept(3e9, false, START_MS + 1_000);
  tally.revoke('wrong-mix', 3e9, START_MS + 2_000);
  const { accepted, unverified, rejected } = tally.counts();
  assert.deepEqual(
    { accepted, unverified, rejected },
    { accepted: 0, unverified: 0, rejected: { 'wrong-mix': 1 } },
  );
  assert.equal(tally.hashesPerS(START_MS + 2_000), 0);
});

test('a quiet start reads plainly', () => {
  assert.equal(
    new Tally(START_MS).summary(START_MS),
    '0.00 H/s, 0 shares accepted, 0 rejected, 0 of 0 blocks accepted',
  );
});
