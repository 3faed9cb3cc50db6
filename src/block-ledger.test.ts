import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createChainNode, HEIGHT, startRun } from '../test/support/found-blocks-harness.ts';
import { createMemoryJournal } from '../test/support/memory-journal.ts';
import { createVirtualClock } from '../test/support/virtual-clock.ts';
import { decodeJournal } from './store/journal-records.ts';

const HOUR_MS = 3_600_000;

/** A run on one node in which a block is found; `isAway`: the node does not hear of it. */
async function findBlock(isAway: boolean) {
  const node = createChainNode();
  node.isAway = isAway;
  const clock = createVirtualClock();
  const journal = createMemoryJournal();
  const run = startRun(clock, [node], { journal });
  await clock.settle();
  const share = run.createShare();
  run.blocks.submit(share, 'rig');
  await clock.settle();
  const hash = run.hashOf(share);
  node.chain.clear();
  if (!isAway) node.chain.set(hash, HEIGHT);
  return { ...run, node, clock, journal, hash, journaled: () => decodeJournal(journal.text).blocks[0] };
}

test('an accepted block is followed until it is mature, and counted once', async () => {
  const { clock, node, ledger, tally, journaled, messages } = await findBlock(false);
  node.tipHeight = HEIGHT + 98;
  await clock.advance(60_000);
  assert.deepEqual(
    ledger.reports().map(({ state, confirmations }) => [state, confirmations]),
    [['accepted', 99]],
  );
  assert.equal(journaled()?.final, undefined);
  node.tipHeight += 1;
  await clock.advance(60_000);
  assert.equal(ledger.reports()[0]?.state, 'mature');
  assert.equal(journaled()?.final?.final, 'mature');
  assert.equal(tally.counts().blocksAccepted, 1);
  assert.equal(messages('info').filter((text) => text.includes('is mature')).length, 1);
  assert.equal(clock.pending(), 0);
});

test('a block that was orphaned and came back is still counted once', async () => {
  const { clock, node, ledger, tally, hash } = await findBlock(false);
  node.chain.clear();
  node.tipHeight = HEIGHT + 1;
  await clock.advance(120_000);
  assert.equal(ledger.reports()[0]?.state, 'orphaned');
  node.chain.set(hash, HEIGHT);
  await clock.advance(60_000);
  assert.deepEqual([ledger.reports()[0]?.state, tally.counts().blocksAccepted], ['accepted', 1]);
});

test('a block that no answer came for is looked for on, and accepted when the chain has it after all', async () => {
  for (const confirmations of [2, 100]) {
    const { clock, node, ledger, tally, journaled, outcomes, hash } = await findBlock(true);
    await clock.advance(7 * HOUR_MS);
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome.kind === 'gave-up' && outcome.why),
      ['time-is-up'],
    );
    assert.equal(journaled()?.outcome, undefined);
    // Another node brought it into the chain.
    node.isAway = false;
    node.chain.set(hash, HEIGHT);
    node.tipHeight = HEIGHT + confirmations - 1;
    await clock.advance(120_000);
    assert.equal(ledger.reports()[0]?.state, confirmations === 100 ? 'mature' : 'accepted');
    assert.equal(tally.counts().blocksAccepted, 1);
    assert.equal(journaled()?.outcome?.outcome, 'accepted');
  }
});

test('an inconclusive block of an earlier run is not taken for accepted', async () => {
  const first = await findBlock(false);
  const text = first.journal.text.replace('"outcome":"accepted"', '"outcome":"inconclusive"');
  const node = createChainNode();
  const clock = createVirtualClock();
  const { ledger, tally, messages } = startRun(clock, [node], { journal: createMemoryJournal(text) });
  node.tipHeight = HEIGHT + 2;
  await clock.advance(120_000);
  assert.deepEqual([ledger.reports()[0]?.state, tally.counts().blocksAccepted], ['inconclusive', 0]);
  assert.deepEqual(messages('warn'), []);
  node.chain.set(first.hash, HEIGHT);
  await clock.advance(60_000);
  assert.deepEqual([ledger.reports()[0]?.state, tally.counts().blocksAccepted], ['accepted', 1]);
});
