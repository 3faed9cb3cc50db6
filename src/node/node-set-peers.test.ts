import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setUpNodeSet } from '../../test/support/node-set-harness.ts';

/** A set of one node, with so many connections of ours to it. */
async function setUp(ownPeers: number, expectedChain: 'main' | 'regtest' = 'main') {
  const harness = setUpNodeSet(1, { ownPeers: () => ownPeers, expectedChain });
  harness.n1.state.chain = expectedChain;
  const setPeers = (connections: number): void => {
    harness.n1.state.network = { version: 4_080_000, connections };
  };
  setPeers(8);
  harness.set.start();
  await harness.clock.advance(30_000);
  const stop = async (): Promise<void> => {
    const stopped = harness.set.stop();
    await harness.clock.advance(10_000);
    await stopped;
  };
  return { ...harness, setPeers, stop, warnings: () => harness.lines(/no other node but KPSS/).length };
}

test('a node that gives work to us alone is told of once, and so is its return', async () => {
  const { clock, setPeers, warnings, lines, stop } = await setUp(1);
  setPeers(1);
  await clock.advance(300_000);
  assert.equal(warnings(), 1);
  setPeers(3);
  await clock.advance(30_000);
  assert.equal(lines(/other nodes around it again/).length, 1);
  setPeers(1);
  await clock.advance(60_000);
  assert.equal(warnings(), 2);
  await stop();
});

test('a moment without peers is no news', async () => {
  const { clock, setPeers, warnings, lines, stop } = await setUp(1);
  setPeers(1);
  await clock.advance(20_000);
  setPeers(2);
  await clock.advance(60_000);
  assert.deepEqual([warnings(), lines(/again/).length], [0, 0]);
  await stop();
});

test('a last peer that is not ours counts, and so does nobody on a regtest', async () => {
  for (const { clock, setPeers, warnings, stop } of [await setUp(0), await setUp(1, 'regtest')]) {
    setPeers(1);
    await clock.advance(120_000);
    assert.equal(warnings(), 0);
    await stop();
  }
});
