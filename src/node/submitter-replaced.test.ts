import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  block,
  nodeThatSays,
  setUpSubmitter as setUp,
  unreachable,
} from '../../test/support/submitter-harness.ts';
import type { SubmitOutcome } from './submitter.ts';

// Nodes that are replaced while a block is on its way.

test('a block whose node does not answer goes to the nodes that take its place, once', async () => {
  const { clock, nodes, rpc: gone, submitter } = setUp({ submitblock: [unreachable] });
  const outcome = submitter.submit(block);
  await clock.advance(1_000);
  const next = nodeThatSays({ submitblock: [null] });
  nodes.splice(0, 1, { name: 'next', rpc: next });
  submitter.handToNewNodes();
  assert.equal(next.calls.length, 1, 'before the call returns');
  submitter.handToNewNodes();
  assert.deepEqual(await outcome, { kind: 'accepted', how: 'answered', node: 'next', latencyMs: 0 });
  assert.equal(submitter.pending(), 0);
  submitter.handToNewNodes();
  assert.equal(next.calls.length, 1);
  const before = gone.calls.length;
  await clock.advance(10_000);
  assert.ok(gone.calls.length > before, 'the one that was let go is seen to as well');
  await submitter.stop();
});

test('a block is given up when the last of all its nodes has, those that came later among them', async () => {
  const { clock, nodes, submitter } = setUp(
    { submitblock: ['bad-cb-amount'] },
    { submitblock: [unreachable] },
  );
  const settled: SubmitOutcome[] = [];
  void submitter.submit(block).then((outcome) => settled.push(outcome));
  await clock.advance(0);
  nodes.push({ name: 'node3', rpc: nodeThatSays({ submitblock: [unreachable, null] }) });
  submitter.handToNewNodes();
  assert.deepEqual(settled, []);
  await clock.advance(1_000);
  assert.deepEqual(
    settled.map(({ kind }) => kind),
    ['accepted'],
  );
  await submitter.stop();
});
