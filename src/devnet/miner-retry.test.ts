import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { HashMeter } from './hash-meter.ts';
import { MinerRetry } from './miner-retry.ts';

const byte = (value: number) => ({ bytes: (length: number) => new Uint8Array(length).fill(value) });

describe('connecting again', () => {
  it('waits twice as long each time, up to fifteen seconds', () => {
    const retry = new MinerRetry(createVirtualClock(), byte(0));
    const delays = Array.from({ length: 8 }, () => retry.schedule(() => undefined));
    assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  });

  it('is spread by chance over the second half of the wait', () => {
    assert.equal(
      new MinerRetry(createVirtualClock(), byte(128)).schedule(() => undefined),
      375,
    );
    assert.equal(
      new MinerRetry(createVirtualClock(), byte(255)).schedule(() => undefined),
      251,
    );
  });

  it('begins anew after a connection that gave work, not after one that was cut at once', async () => {
    const clock = createVirtualClock();
    const retry = new MinerRetry(clock, byte(0));
    for (let i = 0; i < 4; i++) retry.schedule(() => undefined);
    retry.ready();
    await clock.advance(9000);
    assert.equal(
      retry.schedule(() => undefined),
      8000,
    );
    retry.ready();
    await clock.advance(10_000);
    assert.equal(
      retry.schedule(() => undefined),
      500,
    );
  });

  it('calls when the time has come, and not after stop', async () => {
    const clock = createVirtualClock();
    const retry = new MinerRetry(clock, byte(0));
    let calls = 0;
    retry.schedule(() => calls++);
    await clock.advance(499);
    assert.equal(calls, 0);
    await clock.advance(1);
    assert.equal(calls, 1);
    retry.schedule(() => calls++);
    retry.stop();
    await clock.advance(60_000);
    assert.equal(calls, 1);
  });
});

describe('a hashrate', () => {
  it('is that of the last minute', async () => {
    const clock = createVirtualClock();
    let hashes = 0;
    const meter = new HashMeter(clock, () => hashes);
    assert.equal(meter.hashesPerS(), 0);
    for (let second = 0; second < 30; second++) {
      await clock.advance(1000);
      hashes += 50;
    }
    assert(Math.abs(meter.hashesPerS() - 48.3) < 0.1, String(meter.hashesPerS()));
    await clock.advance(120_000);
    assert.equal(meter.hashesPerS(), 0);
    meter.stop();
    assert.equal(clock.pending(), 0);
  });
});
