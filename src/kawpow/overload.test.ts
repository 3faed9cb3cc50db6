import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  admissionChance,
  NEWCOMERS_FEW_BEYOND_MS,
  SpeedMeter,
  UnverifiedRate,
  VERIFY_ALL_WITHIN_MS,
  VERIFY_FEW_BEYOND_MS,
} from './overload.ts';

test('everything is admitted while the wait is short, ever less as it grows, never quite nothing', () => {
  for (const fewBeyondMs of [VERIFY_FEW_BEYOND_MS, NEWCOMERS_FEW_BEYOND_MS]) {
    const chance = (waitMs: number): number => admissionChance(waitMs, fewBeyondMs);
    assert.deepEqual([0, VERIFY_ALL_WITHIN_MS].map(chance), [1, 1]);
    assert.equal(chance((VERIFY_ALL_WITHIN_MS + fewBeyondMs) / 2), 0.5);
    assert.ok(chance(0.9 * fewBeyondMs) < chance(0.8 * fewBeyondMs));
    for (const waitMs of [fewBeyondMs, 1e9]) assert.ok(chance(waitMs) > 0 && chance(waitMs) <= 0.01);
  }
});

test('speed is that of all hashes, not the average of batches, and follows a change', () => {
  const meter = new SpeedMeter();
  assert.equal(meter.hashesPerS, undefined);
  for (let i = 0; i < 100; i++) {
    meter.add(32, 100);
    meter.add(1, 10);
  }
  const steady = meter.hashesPerS ?? 0;
  assert.ok(Math.abs(steady - 300) < 5, `33 hashes in 110 ms, measured as ${steady}/s`);
  for (let i = 0; i < 24; i++) meter.add(32, 200);
  const slower = meter.hashesPerS ?? 0;
  assert.ok(slower > 155 && slower < 175, `half as fast for 24 batches, measured as ${slower}/s`);
  meter.add(32, 0);
  assert.ok(Number.isFinite(meter.hashesPerS));
});

test('the rate is that of the last minute', () => {
  const rate = new UnverifiedRate();
  assert.equal(rate.rate(0), 0);
  for (let ms = 0; ms < 120_000; ms += 100) rate.add(ms % 400 === 0, ms);
  assert.ok(Math.abs(rate.rate(120_000) - 0.25) < 0.01);
  for (let ms = 120_000; ms < 150_000; ms += 100) rate.add(false, ms);
  assert.ok(Math.abs(rate.rate(150_000) - 0.125) < 0.02, 'half of the minute had none');
  assert.equal(rate.rate(250_000), 0);
});

test('a burst is not told, an overload that lasts is, once a minute', () => {
  const rate = new UnverifiedRate();
  const told: number[] = [];
  const overload = (fromMs: number, untilMs: number): void => {
    for (let ms = fromMs; ms < untilMs; ms += 500) {
      rate.add(true, ms);
      if (rate.isWorthTelling(ms)) told.push(ms);
    }
  };
  overload(0, 5_000);
  overload(100_000, 300_000);
  assert.deepEqual(told, [110_000, 170_000, 230_000, 290_000]);
  overload(1_000_000, 1_005_000);
  assert.equal(told.length, 4);
});
