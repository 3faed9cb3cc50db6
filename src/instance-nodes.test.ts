import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { createMemoryJournal } from '../test/support/memory-journal.ts';
import { rawTemplate, tipOf } from '../test/support/mining.ts';
import { createKeptLog, createScriptedRpc } from '../test/support/scripted-rpc.ts';
import { EASY } from '../test/support/session-harness.ts';
import { StratumClient } from '../test/support/stratum-client.ts';
import { onePort } from '../test/support/stratum-options.ts';
import { notFound } from '../test/support/submitter-harness.ts';
import { createVirtualClock } from '../test/support/virtual-clock.ts';
import { findNetwork } from './chain/coins.ts';
import { systemRandom } from './clock.ts';
import { Instance } from './instance.ts';
import { KAWPOW } from './kawpow/params.ts';
import type { Verifier } from './kawpow/verifier.ts';
import { RpcError } from './node/rpc-error.ts';
import { decodeJournal, encodeRecord } from './store/journal-records.ts';

// An instance on two nodes, as the miners see it.

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const verifier: Verifier = {
  verify: () => Promise.resolve({ ok: false, reason: 'closed' }),
  hash: () => Promise.resolve({ ok: false, reason: 'closed' }),
  prepare: () => Promise.resolve(),
  keep: () => {},
  endSession: () => {},
  status: () => ({ queued: 0, epochs: [], verified: 0, shed: 0, unverifiedRate: 0, hashesPerS: undefined }),
  epochMemory: () => Promise.reject(new Error('not here')),
  close: () => Promise.resolve(),
};

function createNode(name: string, priority: number) {
  const state: { tip: string; chain: string; height: number; away?: RpcError | undefined } = {
    tip: tipOf(1),
    chain: 'regtest',
    height: 4_000_000,
  };
  const rpc = createScriptedRpc((method) => {
    if (state.away !== undefined) throw state.away;
    if (method === 'getbestblockhash') return state.tip;
    if (method === 'getblockchaininfo') return { chain: state.chain };
    if (method === 'submitblock') return 'high-hash';
    if (method === 'getblockcount') return state.height;
    if (method === 'getblockheader') throw notFound;
    if (method === 'getblocktemplate') return { ...rawTemplate(), previousblockhash: state.tip };
    return undefined;
  });
  return { name, url: `http://${name}`, priority, state, rpc: Object.assign(rpc, { close: () => {} }) };
}

const HEIGHT = 1_000;
const RECORD = { atMs: 0, blockHash: 'ab'.repeat(32) };
const FOUND = encodeRecord({
  ...RECORD,
  kind: 'found',
  height: HEIGHT,
  previousBlockHash: tipOf(0),
  worker: 'rig',
  coinbaseValueSat: '500000000000',
  payouts: [],
  blockHex: '00',
});

async function startOn({ chain = 'regtest', height = 4_000_000, journal = createMemoryJournal() }) {
  const network = findNetwork('ravencoin', 'regtest');
  assert(network);
  const clock = createVirtualClock();
  const first = createNode('first', 1);
  const second = createNode('second', 2);
  for (const { state } of [first, second]) Object.assign(state, { chain, height });
  const instance = new Instance(
    {
      name: 'test',
      network,
      pow: KAWPOW,
      payout: { mainScript: Uint8Array.of(0x51), recipients: [] },
      tag: new Uint8Array(0),
      stratum: onePort(EASY),
      tips: { pollMs: 1_000, refreshMs: 20_000, askAfterFound: true },
    },
    // The better one stands last in the configuration.
    { clock, random: systemRandom, log: createKeptLog(), verifier, nodes: [second, first], journal },
  );
  const [port = 0] = await instance.start();
  closers.push(async () => {
    const stopped = instance.stop();
    for (let i = 0; i < 20; i++) await clock.advance(1_000);
    await stopped;
  });
  await clock.advance(15_000);
  return { instance, clock, first, second, port };
}

async function startInstance() {
  const { port, ...started } = await startOn({});
  const client = await StratumClient.connect(port);
  closers.push(async () => client.destroy());
  client.send(
    { id: 1, method: 'mining.subscribe', params: ['test/1.0'] },
    { id: 2, method: 'mining.authorize', params: ['a.rig', 'x'] },
  );
  return { ...started, client };
}

test('the miner keeps its connection and gets a new job when the node in use fails', async () => {
  const { instance, clock, first, second, client } = await startInstance();
  const before = await client.job();
  assert.deepEqual(
    instance.status().nodes.map(({ name, isSource }) => [name, isSource]),
    [
      ['second', false],
      ['first', true],
    ],
  );
  first.state.away = new RpcError('unreachable', 'connection refused');
  await clock.advance(2_000);
  const after = await client.job();
  assert.notEqual(after.params[0], before.params[0]);
  assert.equal(instance.status().node?.state, 'ready');
  assert.deepEqual(
    instance.status().nodes.map(({ name, isSource, status }) => [name, isSource, status.state]),
    [
      ['second', true, 'ready'],
      ['first', false, 'unreachable'],
    ],
  );
  second.state.away = first.state.away;
  await clock.advance(2_000);
  assert.match(instance.status().node?.sentence ?? '', /^None of the 2 nodes gives work\./);
  assert.equal(instance.status().miners, 1);
});

test('a signal brings a job at once, long before the next poll', async () => {
  const { instance, clock, first, client } = await startInstance();
  await client.job();
  await clock.advance(100);
  first.state.tip = tipOf(2);
  instance.noteTip(tipOf(2), { signal: 'zmq', node: 'first' });
  await clock.settle();
  assert.equal((await client.job()).params[4], true, 'clean');
  await clock.advance(1_000);
  assert.deepEqual(
    instance.status().signals.map(({ signal, first: count }) => [signal, count]),
    [
      ['zmq', 1],
      ['poll', 0],
    ],
  );
});

test('a node of another network is not asked what became of blocks of before: it has none of them', async () => {
  const text =
    FOUND + encodeRecord({ ...RECORD, kind: 'outcome', outcome: 'accepted', node: 'first', reason: '' });
  for (const chain of ['main', 'regtest']) {
    const journal = createMemoryJournal(text);
    const { instance, clock } = await startOn({ chain, journal });
    await clock.advance(180_000);
    const isAsked = chain === 'regtest';
    assert.equal(instance.status().blocks[0]?.state, isAsked ? 'orphaned' : 'accepted');
    assert.equal(journal.text.includes('orphaned'), isAsked);
  }
});

test('a block of before that a node of another network refuses is handed in again at the next start', async () => {
  for (const chain of ['main', 'regtest']) {
    const journal = createMemoryJournal(FOUND);
    const { instance, clock } = await startOn({ chain, height: HEIGHT, journal });
    await clock.advance(60_000);
    assert.equal(journal.text.includes('high-hash'), true);
    const isBelieved = chain === 'regtest';
    assert.equal(instance.status().blocks[0]?.state, isBelieved ? 'rejected' : 'submitting');
    assert.equal(
      decodeJournal(journal.text).blocks[0]?.outcome?.outcome,
      isBelieved ? 'rejected' : undefined,
    );
  }
});

test('an instance whose node is away is alive; one that asks it nothing is not', async () => {
  const { instance, clock, first, second } = await startInstance();
  for (const { state } of [first, second]) state.away = new RpcError('unreachable', 'nobody is there');
  for (let minute = 0; minute < 10; minute++) {
    await clock.advance(60_000);
    assert.ok(instance.isAsking());
  }
  // A call that its own deadline does not end: what must not happen.
  const { call } = first.rpc;
  const hung = Promise.withResolvers<never>();
  first.rpc.call = () => hung.promise;
  await clock.advance(90_000);
  assert.equal(instance.isAsking(), false);
  first.rpc.call = call;
  hung.reject(new RpcError('timeout', 'at last'));
});
