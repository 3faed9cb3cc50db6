import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RareLine } from './rare-line.ts';

test('the first time has a line at once, the next one comes when its time is there, and counts all since', () => {
  const line = new RareLine(1_000);
  assert.equal(line.note(5_000), 1);
  assert.equal(line.note(5_000), undefined);
  assert.equal(line.note(5_999), undefined);
  assert.equal(line.note(6_000), 3);
  assert.equal(line.note(6_001), undefined);
  assert.equal(line.note(9_000), 2);
});
