import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  block,
  orphaned,
  setUpSubmitter as setUp,
  unreachable,
} from '../../test/support/submitter-harness.ts';

// More blocks on their way than may wait.

test('of a flood of blocks that no node takes, 64 wait and the oldest are given up after one sending', async () => {
  const { clock, rpc, submitter } = setUp({ submitblock: [unreachable] });
  const outcomes = Array.from({ length: 100 }, () => submitter.submit(block));
  await clock.settle();
  assert.equal(rpc.count('submitblock'), 100, 'each was sent');
  assert.equal(submitter.pending(), 64);
  for (const outcome of outcomes.slice(0, 36)) {
    const settled = await outcome;
    assert.ok(settled.kind === 'gave-up' && settled.why === 'too-many');
  }
  await submitter.stop();
  assert.equal(submitter.pending(), 0);
});

test('blocks that cannot win any more make room for those that can, however old these are', async () => {
  const { clock, submitter, rpc } = setUp({ submitblock: [unreachable] });
  const given: string[] = [];
  const submit = (name: string, stillUseful: () => boolean): void => {
    void submitter.submit({ ...block, stillUseful }).then(() => given.push(name));
  };
  submit('real', () => true);
  await clock.advance(50);
  let rivalsCanWin = true;
  for (let i = 0; i < 63; i++) submit(`rival ${i}`, () => rivalsCanWin);
  await clock.settle();
  rivalsCanWin = false;
  submit('hopeless', () => false);
  submit('second', () => true);
  await clock.settle();
  assert.equal(submitter.pending(), 64);
  assert.deepEqual(given, ['rival 0', 'rival 1']);
  await clock.advance(20_000);
  assert.deepEqual(
    [submitter.pending(), given.includes('real'), given.includes('second')],
    [2, false, false],
  );
  assert.ok(rpc.count('submitblock') > 66);
  await submitter.stop();
});

test('rivals that wait for their second look make room too, and are looked at now', async () => {
  const { clock, submitter, rpc } = setUp({
    submitblock: [...Array(64).fill('inconclusive'), unreachable],
    getblockheader: [orphaned],
  });
  const rivals = Array.from({ length: 64 }, () => submitter.submit({ ...block, stillUseful: () => false }));
  await clock.settle();
  void submitter.submit(block);
  await clock.settle();
  assert.equal(rpc.count('getblockheader'), 1);
  assert.deepEqual(await rivals[0], {
    kind: 'inconclusive',
    reason: 'the node has another block at this height',
    node: 'node1',
    latencyMs: 0,
  });
  assert.equal(submitter.pending(), 64);
  await submitter.stop();
});
