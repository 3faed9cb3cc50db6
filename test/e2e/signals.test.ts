import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { createTwoInstances, type TwoInstances } from '../support/two-instances.ts';
import { EASY_BITS } from '../support/two-nodes.ts';

// The end of the program while miners are connected.

let world: TwoInstances;

beforeEach(async () => {
  world = await createTwoInstances();
});
afterEach(() => world.close());

function journal(): string {
  const data = join(world.folder, 'data');
  const files = readdirSync(data).filter((name) => name.includes('one'));
  return files.map((name) => readFileSync(join(data, name), 'utf8')).join('');
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: a share in flight is answered, and a found block is in the journal`, async () => {
    const { connect, kpss } = world.start();
    const miner = await connect('one');
    const seen = miner.client.messages.length;
    world.setBits(EASY_BITS);
    await world.near.control.addBlock();
    const job = await miner.client.job(seen);
    const reply = miner.submit(job, await miner.hash(job, (found) => found.meetsShareTarget));
    const { blockHash } = await kpss.line((line) => line.msg.includes('found by'));
    kpss.child.kill(signal);
    assert.equal((await reply).result, true);
    await miner.client.untilClosed();
    assert.equal(await kpss.exit(), 0);
    assert.match(
      journal(),
      new RegExp(`"outcome":"accepted"[^\\n]*${blockHash}|${blockHash}[^\\n]*"accepted"`),
    );
    assert.equal(kpss.log.at(-1)?.msg, 'stopped');
  });
}

test('a second signal ends it at once, and the block is sent at the next start', async () => {
  const { connect, kpss } = world.start();
  const miner = await connect('one');
  const seen = miner.client.messages.length;
  world.setBits(EASY_BITS);
  await world.near.control.addBlock();
  const job = await miner.client.job(seen);
  // The node takes the block, and says so too late.
  world.near.control.setDelayMs(20_000);
  void miner.submit(job, await miner.hash(job, (found) => found.meetsShareTarget)).catch(() => undefined);
  const { blockHash } = await kpss.line((line) => line.msg.includes('found by'));
  kpss.child.kill('SIGTERM');
  await kpss.line((line) => line.msg === 'stopping');
  // Two signals within half a second are one wish.
  await new Promise((resolve) => setTimeout(resolve, 600));
  kpss.child.kill('SIGTERM');
  assert.equal(await kpss.exit(), 130);
  assert.ok(journal().includes(String(blockHash)));
  world.near.control.setDelayMs(0);
  const again = world.start();
  await again.kpss.line((line) => line.instance === 'one' && line.msg.includes('ACCEPTED'));
});
