import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, test } from 'node:test';
import { createKeptLog } from '../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../test/support/virtual-clock.ts';
import { App } from './app.ts';
import { systemRandom } from './clock.ts';
import type { VerifierPool } from './kawpow/verifier.ts';
import { startWebSide } from './web-side.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Nothing is verified here. */
const verifier = { of: () => assert.fail(), status: () => assert.fail() } as unknown as VerifierPool;

function modules() {
  const [clock, log] = [createVirtualClock(), createKeptLog()];
  return { app: new App([], { clock, log, random: systemRandom, verifier }), clock, log, verifier };
}

async function takePort(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return { server, port: (server.address() as { port: number }).port };
}

test('a taken port is an error in the log, and nothing is thrown', async () => {
  const { port } = await takePort();
  const given = modules();
  const close = await startWebSide({ web: { host: '127.0.0.1', port }, threads: 1 }, given);
  const [line] = given.log.lines;
  assert.equal(line?.level, 'error');
  assert.match(line.message, /another program uses this port; mining goes on without it$/);
  await close();
});

test('where any port will do, another is taken, and the log says which', async () => {
  const { port } = await takePort();
  const given = modules();
  const options = { web: { host: '127.0.0.1', port }, orAnyPort: true, threads: 1 };
  closers.push(await startWebSide(options, given));
  const [line] = given.log.lines;
  const [, url = ''] = /^status at (http:\S+)\/api\/v1\/status, or:/.exec(line?.message ?? '') ?? [];
  assert.match(await (await fetch(url)).text(), /KPSS/);
  assert.notEqual(url, `http://127.0.0.1:${port}`);
});

test('nothing is served where nothing is asked for', async () => {
  const given = modules();
  const close = await startWebSide({ web: undefined, threads: 1 }, given);
  assert.deepEqual(given.log.lines, []);
  await close();
});
