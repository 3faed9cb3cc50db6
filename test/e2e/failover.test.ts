import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KpssProcess, LogLine } from '../support/kpss-process.ts';
import type { TestMiner } from '../support/test-miner.ts';
import { createTwoNodes, type TwoNodes } from '../support/two-nodes.ts';

// Two nodes, the first of them preferred, and miners that never stop. What is done to the nodes, the miners notice as a
// new job at the most.

const MINERS = 3;
const FAILOVER_WITHIN_MS = 2_000;
const REPLY_WITHIN_MS = 2_000;

let nodes: TwoNodes;
let kpss: KpssProcess;
let miners: TestMiner[];
const load: Promise<void>[] = [];
const replies: { accepted: boolean; tookMs: number; error: unknown }[] = [];
let mining = true;

before(async () => {
  nodes = await createTwoNodes();
  const started = await nodes.start();
  kpss = started.kpss;
  miners = [];
  for (let i = 0; i < MINERS; i++) miners.push(await started.connect());
  await miners[0]?.submitGood();
  await kpss.line((line) => line.msg.includes('shares are verified'));
  for (const miner of miners) load.push(mineOn(miner));
});

after(async () => {
  mining = false;
  await Promise.allSettled(load);
  for (const { client } of miners) client.destroy();
  await nodes.close();
});

/** Good shares, one after the other, until the end. */
async function mineOn(miner: TestMiner): Promise<void> {
  while (mining && !miner.client.closed) {
    const job = await miner.client.job();
    const found = await miner.hash(job, (hash) => hash.meetsShareTarget);
    const startMs = performance.now();
    const { result, error } = await miner.submit(job, found);
    // A job may be replaced while it is worked on; that is no fault.
    if (error?.[0] !== 21)
      replies.push({ accepted: result === true, tookMs: performance.now() - startMs, error });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The next job on another tip of each miner, and when the last of them came. */
async function nextTip(act: () => Promise<unknown>): Promise<{ tookMs: number; height: number }> {
  const seen = miners.map(({ client }) => client.messages.length);
  await act();
  const startMs = performance.now();
  let height = 0;
  for (const [i, { client }] of miners.entries()) {
    const from = seen[i] ?? 0;
    const job = await client.find(
      (message) =>
        message.method === 'mining.notify' && message.params[4] && client.messages.indexOf(message) >= from,
      'a job on a new tip',
    );
    height = job.params[5];
  }
  return { tookMs: performance.now() - startMs, height };
}

function lineAfter(index: number, fits: (line: LogLine) => boolean): Promise<LogLine> {
  return kpss.line((line) => kpss.log.indexOf(line) >= index && fits(line));
}

/** Until so many shares more were answered. */
async function mined(count: number): Promise<void> {
  const wanted = replies.length + count;
  const deadline = Date.now() + 15_000;
  while (replies.length < wanted) {
    assert.ok(Date.now() < deadline, 'nobody mines');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Of all shares since the last look, and of some more: the work of now is good, too. */
async function assertNothingLost(): Promise<void> {
  await mined(MINERS);
  assert.deepEqual(
    replies.filter(({ accepted, tookMs }) => !accepted || tookMs > REPLY_WITHIN_MS),
    [],
  );
  assert.deepEqual(
    miners.map(({ client }) => client.closed),
    miners.map(() => false),
  );
  replies.length = 0;
}

test('the first node dies under load: mining goes on with the second within two seconds', async () => {
  const linesBefore = kpss.log.length;
  await mined(2 * MINERS);
  await nodes.near.control.goOffline();
  const { tookMs, height } = await nextTip(() => nodes.far.control.addBlock());
  assert.ok(tookMs <= FAILOVER_WITHIN_MS, `the next job came after ${Math.round(tookMs)} ms`);
  assert.equal(height, nodes.far.height() + 1);
  await lineAfter(linesBefore, (line) => line.state === 'unreachable' && line.node === 'near');
  await assertNothingLost();
});

test('it comes back, catches up, and gives the templates again', async () => {
  const linesBefore = kpss.log.length;
  await nodes.near.control.comeBack();
  await nodes.link.sync();
  await lineAfter(linesBefore, (line) => line.msg.includes('templates come from near'));
  const { height } = await nextTip(() => nodes.near.control.addBlock());
  assert.equal(height, nodes.near.height() + 1);
  await assertNothingLost();
});

test('both are cut off: miners stay; the nodes come back, and so does work on their new tip', async () => {
  const linesBefore = kpss.log.length;
  await Promise.all([nodes.near.control.goOffline(), nodes.far.control.goOffline()]);
  await lineAfter(linesBefore, (line) => line.state === 'unreachable' && line.node === 'near');
  await lineAfter(linesBefore, (line) => line.state === 'unreachable' && line.node === 'far');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const { height } = await nextTip(async () => {
    await nodes.far.control.addBlock();
    await nodes.far.control.comeBack();
  });
  assert.equal(height, nodes.far.height() + 1);
  await nodes.near.control.comeBack();
  await nodes.link.sync();
  assert.equal(nodes.near.tip(), nodes.far.tip());
  await assertNothingLost();
});

test('a node that stands still while the other goes on is left aside', async () => {
  nodes.link.unlink();
  const { height } = await nextTip(() => nodes.far.control.addBlock());
  assert.equal(height, nodes.far.height() + 1);
  await assertNothingLost();
});
