import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encodeAddress } from '../../src/chain/address.ts';
import { findNetwork } from '../../src/chain/coins.ts';
import { systemClock, systemRandom } from '../../src/clock.ts';
import { createDevnet, type Devnet } from '../../src/devnet/devnet.ts';
import { createVerifierPool } from '../../src/kawpow/pool.ts';
import { createRpcClient } from '../../src/node/rpc-client.ts';
import { KpssProcess, stopAllKpss } from '../support/kpss-process.ts';
import { silentLog } from '../support/mining.ts';
import { type Message, StratumClient } from '../support/stratum-client.ts';
import { type Dialect, TestMiner } from '../support/test-miner.ts';

const network = findNetwork('ravencoin', 'regtest');
assert(network);
const ADDRESS = encodeAddress(network.p2pkhVersion, new Uint8Array(20).fill(7));
/** Nothing that a test hashes by chance is a block at these bits, and two of three hashes miss the share target. */
const HARD_BITS = 0x1d00ffff;
/** Two of three hashes are blocks. */
const EASY_BITS = 0x207fffff;
/** One share in four hashes. */
const SHARE_DIFFICULTY = 4 / 2 ** 32;

const verifier = createVerifierPool();
let devnet: Devnet;
let kpss: KpssProcess;
let port: number;
let folder: string;

before(async () => {
  devnet = await createDevnet(
    { network, startBits: HARD_BITS },
    { verifier, clock: systemClock, random: systemRandom, log: silentLog },
  );
  devnet.control.setBits(HARD_BITS);
  folder = mkdtempSync(join(tmpdir(), 'kpss-e2e-'));
  writeFileSync(
    join(folder, 'kpss.yaml'),
    [
      'network: regtest',
      `node: { url: "${devnet.url}", user: "${devnet.user}", password: "${devnet.password}" }`,
      `payout: { address: ${ADDRESS} }`,
      `stratum: { port: 0, difficulty: ${SHARE_DIFFICULTY} }`,
    ].join('\n'),
  );
  kpss = new KpssProcess(['start'], { cwd: folder });
  port = await kpss.stratumPort();
  // Until then shares are accepted unverified, and a wrong mix hash would be found out late.
  const warmUp = await connectMiner('plain');
  await warmUp.submitGood();
  await kpss.line((line) => line.msg.includes('shares are verified'));
  warmUp.client.destroy();
});

after(async () => {
  await stopAllKpss();
  await devnet?.close();
  await verifier.close();
  rmSync(folder, { recursive: true, force: true });
});

async function connectMiner(dialect: Dialect): Promise<TestMiner> {
  const client = await StratumClient.connect(port);
  const miner = new TestMiner(client, { dialect, address: ADDRESS, verifier });
  await miner.logIn();
  return miner;
}

function assertRejected(reply: Message, code: number): void {
  assert.equal(reply.result, null);
  assert.equal(reply.error?.[0], code, JSON.stringify(reply.error));
}

for (const dialect of ['0x', 'plain'] as const) {
  describe(`a miner that writes hex ${dialect === '0x' ? 'with' : 'without'} 0x`, () => {
    let miner: TestMiner;
    before(async () => {
      miner = await connectMiner(dialect);
    });
    after(() => miner.client.destroy());

    test('a valid share is accepted, and again it is a duplicate: 22', async () => {
      const job = await miner.client.job();
      const found = await miner.hash(job, (f) => f.meetsShareTarget);
      assert.equal((await miner.submit(job, found)).result, true);
      assertRejected(await miner.submit(job, found), 22);
    });

    test('a share above its target: 23', async () => {
      const job = await miner.client.job();
      assertRejected(await miner.submit(job, await miner.hash(job, (f) => !f.meetsShareTarget)), 23);
    });

    test('a nonce of another connection: 24', async () => {
      const job = await miner.client.job();
      const foreign = miner.prefix === '0000' ? 'ffff' : '0000';
      assertRejected(
        await miner.submit(job, { nonce: foreign + '0'.repeat(12), mixHash: '00'.repeat(32) }),
        24,
      );
    });

    test('another header: 20; a job nobody gave: 21', async () => {
      const job = await miner.client.job();
      const found = { nonce: `${miner.prefix}${'1'.repeat(12)}`, mixHash: '00'.repeat(32) };
      assertRejected(await miner.submit(job, found, { headerHash: '11'.repeat(32) }), 20);
      assertRejected(await miner.submit(job, found, { jobId: 'fffff' }), 21);
    });

    test('a mix hash that leads to a good final hash but is not the real one: 20', async () => {
      const job = await miner.client.job();
      // One wrong mix hash in four gives a final hash that meets the target; the others are of low difficulty.
      for (let i = 1; i < 200; i++) {
        const nonce = miner.prefix + (0xabc000 + i).toString(16).padStart(12, '0');
        const reply = await miner.submit(job, { nonce, mixHash: i.toString(16).padStart(64, '0') });
        assert.equal(reply.result, null);
        if (reply.error?.[0] !== 23) {
          assert.deepEqual(reply.error, [20, 'wrong mix hash', null]);
          return;
        }
      }
      assert.fail('200 wrong mix hashes and none met the target');
    });
  });
}

test('a share without login: 24, without subscription: 25', async () => {
  const client = await StratumClient.connect(port);
  const params = ['a', '10000', `0x${'0'.repeat(16)}`, `0x${'0'.repeat(64)}`, `0x${'0'.repeat(64)}`];
  assertRejected(await client.call(40, 'mining.submit', params), 25);
  await client.call(1, 'mining.subscribe', []);
  assertRejected(await client.call(41, 'mining.submit', params), 24);
  client.destroy();
});

test('after a new tip the work on the old one is stale: 21', async () => {
  const miner = await connectMiner('0x');
  const job = await miner.client.job();
  const found = await miner.hash(job, (f) => f.meetsShareTarget);
  const seen = miner.client.messages.length;
  devnet.control.setBits(EASY_BITS);
  await devnet.control.mineBlock();
  const next = await miner.client.job(seen);
  assert.equal(next.params[4], true);
  assert.equal(next.params[5], job.params[5] + 1);
  assertRejected(await miner.submit(job, found), 21);
  miner.client.destroy();
});

/** Mines with easy bits until the node's chain grows, and returns the block. */
async function findBlock(miner: TestMiner): Promise<string> {
  const height = devnet.height();
  for (let i = 0; i < 100 && devnet.height() === height; i++) {
    await miner.submitGood();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert(devnet.height() > height, 'a hundred shares and no block');
  return devnet.tip();
}

async function paidBy(blockHash: string): Promise<string[]> {
  const { url, user, password } = devnet;
  const rpc = createRpcClient({ url, clock: systemClock, credentials: { kind: 'password', user, password } });
  const block = (await rpc.call('getblock', [blockHash, 2])) as {
    tx: { vout: { value: number; scriptPubKey: { addresses?: string[] } }[] }[];
  };
  rpc.close();
  return (block.tx[0]?.vout ?? []).filter((o) => o.value > 0).flatMap((o) => o.scriptPubKey.addresses ?? []);
}

test('a share that solves the block becomes a block that the node accepts and that pays the address', async () => {
  devnet.control.setBits(EASY_BITS);
  const miner = await connectMiner('plain');
  const seen = miner.client.messages.length;
  await devnet.control.mineBlock();
  await miner.client.job(seen);
  const blockHash = await findBlock(miner);
  await kpss.line((line) => line.blockHash === blockHash && line.msg.includes('ACCEPTED'));
  assert.deepEqual(await paidBy(blockHash), [ADDRESS]);
  miner.client.destroy();
});

test('the node goes away for ten seconds and comes back: miners stay, and mining goes on', async () => {
  const miner = await connectMiner('0x');
  const started = Date.now();
  await devnet.control.goOffline();
  await kpss.line((line) => line.state === 'unreachable');
  while (Date.now() - started < 10_000) {
    // Shares on the last known work are still taken.
    const { result, error } = await miner.submitGood();
    assert(result === true || error?.[0] === 22);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  const linesBefore = kpss.log.length;
  await devnet.control.comeBack();
  await kpss.line((line) => kpss.log.indexOf(line) >= linesBefore && line.state === 'ready');
  const blockHash = await findBlock(miner);
  assert.deepEqual(await paidBy(blockHash), [ADDRESS]);
  assert.equal(miner.client.closed, false);
  miner.client.destroy();
});

test('nothing secret and no whole block is in the log', () => {
  assert(kpss.log.length > 10);
  assert(!kpss.stdout.includes(devnet.password));
  assert(!/[0-9a-f]{200}/.test(kpss.stdout));
});

test('SIGTERM ends it in order, with exit code 0', async () => {
  const miner = await connectMiner('plain');
  assert.equal(await kpss.stop(), 0);
  await miner.client.untilClosed();
  assert.equal(kpss.stderr, '');
});
