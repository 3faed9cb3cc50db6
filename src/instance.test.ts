import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createMemoryJournal } from '../test/support/memory-journal.ts';
import { rawTemplate, tipOf } from '../test/support/mining.ts';
import { createKeptLog, createScriptedRpc, type ScriptedRpc } from '../test/support/scripted-rpc.ts';
import { EASY } from '../test/support/session-harness.ts';
import { prefixIn, StratumClient } from '../test/support/stratum-client.ts';
import { onePort } from '../test/support/stratum-options.ts';
import { createVirtualClock } from '../test/support/virtual-clock.ts';
import type { BlockOutcome } from './block-ledger.ts';
import { findNetwork } from './chain/coins.ts';
import { systemClock, systemRandom } from './clock.ts';
import { Instance } from './instance.ts';
import type { InstanceModules } from './instance-modules.ts';
import { KAWPOW } from './kawpow/params.ts';
import type { Verifier } from './kawpow/verifier.ts';
import { createRpcClient } from './node/rpc-client.ts';
import { RpcError } from './node/rpc-error.ts';
import { decodeJournal } from './store/journal-records.ts';
import type { JournalStore } from './store/journal-store.ts';

const network = findNetwork('ravencoin', 'regtest');
assert(network);

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A verifier that finds every mix hash right, or (`valid` false) those of candidates wrong; it notes what it is to keep. */
function createFakeVerifier(valid = true) {
  const kept: (readonly number[])[] = [];
  const ended: string[] = [];
  const hash = new Uint8Array(32);
  let answers = true;
  const verifier: Verifier = {
    verify: ({ urgent }) =>
      answers
        ? Promise.resolve({ ok: true, valid: valid || !urgent, mixHash: hash, finalHash: hash })
        : new Promise(() => {}),
    hash: () => Promise.resolve({ ok: false, reason: 'closed' }),
    prepare: () => Promise.resolve(),
    keep: (_owner, epochs) => {
      kept.push(epochs);
    },
    endSession: (sessionId) => {
      ended.push(sessionId);
    },
    status: () => ({ queued: 0, epochs: [], verified: 0, shed: 0, unverifiedRate: 0, hashesPerS: undefined }),
    epochMemory: () => Promise.reject(new Error('not here')),
    close: () => Promise.resolve(),
  };
  const keepSilent = (): void => {
    answers = false;
  };
  return { verifier, kept, ended, keepSilent };
}

/** An instance on a scripted node: `node` may be changed as the test goes. */
async function startInstance(
  settings: { valid?: boolean; payPerLogin?: boolean; chain?: string; journal?: JournalStore } = {},
) {
  assert(network);
  const node: Record<string, unknown> = {
    getblockchaininfo: { chain: settings.chain ?? 'regtest' },
    getblocktemplate: rawTemplate(),
    submitblock: null,
    proposal: null,
  };
  const scripted = createScriptedRpc((method, params) => {
    if ((params[0] as { mode?: string } | undefined)?.mode === 'proposal') return node.proposal;
    const answer =
      method === 'getbestblockhash'
        ? (node.getblocktemplate as { previousblockhash: string }).previousblockhash
        : node[method];
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const clock = createVirtualClock();
  const log = createKeptLog();
  const { verifier, kept, ended, keepSilent } = createFakeVerifier(settings.valid);
  const blocks: BlockOutcome[] = [];
  const instance = new Instance(
    {
      name: 'test',
      network,
      pow: KAWPOW,
      payout: { mainScript: settings.payPerLogin ? undefined : Uint8Array.of(0x51), recipients: [] },
      tag: new Uint8Array(0),
      stratum: onePort(EASY),
    },
    {
      clock,
      random: systemRandom,
      log,
      verifier,
      nodes: [
        {
          name: 'node1',
          url: 'http://node1',
          priority: 1,
          rpc: Object.assign(scripted, { close: () => {} }),
        },
      ],
      journal: settings.journal,
      onBlock: (block) => blocks.push(block),
    },
  );
  const [port = 0] = await instance.start();
  closers.push(async () => {
    const stopped = instance.stop();
    for (let i = 0; i < 20; i++) await clock.advance(1_000);
    await stopped;
  });
  await clock.advance(0);
  return { instance, node, rpc: scripted as ScriptedRpc, clock, log, kept, ended, blocks, port, keepSilent };
}

async function connectMiner(port: number): Promise<StratumClient> {
  const client = await StratumClient.connect(port);
  closers.push(async () => client.destroy());
  client.send(
    { id: 1, method: 'mining.subscribe', params: ['test/1.0'] },
    { id: 2, method: 'mining.authorize', params: ['a.rig', 'x'] },
  );
  await client.find((m) => m.id === 2);
  return client;
}

/** Submits until a candidate went to the node; every second hash is one. */
async function findBlock(client: StratumClient, sent: () => number): Promise<void> {
  const { params } = await client.job();
  const prefix = prefixIn(await client.find((m) => m.id === 1));
  const before = sent();
  for (let i = 0; i < 64 && sent() === before; i++) {
    const nonce = prefix + i.toString(16).padStart(12, '0');
    await client.call(`n${i}`, 'mining.submit', ['a.rig', params[0], nonce, params[1], '00'.repeat(32)]);
  }
  assert(sent() > before, '64 hashes and no candidate');
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the epoch is kept from the first template on, the next one 500 blocks ahead, none after the end', async () => {
  const { instance, node, clock, kept } = await startInstance();
  assert.deepEqual(kept.at(-1), [0]);
  node.getblocktemplate = { ...rawTemplate(), height: 7_000, previousblockhash: tipOf(1) };
  await clock.advance(250);
  assert.deepEqual(kept.at(-1), [0, 1]);
  node.getblocktemplate = { ...rawTemplate(), height: 7_500, previousblockhash: tipOf(2) };
  await clock.advance(250);
  assert.deepEqual(kept.at(-1), [1, 0]);
  const stopped = instance.stop();
  await clock.advance(10_000);
  await stopped;
  assert.deepEqual(kept.at(-1), []);
});

test('the work is proved valid before the first miner comes, and a refusal is an alarm', async () => {
  const { instance, node, clock, log } = await startInstance();
  assert.equal(instance.status().proof.state, 'unknown');
  await clock.advance(1_000);
  assert.deepEqual([instance.status().proof.state, instance.status().proof.height], ['proved', 258]);
  node.proposal = 'bad-cb-amount';
  node.getblocktemplate = { ...rawTemplate(), previousblockhash: tipOf(1) };
  await clock.advance(1_000);
  assert.deepEqual(
    [instance.status().proof.state, instance.status().proof.reason],
    ['refused', 'bad-cb-amount'],
  );
  const alarm = log.lines.find(({ level }) => level === 'error');
  assert.match(alarm?.message ?? '', /^node1 refuses the work: a block found on it would be lost/);
});

test('prefixes of miners that left come back when the jobs they had are over', async () => {
  const { instance, node, clock, port } = await startInstance();
  const free = instance.status().prefixesFree;
  const client = await connectMiner(port);
  await client.job();
  client.destroy();
  for (let i = 0; i < 100 && instance.status().miners > 0; i++) await turn();
  assert.equal(instance.status().prefixesFree, free - 1);
  for (const byte of [1, 2]) {
    node.getblocktemplate = { ...rawTemplate(), previousblockhash: tipOf(byte) };
    await clock.advance(250);
  }
  assert.equal(instance.status().prefixesFree, free);
});

test('the verifier is told when a miner leaves', async () => {
  const { instance, ended, port } = await startInstance();
  const client = await connectMiner(port);
  assert.deepEqual(ended, []);
  client.destroy();
  for (let i = 0; i < 100 && instance.status().miners > 0; i++) await turn();
  assert.deepEqual(ended, ['test/1']);
});

test('after an acceptance the new template is asked for at once, not at the next poll', async () => {
  const { rpc, clock, log, blocks, port } = await startInstance();
  const client = await connectMiner(port);
  const asked = rpc.count('getblocktemplate');
  await findBlock(client, () => rpc.count('submitblock'));
  await clock.settle();
  assert.equal(blocks[0]?.outcome.kind, 'accepted');
  assert.equal(rpc.count('getblocktemplate'), asked + 1);
  assert(
    log.lines.some(({ message }) =>
      /^BLOCK 258 ACCEPTED by node1: 2500\.004633 RVN, found by rig$/.test(message),
    ),
  );
});

test('a block that finds its node away is sent again until the node takes it', async () => {
  const { node, rpc, clock, blocks, port } = await startInstance();
  const client = await connectMiner(port);
  node.submitblock = new RpcError('unreachable', 'connection refused');
  await findBlock(client, () => rpc.count('submitblock'));
  await clock.advance(5_000);
  assert.equal(blocks.length, 0);
  // The tip moves meanwhile: the block still competes.
  node.getblocktemplate = { ...rawTemplate(), previousblockhash: tipOf(3) };
  await clock.advance(500);
  node.submitblock = null;
  await clock.advance(10_000);
  assert.equal(blocks[0]?.outcome.kind, 'accepted');
});

test('a block whose mix hash is found to be wrong is not sent again', async () => {
  const { node, rpc, clock, blocks, port } = await startInstance({ valid: false });
  const client = await connectMiner(port);
  node.submitblock = new RpcError('unreachable', 'connection refused', { mayHaveActed: false });
  await findBlock(client, () => rpc.count('submitblock'));
  const sent = rpc.count('submitblock');
  await clock.advance(10_000);
  assert.equal(rpc.count('submitblock'), sent);
  assert.equal(blocks[0]?.outcome.kind, 'gave-up');
});

test('a block on its way when the server is stopped is still brought to a node that comes back', async () => {
  const { instance, node, rpc, clock, blocks, port } = await startInstance();
  const client = await connectMiner(port);
  node.submitblock = new RpcError('unreachable', 'connection refused');
  await findBlock(client, () => rpc.count('submitblock'));
  await turn();
  const stopped = instance.stop();
  await clock.advance(3_000);
  node.submitblock = null;
  await clock.advance(6_000);
  assert.equal(blocks[0]?.outcome.kind, 'accepted');
  await stopped;
});

test('a block without an answer at the end is in the journal, and the next start brings it to the node', async () => {
  const journal = createMemoryJournal();
  const first = await startInstance({ journal });
  const client = await connectMiner(first.port);
  first.node.submitblock = new RpcError('unreachable', 'connection refused');
  await findBlock(client, () => first.rpc.count('submitblock'));
  await turn();
  assert.deepEqual(first.instance.status().journal, { state: 'ok', path: 'memory.jsonl' });
  assert.equal(first.instance.status().blocks[0]?.state, 'submitting');
  const stopped = first.instance.stop();
  for (let i = 0; i < 20; i++) await first.clock.advance(1_000);
  await stopped;
  const next = await startInstance({ journal: createMemoryJournal(journal.text) });
  await next.clock.advance(3_000);
  assert.equal(next.blocks[0]?.outcome.kind, 'accepted');
  const [report] = next.instance.status().blocks;
  assert.deepEqual(
    [report?.state, report?.hash, report?.worker],
    ['accepted', next.blocks[0]?.blockHash, 'rig'],
  );
});

test('candidates that wait for their verdict at the end are in the journal, too', async () => {
  const journal = createMemoryJournal();
  const { instance, rpc, clock, port, keepSilent } = await startInstance({ journal });
  keepSilent();
  const client = await connectMiner(port);
  const { params } = await client.job();
  const prefix = prefixIn(await client.find((m) => m.id === 1));
  const submissions = Array.from({ length: 30 }, (_, i) => {
    const nonce = prefix + i.toString(16).padStart(12, '0');
    const fields = ['a.rig', params[0], nonce, params[1], '00'.repeat(32)];
    return { id: `n${i}`, method: 'mining.submit', params: fields };
  });
  client.send(...submissions);
  // A request of its own, behind all of them.
  await client.call('end', 'mining.extranonce.subscribe', []);
  const stopped = instance.stop();
  for (let i = 0; i < 20; i++) await clock.advance(1_000);
  await stopped;
  assert.equal(rpc.count('submitblock'), 2);
  const { blocks } = decodeJournal(journal.text);
  assert(blocks.length > 2, `${blocks.length} blocks`);
  assert.equal(blocks.filter(({ outcome }) => outcome !== undefined).length, 2);
});

test('a node of another network gives no work, and the owner is told; the right one does', async () => {
  const { node, clock, log, instance, port } = await startInstance({ chain: 'main' });
  const client = await connectMiner(port);
  assert.equal(instance.status().node?.state, 'wrong-network');
  assert(
    log.lines.some(
      ({ level, message }) => level === 'warn' && /main/.test(message) && /regtest/.test(message),
    ),
  );
  assert.equal(instance.status().height, undefined);
  node.getblockchaininfo = { chain: 'regtest' };
  await clock.advance(10_000);
  await client.job();
  assert.equal(instance.status().node?.state, 'ready');
});

test('whoever is told of a new tip has the node asked at once, without a hash, too', async () => {
  const { instance, node, clock } = await startInstance();
  for (const byHash of [true, false]) {
    const tip = tipOf(byHash ? 2 : 3);
    node.getblocktemplate = { ...rawTemplate(), previousblockhash: tip };
    if (byHash) instance.noteTip(tip, { signal: 'notify' });
    else instance.refresh();
    await clock.settle();
    assert.equal(instance.status().template?.previousBlockHash, tip);
  }
});

test('a refused login is told to the owner, once in a while', async () => {
  const { log, port } = await startInstance({ payPerLogin: true });
  for (let i = 0; i < 5; i++) {
    const client = await connectMiner(port);
    assert.equal((await client.find((m) => m.id === 2)).error?.[0], 24);
    client.destroy();
  }
  const lines = log.lines.filter(({ message }) => message.includes('refused'));
  assert.equal(lines.length, 1);
  assert.match(lines[0]?.message ?? '', /a login was refused: .*ravencoin regtest address/);
});

test('a log that takes a second to write does not hold a block back', async () => {
  assert(network);
  const node = new Worker(new URL('../test/support/slow-log-node.ts', import.meta.url), {
    workerData: { template: rawTemplate() },
  });
  closers.push(() => node.terminate());
  const [{ port: rpcPort }] = (await once(node, 'message')) as [{ port: number }];
  const credentials = { kind: 'password', user: 'u', password: 'p' } as const;
  const rpc = createRpcClient({ url: `http://127.0.0.1:${rpcPort}`, credentials, clock: systemClock });
  let foundAtMs = 0;
  const standStill = new Int32Array(new SharedArrayBuffer(4));
  const log: InstanceModules['log'] = {
    ...createKeptLog(),
    info: (_fields, message) => {
      if (!message.includes('found by') || foundAtMs > 0) return;
      foundAtMs = Date.now();
      Atomics.wait(standStill, 0, 0, 1_000);
    },
  };
  const instance = new Instance(
    {
      name: 'test',
      network,
      pow: KAWPOW,
      payout: { mainScript: Uint8Array.of(0x51), recipients: [] },
      tag: new Uint8Array(0),
      stratum: onePort(EASY),
    },
    {
      clock: systemClock,
      random: systemRandom,
      log,
      verifier: createFakeVerifier().verifier,
      nodes: [{ name: 'n', url: 'http://n', priority: 1, rpc }],
    },
  );
  const [port = 0] = await instance.start();
  closers.push(() => instance.stop());
  const client = await connectMiner(port);
  const arrived = once(node, 'message') as Promise<[{ blockAtMs: number }]>;
  const { params } = await client.job();
  const prefix = prefixIn(await client.find((m) => m.id === 1));
  // Forty lines in one segment, a candidate among the first of them.
  const lines = Array.from({ length: 40 }, (_, i) => {
    const nonce = prefix + i.toString(16).padStart(12, '0');
    return {
      id: `n${i}`,
      method: 'mining.submit',
      params: ['a.rig', params[0], nonce, params[1], '00'.repeat(32)],
    };
  });
  client.send(...lines);
  const [{ blockAtMs }] = await arrived;
  for (let i = 0; i < 200 && foundAtMs === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert(
    foundAtMs > 0 && blockAtMs - foundAtMs < 500,
    `the block arrived ${blockAtMs - foundAtMs} ms after it was told`,
  );
});
