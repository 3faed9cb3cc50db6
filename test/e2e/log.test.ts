import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StratumClient } from '../support/stratum-client.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const env = { ...process.env, KPSS_CACHE_DIRECTORY: 'off' };
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'kpss-log-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Connects as soon as the port is open. */
async function connect(port: number): Promise<StratumClient> {
  for (let i = 0; i < 400; i++) {
    try {
      return await StratumClient.connect(port);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  throw new Error(`port ${port} did not open`);
}

/** Logs in over and over: at the level debug a log line each time, many times what a pipe holds. */
async function logInOften(port: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const client = await StratumClient.connect(port);
    client.send({ id: 1, method: 'mining.subscribe', params: ['x'.repeat(64)] });
    assert.equal((await client.call(2, 'mining.authorize', [`a.${'y'.repeat(60)}`, 'x'])).result, true);
    client.destroy();
  }
}

for (const [name, openOutput] of [
  ['a pipe that nobody reads', () => 'pipe' as const],
  ['a full disk', () => openSync('/dev/full', 'w')],
] as const) {
  test(`with its log going to ${name}, the server serves on and ends in order`, async () => {
    const port = await freePort();
    const output = openOutput();
    // Lines of the level info are few, however many come.
    const args = [MAIN, 'dev', '--port', String(port), '--threads', '0', '--log-level', 'debug'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', output, 'inherit'], env });
    (await connect(port)).destroy();
    await logInOften(port, 900);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    if (typeof output === 'number') closeSync(output);
  });
}

test('an ordinary log has every line, the last one too', async () => {
  const file = join(folder, 'log.json');
  const output = openSync(file, 'w');
  const port = await freePort();
  const args = [MAIN, 'dev', '--port', String(port), '--threads', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', output, 'inherit'], env });
  (await connect(port)).destroy();
  await logInOften(port, 10);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
  closeSync(output);
  const lines = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string });
  assert.equal(lines.filter(({ msg }) => msg.includes('joined')).length, 10);
});

test('where the log is no terminal, no control code comes, also while a light cache is built', async (t) => {
  const args = [MAIN, 'dev', '--port', '0', '--threads', '0', '--log-format', 'pretty'];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' },
  });
  let text = '';
  const exited = once(child, 'exit');
  t.after(() => child.kill('SIGKILL'));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('light cache of epoch 0 was built')) child.kill('SIGTERM');
    });
  }
  assert.deepEqual(await exited, [0, null]);
  assert.match(text, /building the light cache of epoch 0/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f]/);
});
