import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatHashrate, HashrateMeter } from './hashrate.ts';

const START_MS = 1_795_335_871_000;

test('a steady miner is shown as it is', () => {
  const meter = new HashrateMeter(START_MS);
  for (let s = 15; s <= 1800; s += 15) meter.add(15 * 30e6, START_MS + s * 1000);
  const rate = meter.rate(START_MS + 1_800_000);
  assert(Math.abs(rate / 30e6 - 1) < 0.06, `${rate}`);
});

test('a first share after a second is no miracle', () => {
  const meter = new HashrateMeter(START_MS);
  meter.add(300, START_MS + 1000);
  assert(meter.rate(START_MS + 1000) <= 10);
});

test('who stops is at zero ten minutes later', () => {
  const meter = new HashrateMeter(START_MS);
  meter.add(1e9, START_MS + 1000);
  assert(meter.rate(START_MS + 300_000) > 0);
  assert.equal(meter.rate(START_MS + 700_000), 0);
  assert.equal(new HashrateMeter(START_MS).rate(START_MS), 0);
});

test('rates are read with three digits and a unit', () => {
  assert.equal(formatHashrate(0), '0.00 H/s');
  assert.equal(formatHashrate(48.26), '48.3 H/s');
  assert.equal(formatHashrate(999.9), '1.00 kH/s');
  assert.equal(formatHashrate(31_400_000), '31.4 MH/s');
  assert.equal(formatHashrate(1.5e12), '1.50 TH/s');
  assert.equal(formatHashrate(5e18), '5000 PH/s');
});
