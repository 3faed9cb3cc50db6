import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KAWPOW, withEpochLength } from '../kawpow/params.ts';
import { neededEpochs } from './needed-epochs.ts';

test('an epoch is needed 500 blocks ahead, and for 100 blocks after its end', () => {
  const expected: [number, number[]][] = [
    [0, [0]],
    [6_999, [0]],
    [7_000, [0, 1]],
    [7_499, [0, 1]],
    [7_500, [1, 0]],
    [7_599, [1, 0]],
    [7_600, [1]],
    [3_750_000, [500, 499]],
  ];
  for (const [height, epochs] of expected)
    assert.deepEqual(neededEpochs(height, KAWPOW), epochs, `${height}`);
});

test('where epochs are shorter than that, it is the next one, not one further away', () => {
  const short = withEpochLength(KAWPOW, 10);
  assert.deepEqual(neededEpochs(42, short), [4, 3, 5]);
  assert.deepEqual(neededEpochs(45, short), [4, 5]);
  assert.deepEqual(neededEpochs(50, short), [5, 4, 6]);
});

test('work on the block before is of a needed epoch, however short epochs are', () => {
  for (const length of [1, 2, 3, 7500]) {
    const pow = withEpochLength(KAWPOW, length);
    for (let height = 1; height < 20; height++) {
      assert.ok(
        neededEpochs(height, pow).includes(Math.floor((height - 1) / length)),
        `${height} of ${length}`,
      );
    }
  }
});

test('after the last epoch that is computed no next one is asked for', () => {
  assert.deepEqual(neededEpochs(8191 * 7500 + 7_499, KAWPOW), [8191]);
});
