import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TipWorks } from './tip-works.ts';

test('of differing claims about one tip none counts, and the heights decide', () => {
  for (const claims of [
    [900n, 10n],
    [10n, 900n],
    [10n, 900n, 900n],
  ]) {
    const works = new TipWorks();
    for (const work of claims) works.noteWork('a', work);
    works.noteWork('b', 11n);
    assert.deepEqual([works.compare('b', 'a'), works.compare('a', 'b')], [0, 0]);
    works.noteHeight('a', 5);
    works.noteHeight('b', 4);
    assert.deepEqual([works.compare('b', 'a'), works.compare('a', 'b')], [-1, 1]);
    assert.equal(works.isLevel('a', 'b'), false);
  }
});

test('a height that nodes do not agree on is not known, and sends nobody away from the tip', () => {
  const works = new TipWorks();
  for (const [tip, height] of [
    ['a', 11],
    ['b', 10],
  ] as const) {
    works.noteWork(tip, BigInt(height));
    works.noteHeight(tip, height);
  }
  works.noteHeight('a', 0);
  assert.equal(works.heightOf('a'), undefined);
  assert.equal(works.compare('a', 'b'), 1, 'by their work');
  works.noteWork('a', 0n);
  assert.equal(works.compare('a', 'b'), 0);
  assert.equal(works.isLevel('a', 'b'), false);
});

test('six blocks of height outweigh any claim of work, five do not', () => {
  const works = new TipWorks();
  works.noteWork('liar', 1_000_000n);
  works.noteHeight('liar', 10);
  for (const [tip, height] of [
    ['five', 15],
    ['six', 16],
  ] as const) {
    works.noteWork(tip, 20n);
    works.noteHeight(tip, height);
  }
  assert.equal(Math.sign(works.compare('five', 'liar')), -1);
  assert.equal(Math.sign(works.compare('six', 'liar')), 1);
});

test('what is not known of both puts neither ahead', () => {
  const works = new TipWorks();
  works.noteWork('a', 5n);
  assert.equal(works.compare('a', 'b'), 0);
  assert.equal(works.compare('b', 'a'), 0);
  assert.equal(works.isLevel('a', 'b'), false);
});

test('the tip that is mined on is known however many nodes catch up, and the table stays bounded', () => {
  const works = new TipWorks();
  works.noteWork('first', 1n);
  works.noteWork('mined on', 1_000_000n);
  // 15 nodes with four new tips a second, and a template every 30 s.
  for (let s = 0; s < 120; s++) {
    if (s % 30 === 0) works.noteHeight('mined on', 1_000);
    for (let i = 0; i < 15 * 4; i++) works.noteWork(`${s} ${i}`, 2n);
    assert.equal(works.compare('mined on', `${s} 0`), 1);
  }
  assert.equal(works.compare('mined on', 'first'), 0, 'forgotten long ago');
});
