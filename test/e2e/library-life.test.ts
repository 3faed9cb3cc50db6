import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { createServer, type KpssServer, type KpssSettings } from '../../src/index.ts';
import { createVerifierPool } from '../../src/kawpow/pool.ts';
import { StratumClient } from '../support/stratum-client.ts';
import { TestMiner } from '../support/test-miner.ts';
import { createTwoNodes, type TwoNodes } from '../support/two-nodes.ts';

// Servers within another program: several of them, started and stopped in any order.

let nodes: TwoNodes;
const verifier = createVerifierPool();

before(async () => {
  nodes = await createTwoNodes();
});
after(async () => {
  await nodes.close();
  await verifier.close();
});

const created: KpssServer[] = [];
afterEach(async () => {
  await Promise.all(created.splice(0).map((server) => server.stop()));
});

function settings(name = 'life', port = 0): KpssSettings {
  const { url, user, password } = nodes.near;
  return {
    network: 'regtest',
    node: { url, user, password },
    payout: { address: nodes.address },
    stratum: { port, difficulty: 4 / 2 ** 32 },
    verifier: { threads: 1, cacheDirectory: join(nodes.folder, 'caches') },
    dataDirectory: join(nodes.folder, name),
    web: 'off',
  };
}

/** @returns a server, and what it said of ports and of its end */
function create(given: KpssSettings) {
  const server = createServer(given);
  created.push(server);
  const ports: number[] = [];
  const said: string[] = [];
  server.on('listening', ({ port }) => ports.push(port));
  for (const name of ['listening', 'closed'] as const) server.on(name, () => said.push(name));
  return { server, ports, said };
}

async function connect(port: number | undefined): Promise<TestMiner> {
  const client = await StratumClient.connect(port ?? 0);
  const miner = new TestMiner(client, { dialect: '0x', address: nodes.address, verifier });
  await miner.logIn();
  return miner;
}

test('two servers in one program: the end of one leaves the other one mining', async () => {
  const [first, second] = [create(settings('first')), create(settings('second'))];
  await Promise.all([first.server.start(), second.server.start()]);
  const miners = [await connect(first.ports[0]), await connect(second.ports[0])] as const;
  for (const miner of miners) assert.equal((await miner.submitGood()).result, true);
  await first.server.stop();
  await miners[0].client.untilClosed();
  assert.equal((await miners[1].submitGood()).result, true);
  assert.deepEqual(
    [first.server.status(), second.server.status()?.instances[0]?.miners.count],
    [undefined, 1],
  );
});

test('a server starts once, and may be stopped at any time', async () => {
  const { server, said } = create(settings());
  const started = server.start();
  assert.equal(server.start(), started);
  // While it starts.
  const stopped = server.stop();
  const reloaded = server.reload();
  await Promise.all([started, stopped, server.stop()]);
  assert.deepEqual(said, ['listening', 'closed']);
  assert.deepEqual(await reloaded, { ok: false, problems: ['the server is not running'] });
  assert.equal(server.start(), started, 'that it was started is still so');

  const never = create(settings());
  assert.deepEqual(await never.server.reload(), { ok: false, problems: ['the server is not running'] });
  await never.server.stop();
  await assert.rejects(never.server.start(), { code: 'KPSS_STOPPED' });
  assert.deepEqual(never.said, ['closed']);
});

test('a start that fails leaves nothing open, and says so to whoever asks again', async () => {
  const taken = createNetServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  assert(typeof address === 'object' && address !== null);
  const { server, said } = create(settings('failed', address.port));
  await assert.rejects(server.start(), { code: 'KPSS_PORT_UNAVAILABLE' });
  await assert.rejects(server.start(), { code: 'KPSS_PORT_UNAVAILABLE' });
  assert.deepEqual([said, server.status()], [['closed'], undefined]);
  await new Promise((resolve) => taken.close(resolve));
});

test('a program ends by itself after stop: nothing is left running, and no rejection goes unheard', async () => {
  const given = settings('child');
  const program = `
    import { connect } from 'node:net';
    import { createServer } from '${new URL('../../src/index.ts', import.meta.url).href}';
    const given = ${JSON.stringify({ ...given, web: { port: 0 } })};
    given.stratum.ports = [{ port: 0 }, { port: 0, tls: true }];
    delete given.stratum.port;
    const server = createServer(given, { authorize: () => new Promise(() => {}) });
    server.on('log', async () => { throw new Error('mine'); });
    server.on('job', async () => { throw new Error('mine'); });
    const ports = [];
    server.on('listening', ({ port }) => ports.push(port));
    const working = new Promise((resolve) => server.once('job', resolve));
    await server.start();
    await working;
    const miner = connect(ports[0], '127.0.0.1');
    miner.on('error', () => {});
    miner.write('{"id":1,"method":"mining.subscribe","params":[]}\\n{"id":2,"method":"mining.authorize","params":["a","b"]}\\n');
    await new Promise((resolve) => miner.once('data', resolve));
    given.stratum.limits = { connections: 10 };
    const { ok } = await server.reload(given);
    await server.stop();
    console.log('stopped', ok);
  `;
  const file = join(nodes.folder, 'life.mjs');
  writeFileSync(file, program);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [printed, complaints] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaints += chunk;
  });
  await once(child, 'close');
  assert.deepEqual([child.exitCode, printed, complaints], [0, 'stopped true\n', '']);
});
