import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createScriptedRpc } from '../test/support/scripted-rpc.ts';
import { unreachable } from '../test/support/submitter-harness.ts';
import { createVirtualClock } from '../test/support/virtual-clock.ts';
import { recoverBlocks } from './block-recovery.ts';
import type { JournaledBlock } from './store/journal-records.ts';

function blockAt(height: number): JournaledBlock {
  const found = {
    kind: 'found',
    atMs: 0,
    height,
    blockHash: height.toString(16).padStart(64, '0'),
    previousBlockHash: '00'.repeat(32),
    worker: 'rig',
    coinbaseValueSat: '1',
    payouts: [],
    blockHex: '00',
  } as const;
  return { found, verdicts: [], outcome: undefined, final: undefined };
}

/** @param tips what each node says of its height; an Error where it says nothing */
async function recover(heights: readonly number[], tips: readonly (number | Error)[]) {
  const clock = createVirtualClock();
  const submitted: number[] = [];
  const lookedFor: number[] = [];
  const nodes = tips.map((tip) => ({
    rpc: createScriptedRpc(() => {
      if (tip instanceof Error) throw tip;
      return tip;
    }),
  }));
  const recovered = recoverBlocks(heights.map(blockAt), {
    nodes,
    clock,
    isStopped: () => false,
    submit: async ({ found }) => void submitted.push(found.height),
    lookFor: ({ found }) => void lookedFor.push(found.height),
  });
  await clock.advance(3_000);
  await recovered;
  return { submitted, lookedFor };
}

test('blocks that others passed lately are handed in, the highest first; those out of reach are looked for', async () => {
  const { submitted, lookedFor } = await recover([1_000, 1_001, 1_099, 1_101, 1_100], [1_101]);
  assert.deepEqual(submitted, [1_101, 1_100, 1_099, 1_001]);
  assert.deepEqual(lookedFor, [1_000]);
});

test('where no node says how far the chain is, all are handed in', async () => {
  const { submitted, lookedFor } = await recover([5, 1_000], [unreachable, unreachable]);
  assert.deepEqual([submitted, lookedFor], [[1_000, 5], []]);
});

test('one node that answers is enough', async () => {
  assert.deepEqual((await recover([5], [unreachable, 1_000])).lookedFor, [5]);
});
