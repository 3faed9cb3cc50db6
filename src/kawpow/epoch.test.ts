import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kawPowVectors } from '../../test/conformance/kawpow-vectors.ts';
import { bytesToHex } from '../chain/bytes.ts';
import {
  datasetBytes,
  datasetItems,
  datasetReads,
  EPOCH_MAX,
  epochOf,
  lightCacheBytes,
  lightCacheItems,
  periodOf,
  seedHashOf,
} from './epoch.ts';
import { KAWPOW } from './params.ts';

for (const vector of kawPowVectors().epochs) {
  test(`epoch ${vector.epoch} has the sizes and the seed hash that ravend computes`, () => {
    assert.equal(lightCacheItems(vector.epoch), vector.lightCacheItems);
    assert.equal(lightCacheBytes(vector.epoch), vector.lightCacheBytes);
    assert.equal(datasetItems(vector.epoch), vector.datasetItems1024);
    assert.equal(datasetBytes(vector.epoch), vector.datasetBytes);
    assert.equal(datasetReads(vector.epoch), Math.floor(vector.datasetItems1024 / 2));
    assert.equal(bytesToHex(seedHashOf(vector.epoch)), vector.seedHash);
  });
}

test('epochs change every 7500 blocks, programs every 3', () => {
  assert.deepEqual(
    [0, 7499, 7500, 14999, 4487774].map((height) => epochOf(height, KAWPOW)),
    [0, 0, 1, 1, 598],
  );
  assert.deepEqual(
    [0, 2, 3, 7499, 7500].map((height) => periodOf(height, KAWPOW)),
    [0, 0, 1, 2499, 2500],
  );
});

test('another variant has its own lengths and sizes', () => {
  const other = {
    ...KAWPOW,
    epochLength: 12000,
    period: 6,
    lightCacheBytes: { initial: 2 ** 16, growth: 0 },
    datasetBytes: { initial: 2 ** 20, growth: 2 ** 17 },
  };
  assert.equal(epochOf(12000, other), 1);
  assert.equal(periodOf(12000, other), 2000);
  assert.equal(lightCacheItems(7, other), 1021);
  assert.equal(datasetItems(1, other), 9209);
});

test('heights are uint32', () => {
  assert.equal(epochOf(0xffffffff, KAWPOW), 572662);
  for (const height of [-1, 1.5, 2 ** 32, Number.NaN]) {
    assert.throws(() => epochOf(height, KAWPOW), RangeError);
    assert.throws(() => periodOf(height, KAWPOW), RangeError);
  }
});

test('an epoch beyond the last one computed is refused with a reason', () => {
  assert.equal(lightCacheBytes(EPOCH_MAX) < 2 ** 30 + 2 ** 25, true);
  for (const epoch of [EPOCH_MAX + 1, -1, 0.5]) {
    assert.throws(() => seedHashOf(epoch), /from 0 to 8191/);
    assert.throws(() => lightCacheItems(epoch), RangeError);
    assert.throws(() => datasetItems(epoch), RangeError);
  }
});
