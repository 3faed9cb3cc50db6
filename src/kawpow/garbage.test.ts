import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import type { KawPow } from './params.ts';
import { createVerifierPool } from './pool.ts';

const MIB = 2 ** 20;
const CACHE_BYTES = 32 * MIB;
const EPOCHS = 4;

test('the memory of an epoch that was dropped goes back to the system', async () => {
  const pow: KawPow = { ...SMALL_POW, lightCacheBytes: { initial: CACHE_BYTES, growth: 0 } };
  const pool = createVerifierPool({ pow, epochsMax: 1 });
  const rssBytes: number[] = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const outcome = await pool.hash({
      height: epoch * pow.epochLength,
      headerHash: new Uint8Array(32),
      nonce: 0n,
    });
    assert.ok(outcome.ok);
    rssBytes.push(process.memoryUsage.rss());
  }
  await pool.close();
  const grown = rssBytes[EPOCHS - 1]! - rssBytes[0]!;
  // If they stayed, there would be three more; half of that is far from either outcome.
  assert.ok(
    grown < ((EPOCHS - 1) * CACHE_BYTES) / 2,
    `${Math.round(grown / MIB)} MiB more than with one epoch`,
  );
});
