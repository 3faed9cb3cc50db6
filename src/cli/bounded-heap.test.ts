import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { boundHeap } from './bounded-heap.ts';

const MEBIBYTE = 2 ** 20;

test('a storm of short-lived objects leaves the heap small', async (t) => {
  t.after(boundHeap());
  const before = getHeapStatistics().total_heap_size;
  // As with connections: each lives for a while, and then another takes its place.
  const alive: object[] = [];
  let most = 0;
  for (let turn = 0; turn < 400; turn++) {
    for (let i = 0; i < 5_000; i++) {
      const at = (turn * 5_000 + i) % 50_000;
      alive[at] = { at, lines: [turn, i], next: { turn } };
    }
    await nextTurn();
    most = Math.max(most, getHeapStatistics().total_heap_size);
  }
  assert.equal(alive.length, 50_000);
  const grownMiB = (most - before) / MEBIBYTE;
  assert.ok(grownMiB < 64, `it grew by ${grownMiB.toFixed(0)} MiB`);
});
