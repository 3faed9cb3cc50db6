import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slices } from './slices.ts';

function create(count: number) {
  const all = new Set(Array.from({ length: count }, (_, i) => i));
  const done: number[] = [];
  const turns: (() => void)[] = [];
  const slices = new Slices<number>({
    size: 3,
    all: () => all.keys(),
    act: (one) => done.push(one),
    nextTurn: (goOn) => turns.push(goOn),
  });
  const turn = (): void => turns.shift()?.();
  return { all, done, turns, slices, turn };
}

test('each has its turn once, some at a time', () => {
  const { slices, done, turns, turn } = create(7);
  slices.start();
  assert.deepEqual(done, [0, 1, 2]);
  turn();
  assert.deepEqual(done, [0, 1, 2, 3, 4, 5]);
  turn();
  assert.deepEqual(done, [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(turns.length, 0);
});

test('who leaves before its turn is left out, who comes meanwhile is not', () => {
  const { slices, all, done, turn } = create(5);
  slices.start();
  all.delete(4);
  all.add(9);
  turn();
  assert.deepEqual(done, [0, 1, 2, 3, 9]);
});

test('a second start begins anew, in the turns of the first', () => {
  const { slices, done, turns, turn } = create(4);
  slices.start();
  slices.start();
  assert.equal(turns.length, 1);
  turn();
  turn();
  assert.deepEqual(done, [0, 1, 2, 0, 1, 2, 3]);
  assert.equal(turns.length, 0);
});

test('stopped, it goes no further', () => {
  const { slices, done, turn } = create(5);
  slices.start();
  slices.stop();
  turn();
  assert.deepEqual(done, [0, 1, 2]);
});
