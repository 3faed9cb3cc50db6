import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { createServer, KpssError, type KpssServer, type KpssSettings } from '../../src/index.ts';
import { createVerifierPool } from '../../src/kawpow/pool.ts';
import { StratumClient } from '../support/stratum-client.ts';
import { TestMiner } from '../support/test-miner.ts';
import { createTwoNodes, EASY_BITS, type TwoNodes } from '../support/two-nodes.ts';

// KPSS within another program, which is this test.

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

function create(...given: Parameters<typeof createServer>): KpssServer {
  const server = createServer(...given);
  created.push(server);
  return server;
}

function settings(): KpssSettings {
  const { url, user, password } = nodes.near;
  return {
    network: 'regtest',
    node: { url, user, password },
    payout: { address: nodes.address },
    stratum: { port: 0, difficulty: 4 / 2 ** 32 },
    verifier: { threads: 1 },
    dataDirectory: join(nodes.folder, 'library'),
    web: 'off',
  };
}

async function connect(port: number): Promise<TestMiner> {
  const client = await StratumClient.connect(port);
  return new TestMiner(client, { dialect: '0x', address: nodes.address, verifier });
}

/** The one argument of the next such event. */
async function next<K extends 'listening' | 'share' | 'block' | 'miner'>(server: KpssServer, name: K) {
  const [event] = await once(server, name);
  return event as {
    readonly port: number;
    readonly result: string;
    readonly outcome: string;
    readonly what: string;
  };
}

test('a program hears of shares, blocks and miners, and a listener that fails harms nothing', async () => {
  const lines: string[] = [];
  const server = create(settings());
  server.on('log', ({ message }) => lines.push(message));
  server.on('share', () => {
    throw new Error('my own fault');
  });
  server.on('job', async () => Promise.reject(new Error('mine, too')));
  const listening = next(server, 'listening');
  await server.start();
  const miner = await connect((await listening).port);
  const joined = next(server, 'miner');
  await miner.logIn();
  assert.equal((await joined).what, 'joined');
  const [share, block] = [next(server, 'share'), next(server, 'block')];
  const seen = miner.client.messages.length;
  nodes.setBits(EASY_BITS);
  await nodes.near.control.addBlock();
  await miner.client.job(seen);
  assert.equal((await miner.submitGood()).result, true);
  assert.equal((await share).result, 'accepted');
  assert.equal((await block).outcome, 'accepted');
  assert.equal(server.status()?.instances[0]?.miners.count, 1);
  const left = next(server, 'miner');
  miner.client.destroy();
  assert.equal((await left).what, 'left');
  await server.stop();
  assert.equal(server.status(), undefined);
  for (const name of ['share', 'job'])
    assert.ok(lines.includes(`a listener of ${name} failed; mining goes on`), name);
});

test('authorize says who may mine, in time or not at all', async () => {
  const server = create(settings(), {
    authorize: async ({ userName, remoteAddress }) => {
      assert.equal(remoteAddress, '127.0.0.1');
      if (userName === 'late') return new Promise(() => {});
      if (userName === 'broken') throw new Error('the database is away');
      return userName === 'friend' ? { workerName: 'renamed' } : 'not you';
    },
  });
  const listening = next(server, 'listening');
  await server.start();
  const { port } = await listening;
  const logIn = async (userName: string) => {
    const client = await StratumClient.connect(port);
    client.send({ id: 1, method: 'mining.subscribe', params: [] });
    return client.call(2, 'mining.authorize', [userName, 'x']);
  };
  const worker = once(server, 'miner');
  assert.equal((await logIn('friend')).result, true);
  const [{ worker: name }] = await worker;
  assert.equal(name, 'renamed');
  assert.equal((await logIn('stranger')).error?.[1], 'not you');
  assert.match((await logIn('late')).error?.[1] ?? '', /could not be checked in time/);
  assert.match((await logIn('broken')).error?.[1] ?? '', /could not be checked; try again later/);
  await server.stop();
});

test('wrong settings are told at once, each with its name; wrong new ones change nothing', async () => {
  const wrong = { ...settings(), stratum: { port: 70_000 }, payout: { address: 'nobody' } };
  assert.throws(
    () => createServer(wrong),
    (error: unknown) => {
      assert.ok(error instanceof KpssError);
      assert.equal(error.code, 'KPSS_CONFIG');
      assert.match(error.message, /stratum\.port: expected a port number/);
      assert.match(error.message, /payout\.address: /);
      return true;
    },
  );
  const server = create(settings());
  await server.start();
  const refused = await server.reload(wrong);
  assert.ok(!refused.ok && refused.problems.length === 2);
  const taken = await server.reload({ ...settings(), throttle: { blocksPerHour: 60 } });
  assert.ok(taken.ok);
  assert.deepEqual(taken.changes, [
    { instance: 'ravencoin-regtest', what: 'changed', sections: ['throttle'] },
  ]);
  await server.stop();
});

test('the example in docs/library.md runs, prints what it says, and ends', async () => {
  const page = readFileSync(new URL('../../docs/library.md', import.meta.url), 'utf8');
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
  const entrance = new URL('../../src/index.ts', import.meta.url).href;
  const file = join(nodes.folder, 'example.mjs');
  writeFileSync(file, example.replace("'kpss'", `'${entrance}'`));
  const env = {
    ...process.env,
    KPSS_CACHE_DIRECTORY: 'off',
    KPSS_DATA_DIRECTORY: join(nodes.folder, 'example'),
  };
  const child = spawn(process.execPath, [file], {
    cwd: nodes.folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk;
  });
  const port = async (): Promise<number> => {
    while (!/miners at port \d+\n/.test(printed)) await once(child.stdout, 'data');
    return Number(/port (\d+)/.exec(printed)?.[1]);
  };
  const miner = await connect(await port());
  await miner.logIn();
  assert.equal((await miner.submitGood()).result, true);
  child.kill('SIGTERM');
  await once(child, 'exit');
  assert.equal(child.exitCode, 0);
  assert.match(printed, /0x comes from 127\.0\.0\.1\n(?:.*\n)*share of 0x: accepted\n/);
});
