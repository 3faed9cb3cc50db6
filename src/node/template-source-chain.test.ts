import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TIP_A as A, TIP_B as B, setUpTemplateSource } from '../../test/support/template-source-harness.ts';
import { RpcError } from './rpc-error.ts';

// A node on another network than KPSS is set to: none of its templates may reach a miner.

const setUp = () => setUpTemplateSource({ expectedChain: 'main', nodeUrl: 'http://127.0.0.1:8766' });
const gone = new RpcError('unreachable', 'http://127.0.0.1:8766 refuses the connection (ECONNREFUSED)');

test('the chain is asked for once, beside the first template, and costs it no time', async () => {
  const { clock, rpc, source, served, states } = setUp();
  rpc.hold('getblocktemplate', 'getblockchaininfo');
  source.start();
  await clock.settle();
  assert.equal(rpc.count('getblocktemplate') + rpc.count('getblockchaininfo'), 2, 'both are under way');
  rpc.take('getblockchaininfo').answer({ chain: 'main' });
  rpc.take('getblocktemplate').answer({ previousBlockHash: A });
  rpc.hold();
  await clock.settle();
  assert.deepEqual(served(), [[A, true]]);
  await clock.advance(90_000);
  assert.equal(rpc.count('getblockchaininfo'), 1);
  assert.deepEqual(states(), ['connecting', 'ready']);
  await source.stop();
});

test('a template that comes before the chain is known is held back until it is', async () => {
  const { clock, rpc, source, served, states } = setUp();
  rpc.hold('getblockchaininfo');
  source.start();
  await clock.advance(3_000);
  assert.deepEqual([served(), states()], [[], ['connecting']]);
  rpc.take('getblockchaininfo').answer({ chain: 'main' });
  await clock.settle();
  assert.deepEqual([served(), states()], [[[A, true]], ['connecting', 'ready']]);
  assert.equal(rpc.count('getblocktemplate'), 1);
  await source.stop();
});

test('a node on another network is told of once, gives no template, and is asked again every 5 s', async () => {
  const { clock, node, rpc, source, served, statuses } = setUp();
  node.chain = 'regtest';
  source.start();
  await clock.advance(60_000);
  assert.deepEqual(served(), []);
  assert.deepEqual(statuses.slice(1), [
    {
      state: 'wrong-network',
      code: 'KPSS_NODE_NETWORK',
      sentence:
        'The node at http://127.0.0.1:8766 is on regtest, but KPSS is set to main. ' +
        'Set network in kpss.yaml, or point node.url to the right node.',
    },
  ]);
  const before = rpc.count('getblockchaininfo');
  await clock.advance(60_000);
  assert.equal(rpc.count('getblockchaininfo') - before, 12);
  node.chain = 'main';
  await clock.advance(5_000);
  assert.deepEqual(served(), [[A, true]]);
  assert.equal(statuses.at(-1)?.state, 'ready');
  await source.stop();
});

test('a wrong network is told of even while the node has no peers', async () => {
  const { clock, node, source, states } = setUp();
  node.chain = 'test';
  node.noTemplate = new RpcError('not-connected', 'Raven is not connected! (-9)');
  source.start();
  await clock.advance(1_000);
  assert.deepEqual(states(), ['connecting', 'wrong-network']);
  await source.stop();
});

test('the node that comes back after an outage is asked anew, and may be another one', async () => {
  const { clock, node, rpc, source, served, states } = setUp();
  source.start();
  await clock.advance(1_000);
  node.away = gone;
  await clock.advance(5_000);
  delete node.away;
  node.chain = 'regtest';
  node.tip = B;
  await clock.advance(20_000);
  assert.deepEqual(served(), [[A, true]]);
  assert.deepEqual(states(), ['connecting', 'ready', 'unreachable', 'wrong-network']);
  node.away = gone;
  await clock.advance(5_000);
  delete node.away;
  node.chain = 'main';
  const asked = rpc.count('getblockchaininfo');
  await clock.advance(2_000);
  assert.deepEqual(served().at(-1), [B, true]);
  assert.equal(rpc.count('getblockchaininfo') - asked, 1);
  await source.stop();
});

test('a template on its way while the node was away waits for a new answer about the chain', async () => {
  const { clock, node, rpc, source, served, states } = setUp();
  source.start();
  await clock.settle();
  rpc.hold('getblocktemplate');
  source.refresh();
  node.away = gone;
  await clock.advance(250);
  delete node.away;
  node.chain = 'test';
  await clock.advance(2_000);
  rpc.take('getblocktemplate').answer({ previousBlockHash: B });
  rpc.hold();
  await clock.advance(10_000);
  assert.deepEqual(served(), [[A, true]]);
  assert.equal(states().at(-1), 'wrong-network');
  await source.stop();
});

test('a failure of the question about the chain is told and repeated like any other', async () => {
  const failures: [RpcError, string][] = [
    [new RpcError('timeout', 'no answer within 10000 ms'), 'timeout'],
    [new RpcError('method-not-found', 'Method not found', { rpcCode: -32601 }), 'not-a-node'],
  ];
  for (const [error, state] of failures) {
    const { clock, rpc, source, served, states } = setUp();
    rpc.hold('getblockchaininfo');
    source.start();
    await clock.settle();
    rpc.take('getblockchaininfo').fail(error);
    rpc.hold();
    await clock.settle();
    assert.deepEqual([served(), states()], [[], ['connecting', state]]);
    await clock.advance(250);
    assert.deepEqual([served(), states().at(-1)], [[[A, true]], 'ready']);
    await source.stop();
  }
});

test('an answer that names no chain is no node’s', async () => {
  for (const chain of [undefined, 7, '', 'two\nlines']) {
    const { clock, node, source, served, states } = setUp();
    node.chain = chain;
    source.start();
    await clock.advance(1_000);
    assert.deepEqual([served(), states()], [[], ['connecting', 'not-a-node']]);
    await source.stop();
  }
});

test('without an expected chain nothing is asked', async () => {
  const { clock, rpc, source, served } = setUpTemplateSource();
  source.start();
  await clock.settle();
  assert.deepEqual(served(), [[A, true]]);
  assert.equal(rpc.count('getblockchaininfo'), 0);
  await source.stop();
});
