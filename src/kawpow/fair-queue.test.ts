import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FairQueue } from './fair-queue.ts';

function drained(queue: FairQueue<string>): string[] {
  const items: string[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) items.push(item);
  return items;
}

test('sessions take turns, each in its own order', () => {
  const queue = new FairQueue<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.push(item.slice(0, 1), item);
  assert.equal(queue.length, 6);
  assert.deepEqual(drained(queue), ['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  assert.equal(queue.length, 0);
});

test('a session that comes later waits one turn of the others, not all their items', () => {
  const queue = new FairQueue<string>();
  for (let i = 1; i <= 100; i++) queue.push('a', `a${i}`);
  queue.take();
  queue.push('b', 'b1');
  assert.deepEqual([queue.take(), queue.take(), queue.take()], ['a2', 'b1', 'a3']);
});

test('urgent items go first, oldest first', () => {
  const queue = new FairQueue<string>();
  queue.push('a', 'a1');
  queue.pushUrgent('u1');
  queue.push('b', 'b1');
  queue.pushUrgent('u2');
  assert.equal(queue.hasUrgent, true);
  assert.deepEqual(drained(queue), ['u1', 'u2', 'a1', 'b1']);
  assert.equal(queue.hasUrgent, false);
});

test('the turns ahead of an item are all urgent ones, and those of each session up to its own', () => {
  const queue = new FairQueue<string>();
  assert.equal(queue.turnsAhead('a'), 0);
  queue.pushUrgent('u1');
  queue.pushUrgent('u2');
  assert.equal(queue.turnsAhead('a'), 2);
  for (const item of ['b1', 'b2', 'c1']) queue.push(item.slice(0, 1), item);
  assert.equal(queue.turnsAhead('a'), 2 + 2);
  assert.equal(queue.turnsAhead('b'), 2 + 3 * 2);
});

test('an empty queue gives nothing and can be used again', () => {
  const queue = new FairQueue<string>();
  assert.equal(queue.take(), undefined);
  queue.push('a', 'a1');
  assert.deepEqual(drained(queue), ['a1']);
  queue.push('a', 'a2');
  assert.deepEqual(drained(queue), ['a2']);
});
