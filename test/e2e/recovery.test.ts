import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { KpssProcess } from '../support/kpss-process.ts';
import type { TestMiner } from '../support/test-miner.ts';
import { createTwoNodes, EASY_BITS, type TwoNodes } from '../support/two-nodes.ts';

// KPSS is killed with a block on its way, in every state that the block may be in, and started again.

let nodes: TwoNodes;

beforeEach(async () => {
  nodes = await createTwoNodes();
  nodes.setBits(EASY_BITS);
});
afterEach(() => nodes.close());

/** Submits until KPSS says that a block was found. @returns its hash */
async function findBlock(kpss: KpssProcess, miner: TestMiner): Promise<string> {
  const isFound = (line: { msg: string }): boolean => line.msg.includes('found by');
  for (let i = 0; i < 100 && !kpss.log.some(isFound); i++) {
    const job = await miner.client.job();
    // Not awaited to its end: the answer to a share may wait for what the test holds back.
    void miner.submit(job, await miner.hash(job, (found) => found.meetsShareTarget)).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { blockHash } = await kpss.line(isFound);
  return String(blockHash);
}

/** A job on the easy bits, so that shares are blocks. */
async function connectOnEasyBits(start: TwoNodes['start']) {
  const { kpss, connect } = await start();
  const miner = await connect();
  const seen = miner.client.messages.length;
  await nodes.near.control.addBlock();
  await miner.client.job(seen);
  return { kpss, miner };
}

async function isJournaled(blockHash: string): Promise<void> {
  const data = join(nodes.folder, 'data');
  const holds = (): boolean =>
    readdirSync(data).some((name) => readFileSync(join(data, name), 'utf8').includes(blockHash));
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 200, 'the block was never journaled');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function kill(kpss: KpssProcess): Promise<void> {
  kpss.child.kill('SIGKILL');
  await kpss.exit();
}

test('killed before the answer to a block that the node took: it is accepted after the restart, and there once', async () => {
  const { kpss, miner } = await connectOnEasyBits(nodes.start);
  for (const { control } of [nodes.near, nodes.far]) control.setDelayMs(5_000);
  const blockHash = await findBlock(kpss, miner);
  await isJournaled(blockHash);
  await kill(kpss);
  assert.ok(!kpss.stdout.includes('ACCEPTED'), 'the answer came before the end');
  for (const { control } of [nodes.near, nodes.far]) control.setDelayMs(0);
  miner.client.destroy();

  const again = await nodes.start();
  const line = await again.kpss.line(
    ({ msg, blockHash: hash }) => hash === blockHash && msg.includes('ACCEPTED'),
  );
  assert.equal(line.blockHash, blockHash);
  assert.deepEqual(
    [nodes.timesInChain(nodes.near, blockHash), nodes.timesInChain(nodes.far, blockHash)],
    [1, 1],
  );
});

test('killed with both nodes away: the block goes out after the restart, as soon as they are back', async () => {
  const { kpss, miner } = await connectOnEasyBits(nodes.start);
  await Promise.all([nodes.near.control.goOffline(), nodes.far.control.goOffline()]);
  const blockHash = await findBlock(kpss, miner);
  await isJournaled(blockHash);
  await kill(kpss);
  miner.client.destroy();

  const again = await nodes.start();
  await nodes.near.control.comeBack();
  await nodes.far.control.comeBack();
  await again.kpss.line(({ msg, blockHash: hash }) => hash === blockHash && msg.includes('ACCEPTED'));
  await nodes.link.sync();
  assert.deepEqual(
    [nodes.timesInChain(nodes.near, blockHash), nodes.timesInChain(nodes.far, blockHash)],
    [1, 1],
  );
});

test('killed after the answer: the block is not sent again', async () => {
  const { kpss, miner } = await connectOnEasyBits(nodes.start);
  const blockHash = await findBlock(kpss, miner);
  await kpss.line(({ msg, blockHash: hash }) => hash === blockHash && msg.includes('ACCEPTED'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await kill(kpss);
  miner.client.destroy();
  const again = await nodes.start();
  const second = await again.connect();
  await second.client.job();
  assert.ok(
    !again.kpss.log.some(({ msg, blockHash: hash }) => hash === blockHash && msg.includes('ACCEPTED')),
  );
  assert.equal(nodes.timesInChain(nodes.near, blockHash), 1);
});
