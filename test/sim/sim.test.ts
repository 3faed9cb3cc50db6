import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testSeeds } from './batches.ts';
import { runSeed } from './world.ts';

// The real instance in a world of simulated nodes and miners, over a virtual clock: CONTRIBUTING.md tells how to use it.
// The seeds are split between two files, so that they run on two cores.

test('the same seed gives the same run, another one another', async () => {
  const fingerprints = new Set<string>();
  for (const seed of [1, 2, 3, 5, 8, 13]) {
    const { fingerprint } = await runSeed(seed);
    assert.equal((await runSeed(seed)).fingerprint, fingerprint, `seed ${seed}`);
    fingerprints.add(fingerprint);
  }
  assert.equal(fingerprints.size, 6);
});

testSeeds(1, 9);
