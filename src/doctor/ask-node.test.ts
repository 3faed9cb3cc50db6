import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createScriptedRpc } from '../../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { askRest, createAsker } from './ask-node.ts';

test('no call takes longer than is left until the deadline, and all fail without an exception', async () => {
  const clock = createVirtualClock();
  const rpc = createScriptedRpc(async () => {
    await clock.advance(2_500);
    throw new Error('no answer');
  });
  const ask = createAsker(rpc, clock, clock.nowMs() + 6_000);
  for (let i = 0; i < 4; i++) assert.equal((await ask('getblockchaininfo')).ok, false);
  assert.deepEqual(
    rpc.calls.map(({ timeoutMs }) => timeoutMs),
    [5_000, 3_500, 1_000, 200],
  );
});

test('a node that gives no tip is not asked for it again, and at most eight addresses are asked about', async () => {
  const rpc = createScriptedRpc((method) => {
    if (method === 'getbestblockhash') throw new Error('no');
    return {};
  });
  const ask = createAsker(rpc, createVirtualClock(), Number.POSITIVE_INFINITY);
  const addresses = Array.from({ length: 20 }, (_, i) => `address ${i}`);
  const answers = await askRest(ask, await ask('getblockchaininfo'), addresses);
  assert.equal(rpc.count('getbestblockhash'), 1);
  assert.deepEqual(
    answers.addresses.map(({ address }) => address),
    addresses.slice(0, 8),
  );
});
