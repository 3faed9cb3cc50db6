import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { linkDevnets } from '../support/linked-devnets.ts';
import { createTwoInstances, type TwoInstances } from '../support/two-instances.ts';
import { EASY_BITS } from '../support/two-nodes.ts';

// SIGHUP while miners are connected.

let world: TwoInstances;

beforeEach(async () => {
  world = await createTwoInstances();
});
afterEach(() => world.close());

test('an instance that is as before is not touched, and another one’s new difficulty reaches its miners', async () => {
  const { connect, reload, kpss } = world.start();
  const [first, second] = [await connect('one'), await connect('two')];
  const [job, jobOfSecond] = [await first.client.job(), await second.client.job()];
  const seen = second.client.messages.length;
  world.write({}, { hashesPerShare: 2 });
  await reload('reloaded: two changed while its miners mine on: stratum');
  await kpss.line((line) => line.msg === 'reloaded: one unchanged');
  const easier = await second.client.job(seen);
  assert.ok(easier.params[3] > jobOfSecond.params[3], 'the target is wider');
  assert.deepEqual(await first.client.job(), job, 'nothing came to the first');
  for (const miner of [first, second]) assert.equal((await miner.submitGood()).result, true);
  await connect('two');
  assert.ok(!first.client.closed && !second.client.closed);
});

test('an instance gets another node and another tag, and its miner mines on', async () => {
  const { connect, reload, kpss } = world.start();
  const miner = await connect('one');
  const job = await miner.client.job();
  const seen = miner.client.messages.length;
  world.write({ node: 'far', tag: '/other/' });
  await reload('reloaded: one changed while its miners mine on: nodes, tag');
  const blocksBefore = world.far.height();
  world.setBits(EASY_BITS);
  await world.far.control.addBlock();
  const next = await miner.client.job(seen);
  assert.notEqual(next.params[0], job.params[0]);
  assert.equal((await miner.submitGood()).result, true);
  await kpss.line((line) => line.instance === 'one' && line.msg.includes('ACCEPTED'));
  assert.ok(world.far.height() > blocksBefore + 1, 'the new node has the block');
  assert.equal(world.near.height(), 0, 'the old one has none');
  assert.ok(!miner.client.closed);
});

test('a found block whose node is away goes to the node that a reload puts in its place', async () => {
  const { connect, reload, kpss } = world.start();
  const miner = await connect('one');
  const seen = miner.client.messages.length;
  const link = linkDevnets(world.near, world.far);
  world.setBits(EASY_BITS);
  await world.near.control.addBlock();
  await link.sync();
  const job = await miner.client.job(seen);
  await world.near.control.goOffline();
  const reply = miner.submit(job, await miner.hash(job, (found) => found.meetsShareTarget));
  await kpss.line((line) => line.instance === 'one' && line.msg.includes('trying again'));
  const heightBefore = world.far.height();
  world.write({ node: 'far' });
  await reload('reloaded: one changed while its miners mine on: nodes');
  await kpss.line((line) => line.instance === 'one' && line.msg.includes('ACCEPTED'));
  assert.equal(world.far.height(), heightBefore + 1);
  assert.equal((await reply).result, true);
});

test('another payout is in the next job of those who are connected', async () => {
  const { connect, reload } = world.start();
  const miner = await connect('one');
  const job = await miner.client.job();
  const seen = miner.client.messages.length;
  world.write({ more: 'throttle: { blocksPerHour: 60 }' });
  const file = join(world.folder, 'kpss.yaml');
  await reload('reloaded: one changed while its miners mine on: throttle');
  // The first instance pays each miner at its own address now.
  writeFileSync(file, readFileSync(file, 'utf8').replace(/payout: \{ address: \w+,/, 'payout: {'));
  await reload('reloaded: one changed while its miners mine on: payout');
  const next = await miner.client.job(seen);
  assert.notEqual(next.params[1], job.params[1], 'another header');
  assert.equal((await miner.submitGood()).result, true);
});

test('a wrong configuration is refused whole, with all reasons, and mining goes on', async () => {
  const { connect, reload, kpss } = world.start();
  const miner = await connect('one');
  world.write({ hashesPerShare: 8 }, { more: 'unknown: 1' });
  await reload('nothing was changed, mining goes on as before');
  const reasons = kpss.log.filter(({ msg }) => msg.startsWith('not reloaded:'));
  assert.match(reasons.map(({ msg }) => msg).join(), /kpss\.yaml:\d+: instances\[1\]\.unknown/);
  assert.equal((await miner.submitGood()).result, true);
  writeFileSync(join(world.folder, 'kpss.yaml'), 'instances: [');
  await reload('not reloaded: kpss.yaml:1');
  assert.equal((await miner.submitGood()).result, true);
  assert.ok(!kpss.log.some(({ msg }) => msg.startsWith('reloaded:')));
});

test('instances are added and removed while another one’s miner stays', async () => {
  world.write({}, 'none');
  const { connect, reload, kpss } = world.start();
  const first = await connect('one');
  world.write();
  await reload('reloaded: two added');
  const second = await connect('two');
  assert.equal((await second.submitGood()).result, true);
  world.write({}, 'none');
  await reload('reloaded: two removed');
  await second.client.untilClosed();
  assert.equal((await first.submitGood()).result, true);
  assert.equal(await kpss.stop(), 0);
});
