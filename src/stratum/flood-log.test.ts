import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FloodLog, type FloodTally } from './flood-log.ts';

type Kind = 'banned' | 'full';

function create() {
  const lines: FloodTally<Kind>[] = [];
  return { lines, flood: new FloodLog<Kind>((tally) => lines.push(tally)) };
}

test('the first is told at once, a flood once in 10 s with its worst address', () => {
  const { lines, flood } = create();
  for (let i = 0; i < 50_000; i++)
    flood.note(i % 10 === 0 ? 'full' : 'banned', `192.0.2.${i % 4 ? 1 : i % 200}`, i);
  assert.equal(lines.length, 5);
  assert.deepEqual(lines[0], {
    count: 1,
    kinds: { full: 1 },
    kind: 'full',
    address: '192.0.2.0',
    ofAddress: 1,
  });
  const { count, kinds, kind, address, ofAddress } = lines[1] as FloodTally<Kind>;
  assert.deepEqual(
    [count, kinds, kind, address],
    [10_000, { banned: 9_000, full: 1_000 }, 'banned', '192.0.2.1'],
  );
  assert.equal(ofAddress, 7_500);
});

test('what came last is told when nothing more comes', () => {
  const { lines, flood } = create();
  flood.note('full', 'a', 0);
  flood.note('full', 'b', 1);
  flood.tell(9_999);
  assert.equal(lines.length, 1);
  flood.tell(10_000);
  flood.tell(30_000);
  assert.deepEqual(lines.slice(1), [
    { count: 1, kinds: { full: 1 }, kind: 'full', address: 'b', ofAddress: 1 },
  ]);
});

test('more addresses than can be told apart are counted all the same', () => {
  const { lines, flood } = create();
  flood.note('full', 'first', 0);
  for (let i = 0; i < 100_000; i++) flood.note('full', String(i), 1);
  flood.tell(10_000);
  assert.equal(lines[1]?.count, 100_000);
});
