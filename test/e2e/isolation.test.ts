import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { createTwoInstances, type TwoInstances } from '../support/two-instances.ts';
import { EASY_BITS } from '../support/two-nodes.ts';

// What goes wrong in one instance leaves the other one mining.

let world: TwoInstances;

beforeEach(async () => {
  world = await createTwoInstances();
});
afterEach(() => world.close());

/** A program that has a port. */
async function occupy() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  return { port: address.port, free: () => new Promise((resolve) => server.close(resolve)) };
}

test('the node of one dies, and the other one’s miner finds a block', async () => {
  const { connect, kpss } = world.start();
  const [first, second] = [await connect('one'), await connect('two')];
  await world.near.control.goOffline();
  await kpss.line(
    (line) => line.instance === 'one' && line.level >= 40 && line.code === 'KPSS_RPC_UNREACHABLE',
  );
  const seen = second.client.messages.length;
  world.setBits(EASY_BITS);
  await world.far.control.addBlock();
  await second.client.job(seen);
  assert.equal((await second.submitGood()).result, true);
  await kpss.line((line) => line.instance === 'two' && line.msg.includes('ACCEPTED'));
  assert.ok(!first.client.closed);
});

test('a flood of shares on one does not keep the other one’s miner waiting', async () => {
  const { connect, kpss } = world.start();
  const [first, second] = [await connect('one'), await connect('two')];
  const job = await first.client.job();
  const { mixHash } = await first.hash(job, () => true);
  let nonce = 1_000_000n;
  let isOver = false;
  const flood = async (): Promise<void> => {
    while (!isOver && !first.client.closed) {
      for (let i = 0; i < 200; i++) {
        const digits = first.prefix + (nonce++).toString(16).padStart(12, '0');
        const params = ['x', job.params[0], `0x${digits}`, `0x${job.params[1]}`, `0x${mixHash}`];
        first.client.send({ id: 9_000, method: 'mining.submit', params });
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const flooding = flood();
  for (let i = 0; i < 5; i++) assert.equal((await second.submitGood()).result, true);
  isOver = true;
  await flooding;
  assert.ok(kpss.running && !second.client.closed);
});

test('the port of one is taken: the other one mines, and the first is there when the port is free', async () => {
  const taken = await occupy();
  world.write({ port: taken.port });
  const { connect, kpss } = world.start();
  const second = await connect('two');
  const told = await kpss.line((line) => line.instance === 'one' && line.code === 'KPSS_PORT_UNAVAILABLE');
  assert.match(told.msg, /another program uses this port; this instance does not mine; tried again in 1 s/);
  assert.equal((await second.submitGood()).result, true);
  await taken.free();
  const first = await connect('one');
  assert.equal((await first.submitGood()).result, true);
  assert.ok(!second.client.closed);
});

test('where no instance can start, the program ends and says why', async () => {
  const [taken, other] = [await occupy(), await occupy()];
  world.write({ port: taken.port }, { port: other.port });
  const { kpss } = world.start();
  assert.equal(await kpss.exit(), 1);
  assert.match(kpss.stderr, /\[KPSS_PORT_UNAVAILABLE\]/);
  await Promise.all([taken.free(), other.free()]);
});

test('the configuration of one is wrong: it is left out with all its problems, and the other one mines', async () => {
  world.write({}, { more: 'throttle: { blocksPerHour: 0 }' });
  const { connect, kpss } = world.start();
  const first = await connect('one');
  const told = kpss.log.filter(({ level }) => level === 50).map(({ msg }) => msg);
  assert.match(told.join('\n'), /kpss\.yaml:\d+: instances\[1\]\.throttle\.blocksPerHour: expected/);
  assert.match(told.join('\n'), /left out; these are started: one/);
  assert.equal((await first.submitGood()).result, true);
});

test('what is wrong for all of them starts none', async () => {
  world.write();
  writeFileSync(join(world.folder, 'kpss.yaml'), 'web: { port: x }\ninstances:\n  - network: regtest\n');
  const { kpss } = world.start();
  assert.equal(await kpss.exit(), 2);
  assert.match(kpss.stderr, /web\.port: expected a port number/);
});
