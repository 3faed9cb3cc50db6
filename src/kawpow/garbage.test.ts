import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import type { KawPow } from './params.ts';
import { createVerifierPool } from './pool.ts';

const MIB = 2 ** 20;
const CACHE_BYTES = 32 * MIB;
const EPOCHS = 4;
/** Collecting is asked for at once, and comes when the threads get to it. */
const PATIENCE_MS = 5_000;

test('the memory of an epoch that was dropped goes back to the system', async (t) => {
  const pow: KawPow = { ...SMALL_POW, lightCacheBytes: { initial: CACHE_BYTES, growth: 0 } };
  const pool = createVerifierPool({ pow, epochsMax: 1 });
  t.after(() => pool.close());
  let firstBytes = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const outcome = await pool.hash({
      height: epoch * pow.epochLength,
      headerHash: new Uint8Array(32),
      nonce: 0n,
    });
    assert.ok(outcome.ok);
    if (epoch === 0) firstBytes = process.memoryUsage.rss();
  }
  const grownBytes = (): number => process.memoryUsage.rss() - firstBytes;
  // If they stayed, there would be three more; half of that is far from either outcome.
  const isBack = (): boolean => grownBytes() < ((EPOCHS - 1) * CACHE_BYTES) / 2;
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (!isBack() && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(isBack(), `${Math.round(grownBytes() / MIB)} MiB more than with one epoch`);
});
