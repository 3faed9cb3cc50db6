import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { apiStatus } from '../../test/support/api-status.ts';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { KpssError } from '../error.ts';
import type { ApiError, ApiStatus } from './api-types.ts';
import { WebServer, type WebServerModules, type WebServerOptions } from './server.ts';

const HASH = `00000000${'ab'.repeat(28)}`;
const OTHER = `00000000${'cd'.repeat(28)}`;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(options: Partial<WebServerOptions> = {}, modules: Partial<WebServerModules> = {}) {
  const clock = createVirtualClock();
  const log = createKeptLog();
  const told: (readonly [string, string | undefined])[] = [];
  const server = new WebServer(
    { host: '127.0.0.1', port: 0, instances: ['ravencoin-main', 'ravencoin-test'], ...options },
    {
      clock,
      log,
      status: () => apiStatus(),
      notify: (instance, hash) => void told.push([instance, hash]),
      bans: { list: () => [], lift: () => 0 },
      ...modules,
    },
  );
  closers.push(() => server.close());
  const port = await server.listen();
  return { server, port, clock, log, told, url: `http://127.0.0.1:${port}` };
}

async function codeOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as ApiError;
  assert.ok(error.message.length > 10, 'an error says what is wrong');
  return error.code;
}

/** Sends bytes as they are and reads to the end of the connection. */
async function raw(port: number, text: string | Uint8Array): Promise<string> {
  const socket = await open(port);
  socket.write(text);
  return read(socket);
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  closers.push(async () => socket.destroy());
  return socket;
}

/** A server that cuts a sender short may reset the connection; what it said before counts. */
async function read(socket: Socket): Promise<string> {
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.on('error', () => {});
  await once(socket, 'close');
  return answer;
}

function post(path: string, headers: string, body = ''): string {
  return `POST ${path} HTTP/1.1\r\n${headers}Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

test('the status is JSON that nobody keeps, frames or reads from another site', async () => {
  const { url } = await serve();
  const response = await fetch(`${url}/api/v1/status`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(response.headers.get('access-control-allow-origin'), null);
  assert.deepEqual(await response.json(), apiStatus());
});

test('the front page says what there is', async () => {
  const { url } = await serve();
  const text = await (await fetch(url)).text();
  assert.match(text, /\/api\/v1\/status/);
  assert.match(text, /\/notify\//);
  assert.equal(text.trimEnd().split('\n').length, 4);
});

test('a hash is taken from the address, from a plain body, from a form and from JSON', async () => {
  const { url, told, clock } = await serve();
  const upper = HASH.toUpperCase();
  const requests: [string, RequestInit][] = [
    [`?hash=${upper}`, {}],
    ['', { body: `${HASH}\n` }],
    ['', { body: `hash=${HASH}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['', { body: JSON.stringify({ hash: HASH }), headers: { 'content-type': 'application/json' } }],
    ['', { body: Buffer.from(HASH) }],
  ];
  for (const [query, init] of requests) {
    const response = await fetch(`${url}/notify/ravencoin-test${query}`, { method: 'POST', ...init });
    assert.equal(response.status, 204);
    assert.equal(await response.text(), '');
    await clock.advance(60_000);
  }
  assert.deepEqual(
    told,
    requests.map(() => ['ravencoin-test', HASH]),
  );
});

test('a notice without a hash is a hint to ask', async () => {
  const { url, told } = await serve();
  for (const query of ['', '?hash=']) {
    assert.equal(
      (await fetch(`${url}/notify/ravencoin-main${query}`, { method: 'POST' })).status,
      204,
      query,
    );
  }
  assert.deepEqual(told, [
    ['ravencoin-main', undefined],
    ['ravencoin-main', undefined],
  ]);
});

test('what is no hash is refused with a sentence, and reaches no instance', async () => {
  const { url, told } = await serve();
  const wrong: [string, string][] = [
    ['?hash=%25s', ''],
    [`?hash=${HASH}0`, ''],
    [`?hash=${HASH}&hash=${OTHER}`, ''],
    [`?hash=${HASH}`, OTHER],
    ['', '{"hash":7}'],
    ['', '{"hash":'],
    ['', '{"hash":["a"]}'],
    ['', 'x'.repeat(64)],
  ];
  for (const [query, body] of wrong) {
    const response = await fetch(`${url}/notify/ravencoin-main${query}`, { method: 'POST', body });
    assert.equal(response.status, 400, query + body);
    assert.equal(await codeOf(response), 'bad-hash', query + body);
  }
  assert.deepEqual(told, []);
});

test('an unknown instance is told which there are', async () => {
  const { url } = await serve();
  const response = await fetch(`${url}/notify/ravencoin?hash=${HASH}`, { method: 'POST' });
  assert.equal(response.status, 404);
  const { error } = (await response.json()) as ApiError;
  assert.equal(error.code, 'unknown-instance');
  assert.match(error.message, /ravencoin-main, ravencoin-test/);
});

test('other paths and other methods are not found', async () => {
  const { url } = await serve();
  for (const [method, path] of [
    ['GET', '/x'],
    ['GET', '/notify/ravencoin-main'],
    ['DELETE', '/api/v1/status'],
    ['OPTIONS', '/notify/ravencoin-main'],
    ['POST', '/notify/ravencoin-main/x'],
  ] as const) {
    const response = await fetch(url + path, { method });
    assert.equal(response.status, 404, path);
    assert.equal(await codeOf(response), 'not-found', path);
  }
});

test('a thousand notices reach the instance as a few, and the last is not lost', async () => {
  const { url, told, clock } = await serve();
  const notify = (hash: string) =>
    fetch(`${url}/notify/ravencoin-main?hash=${hash}`, { method: 'POST' }).then(({ status }) => status);
  for (let batch = 0; batch < 50; batch++) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => notify(HASH)));
    assert.ok(answers.every((status) => status === 204));
  }
  assert.equal(await notify(OTHER), 204);
  assert.equal(told.length, 4);
  await clock.advance(999);
  assert.equal(told.length, 4);
  await clock.advance(1);
  // Different ones waited: only the node can say which of them is its tip.
  assert.deepEqual(told.slice(4), [['ravencoin-main', undefined]]);
  // Another instance has bounds of its own.
  await fetch(`${url}/notify/ravencoin-test?hash=${HASH}`, { method: 'POST' });
  assert.deepEqual(told.at(-1), ['ravencoin-test', HASH]);
  await clock.advance(60_000);
  assert.equal(told.length, 6);
  assert.equal(await notify(OTHER), 204);
  assert.deepEqual(told.at(-1), ['ravencoin-main', OTHER]);
});

test('only this machine’s own names are served where the port is open to this machine only', async () => {
  const { port, told } = await serve();
  for (const host of ['127.0.0.1', 'localhost:1', `LOCALHOST:${port}`, '[::1]:3380', '127.0.0.2:3380']) {
    const answer = await raw(port, post(`/notify/ravencoin-main?hash=${HASH}`, `Host: ${host}\r\n`));
    assert.match(answer, /^HTTP\/1.1 204/, host);
  }
  const count = told.length;
  for (const host of [
    'Host: evil.example\r\n',
    'Host: 127.0.0.1.evil.example\r\n',
    'Host: localhost@evil.example\r\n',
    'Host: ::1\r\n',
    'Host: 127.1.evil\r\n',
    'Host: 10.0.0.1\r\n',
    'Host:\r\n',
    '',
  ]) {
    for (const request of [
      post(`/notify/ravencoin-main?hash=${HASH}`, host),
      post('/', host).replace('POST', 'GET'),
    ]) {
      const answer = await raw(port, request);
      assert.match(answer, /^HTTP\/1.1 403/, host);
      assert.match(answer, /wrong-host/, host);
    }
  }
  assert.equal(told.length, count);
});

test('an address of the network is served under any name', async () => {
  const { url, port } = await serve({ host: '0.0.0.0' });
  assert.equal((await fetch(url)).status, 200);
  const answer = await raw(port, post('/', 'Host: mining.lan\r\n').replace('POST', 'GET'));
  assert.match(answer, /^HTTP\/1.1 200/);
});

test('a page of another site can send nothing', async () => {
  const { port, told } = await serve();
  const path = `/notify/ravencoin-main?hash=${HASH}`;
  const host = `Host: 127.0.0.1:${port}\r\n`;
  for (const origin of [
    'http://evil.example',
    'null',
    'http://127.0.0.1:1',
    `https://127.0.0.1:${port}`,
    '',
  ]) {
    const answer = await raw(port, post(path, `${host}Origin: ${origin}\r\n`));
    assert.match(answer, /^HTTP\/1.1 403[\s\S]*wrong-origin/, origin);
  }
  assert.deepEqual(told, []);
  assert.match(await raw(port, post(path, `${host}Origin: http://127.0.0.1:${port}\r\n`)), /^HTTP\/1.1 204/);
});

test('large requests are refused, and the next one is served', async () => {
  const { url, port, told } = await serve();
  const path = '/notify/ravencoin-main';
  assert.equal((await fetch(url + path, { method: 'POST', body: ' '.repeat(960) + HASH })).status, 204);
  const large = await fetch(url + path, { method: 'POST', body: ' '.repeat(961) + HASH });
  assert.equal(large.status, 413);
  assert.equal(await codeOf(large), 'too-large');
  const chunked = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`;
  assert.match(await raw(port, `${chunked}fff\r\n${'x'.repeat(0xfff)}\r\n`), /^HTTP\/1.1 413/);
  assert.match(await raw(port, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n`), /too-large/);
  assert.match(await raw(port, `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(4_000)}`), /too-large/);
  assert.match(
    await raw(port, post(`/notify/${'x'.repeat(1_000)}`, 'Host: localhost\r\n')),
    /unknown-instance|too-large/,
  );
  assert.equal((await fetch(url)).status, 200);
  assert.equal(told.length, 1);
});

test('what is no HTTP gets an answer, and no stack', async () => {
  const { port, url } = await serve();
  for (const text of [
    'hello\r\n\r\n',
    '{"id":1,"method":"mining.subscribe","params":[]}\n',
    'GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n',
  ]) {
    const answer = await raw(port, text);
    assert.match(answer, /^HTTP\/1.1 400[\s\S]*bad-request/, text);
    assert.doesNotMatch(answer, /node_modules|\.ts:|at /, text);
  }
  await raw(port, '\u0016\u0003\u0001'.repeat(100));
  assert.equal((await fetch(url)).status, 200);
});

test('who sends headers or body slowly is cut off', async () => {
  const { port, url } = await serve({ requestWithinMs: 100, checkIntervalMs: 20 });
  for (const start of [
    'GET / HTTP/1.1\r\nHost: loc',
    'POST /notify/ravencoin-main HTTP/1.1\r\nHost: localhost\r\nContent-Length: 64\r\n\r\nab',
  ]) {
    assert.match(await raw(port, start), /^HTTP\/1.1 408[\s\S]*timeout/, start);
  }
  assert.equal((await fetch(url)).status, 200);
});

test('connections are bounded', async () => {
  const { port, server } = await serve();
  const sockets: Socket[] = [];
  for (let i = 0; i < 64; i++) sockets.push(await open(port));
  const beyond = await open(port);
  beyond.on('error', () => {});
  beyond.resume();
  await once(beyond, 'close');
  const [first] = sockets;
  assert(first);
  first.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  assert.match(await read(first), /^HTTP\/1.1 200/);
  // With all these open it still ends at once.
  await server.close();
});

test('however many ask, the status is made ten times a second', async () => {
  let made = 0;
  const status = () => ({ ...apiStatus(), uptimeS: ++made });
  const { url, clock } = await serve({}, { status });
  const uptime = async () => ((await (await fetch(`${url}/api/v1/status`)).json()) as ApiStatus).uptimeS;
  assert.deepEqual([await uptime(), await uptime(), await uptime()], [1, 1, 1]);
  await clock.advance(100);
  assert.deepEqual([await uptime(), await uptime()], [2, 2]);
  for (let i = 0; i < 3; i++) await (await fetch(`${url}/metrics`)).text();
  assert.equal(made, 3);
});

test('who asks on and on without waiting for answers is cut off, and others are served', async () => {
  const { port, url } = await serve();
  const request = 'GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n';
  assert.doesNotMatch(await raw(port, request.repeat(1_000)), /\r\n\r\n.*\r\n\r\n/s, 'hardly an answer');
  assert.equal((await fetch(url)).status, 200);
  const last = request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
  assert.equal((await raw(port, request + last)).match(/HTTP\/1.1 200/g)?.length, 2, 'a second one may wait');
});

test('one connection may ask for the status again and again, each time after its answer', async () => {
  const { port } = await serve();
  const socket = await open(port);
  for (let i = 0; i < 20; i++) {
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1.1 200/);
  }
});

test('a fault within is told without its words, and logged', async () => {
  const { url, log } = await serve(
    {},
    {
      status: () => {
        throw new Error('a secret');
      },
    },
  );
  const response = await fetch(`${url}/api/v1/status`);
  assert.equal(response.status, 500);
  const text = await response.text();
  assert.match(text, /"code":"failed"/);
  assert.doesNotMatch(text, /secret|server\.ts/);
  assert.equal(log.lines.filter(({ level }) => level === 'error').length, 1);
});

test('a taken port is told with a code', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  closers.push(() => new Promise((resolve) => other.close(resolve)));
  const { port } = other.address() as { port: number };
  await assert.rejects(serve({ port }), (error) => {
    assert.ok(error instanceof KpssError);
    assert.equal(error.code, 'KPSS_WEB_UNAVAILABLE');
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}: another program uses this port`));
    return true;
  });
});

test('closing forgets notices that wait', async () => {
  const { url, server, clock, told } = await serve();
  for (let i = 0; i < 5; i++) await fetch(`${url}/notify/ravencoin-main?hash=${HASH}`, { method: 'POST' });
  await server.close();
  assert.equal(clock.pending(), 0);
  assert.equal(told.length, 4);
});
