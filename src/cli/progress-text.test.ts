import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ASCII, BLOCKS, leftText, progressText } from './progress-text.ts';

const label = 'light cache of epoch 598';
const item = { label, fraction: 0.61, leftMs: 1_900 };

test('the bar says what, how far, and how long still', () => {
  assert.equal(
    progressText([item], 66, BLOCKS),
    'light cache of epoch 598  ▕██████████░░░░░░░░▏ 61 %  2 s left',
  );
  assert.equal(
    progressText([item], 66, ASCII),
    'light cache of epoch 598  [##########--------] 61 %  2 s left',
  );
});

test('at 0 % the bar is empty and knows no time, at 100 % it is full', () => {
  const begun = { label, fraction: 0, leftMs: undefined };
  assert.equal(progressText([begun], 60, ASCII), 'light cache of epoch 598  [------------] 0 %');
  const ended = { label, fraction: 1, leftMs: 0 };
  assert.equal(progressText([ended], 60, ASCII), 'light cache of epoch 598  [############] 100 %  1 s left');
});

test('99.9 % is not 100 %', () => {
  assert.match(progressText([{ ...item, fraction: 0.999 }], 80, ASCII), /#-\] 99 % /);
});

test('a wide terminal gets no longer bar than the eye follows', () => {
  assert.equal(progressText([item], 300, ASCII), progressText([item], 100, ASCII));
});

test('in a narrow terminal the bar goes first, then the time, then the label’s end, then everything', () => {
  const texts = [50, 42, 40, 31, 30, 12, 6, 5, 4, 1, 0].map((columns) =>
    progressText([item], columns, ASCII),
  );
  assert.deepEqual(texts, [
    'light cache of epoch 598  61 %  2 s left',
    'light cache of epoch 598  61 %  2 s left',
    'light cache of epoch 598  61 %',
    'light cache of epoch 598  61 %',
    'light cache of epoch 59~ 61 %',
    'light~ 61 %',
    '61 %',
    '61 %',
    '',
    '',
    '',
  ]);
});

test('two builds stand side by side where there is room, else the first one', () => {
  const dag = { label: 'DAG of epoch 598', fraction: 0.05, leftMs: 570_000 };
  assert.equal(
    progressText([item, dag], 120, ASCII),
    'light cache of epoch 598  [######-----] 61 %  2 s left  DAG of epoch 598  [-------------------] 5 %  10 min left',
  );
  assert.equal(progressText([item, dag], 60, ASCII), progressText([item], 60, ASCII));
});

test('whatever is built, the text stays below the terminal’s width', () => {
  const items = fc.array(
    fc.record({
      label: fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
      fraction: fc.double({ min: 0, max: 1, noNaN: true }),
      leftMs: fc.option(fc.integer({ min: 0, max: 2 ** 31 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 250 }), fc.constantFrom(ASCII, BLOCKS), (...args) => {
      assert.ok(progressText(...args).length <= args[1] - 1);
    }),
  );
});

test('the time left is told in the unit that says most', () => {
  const texts = [0, 1, 1_001, 99_000, 99_001, 570_000, 99 * 60_000, 99 * 60_000 + 1, 99 * 3_600_000].map(
    leftText,
  );
  assert.deepEqual(texts, [
    ...['1 s left', '1 s left', '2 s left', '99 s left', '2 min left', '10 min left', '99 min left'],
    ...['2 h left', '99 h left'],
  ]);
  assert.equal(leftText(100 * 3_600_000), '');
  assert.equal(leftText(undefined), '');
});
