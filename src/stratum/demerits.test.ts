import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Demerits } from './demerits.ts';
import type { RejectReason } from './rejections.ts';

function verdictOf(...reasons: RejectReason[]): string | undefined {
  const demerits = new Demerits();
  let verdict: string | undefined;
  for (const reason of reasons) {
    demerits.add(reason);
    verdict = demerits.verdict(reason);
  }
  return verdict;
}

const times = (count: number, reason: RejectReason): RejectReason[] => Array(count).fill(reason);

test('a connection is closed for what makes up at least half of its demerits', () => {
  assert.equal(verdictOf(...times(3, 'wrong-mix')), undefined);
  assert.equal(verdictOf(...times(4, 'wrong-mix')), 'wrong-mix');
  assert.equal(verdictOf('broken-trust'), 'wrong-mix');
  assert.equal(verdictOf(...times(10, 'bad-request')), 'garbage');
  assert.equal(verdictOf(...times(50, 'duplicate')), 'demerits');
  assert.equal(verdictOf('server-full'), 'server-full');
});

test('a forger does not hide behind a small fault at the end', () => {
  assert.equal(verdictOf(...times(3, 'wrong-mix'), ...times(13, 'duplicate')), 'wrong-mix');
});

test('what good shares took off counts no more', () => {
  const demerits = new Demerits();
  for (const reason of times(3, 'wrong-mix')) demerits.add(reason);
  for (let i = 0; i < 60; i++) demerits.forgive();
  for (const reason of times(43, 'duplicate')) demerits.add(reason);
  assert.equal(demerits.verdict('duplicate'), 'demerits');
});
