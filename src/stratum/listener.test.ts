import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { silentLog } from '../../test/support/mining.ts';
import { EASY } from '../../test/support/session-harness.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { type Client, Listener, type ListenerModules, type PortOptions } from './listener.ts';

const LINE = '{"id":1,"method":"mining.subscribe"}\n';
const PROXY = '127.0.0.9';

interface Arrival {
  readonly client: Client;
  readonly socket: Socket;
}

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function start(proxies?: readonly string[]) {
  const clock = createVirtualClock();
  const arrivals: Arrival[] = [];
  const badProxies: string[] = [];
  let wake = (): void => {};
  const options: PortOptions = { host: '127.0.0.1', port: 0, vardiff: EASY, proxies };
  const modules: ListenerModules = {
    clock,
    log: silentLog,
    socketsMax: 100,
    handshakeTimeoutMs: 10_000,
    admit: () => true,
    onSocket: (socket, client) => {
      arrivals.push({ socket, client });
      wake();
    },
    onBadProxy: (proxy, text) => {
      badProxies.push(`${proxy}: ${text}`);
      wake();
    },
    onDropped: () => {},
    onTrouble: () => {},
  };
  const listener = new Listener(options, modules);
  const port = await listener.listen();
  endings.push(async () => {
    const closed = listener.close();
    for (const { socket } of arrivals) socket.destroy();
    await closed;
  });
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const dial = async (localAddress: string): Promise<Socket> => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => {});
    endings.push(() => void socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  const arrival = async (): Promise<Arrival> => {
    await until(() => arrivals.length > 0);
    return arrivals[0] as Arrival;
  };
  return { options, modules, port, clock, listener, arrivals, badProxies, dial, arrival, until };
}

/** What the next stage reads first. */
async function firstBytes(socket: Socket): Promise<string> {
  const chunk = once(socket, 'data');
  socket.resume();
  return String((await chunk)[0]);
}

/** However it closes. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

test('a client is known by the address it comes from', async () => {
  const { dial, arrival } = await start();
  const miner = await dial('127.0.0.2');
  miner.write(LINE);
  const { client, socket } = await arrival();
  assert.deepEqual(client, { address: '127.0.0.2', port: miner.localPort });
  assert.equal(await firstBytes(socket), LINE);
});

test('behind a trusted proxy it is known by the one that the header names, and loses no byte', async () => {
  const { dial, arrival } = await start(['127.0.0.8/31']);
  (await dial(PROXY)).write(`PROXY TCP4 192.0.2.7 127.0.0.1 56324 3333\r\n${LINE}`);
  const { client, socket } = await arrival();
  assert.deepEqual(client, { address: '192.0.2.7', port: 56324, proxy: PROXY });
  assert.equal(await firstBytes(socket), LINE);
});

test('a header of version 2 in two pieces does as well, and what comes later is read later', async () => {
  const { dial, arrival, clock } = await start([PROXY]);
  const header = Buffer.from(
    '0d0a0d0a000d0a515549540a2111000cc0000207 7f000001dc040d05'.replace(' ', ''),
    'hex',
  );
  const proxy = await dial(PROXY);
  proxy.write(header.subarray(0, 5));
  await new Promise((resolve) => setImmediate(resolve));
  proxy.write(header.subarray(5));
  const { client, socket } = await arrival();
  assert.equal(client.address, '192.0.2.7');
  proxy.write(LINE);
  assert.equal(await firstBytes(socket), LINE);
  assert.equal(clock.pending(), 0);
});

test('a trusted address that sends no header is a miner of its own', async () => {
  const { dial, arrival } = await start([PROXY]);
  const miner = await dial(PROXY);
  miner.write(LINE);
  const { client, socket } = await arrival();
  assert.deepEqual(client, { address: PROXY, port: miner.localPort });
  assert.equal(await firstBytes(socket), LINE);
});

test('a proxy that speaks for itself is known by its own address', async () => {
  const { dial, arrival } = await start([PROXY]);
  const proxy = await dial(PROXY);
  proxy.write(`PROXY UNKNOWN\r\n`);
  assert.deepEqual((await arrival()).client, { address: PROXY, port: proxy.localPort });
});

test('a header of anybody else is not believed', async () => {
  const { dial, arrival } = await start([PROXY]);
  const liar = await dial('127.0.0.2');
  const header = 'PROXY TCP4 192.0.2.7 127.0.0.1 56324 3333\r\n';
  liar.write(header);
  const { client, socket } = await arrival();
  assert.equal(client.address, '127.0.0.2');
  assert.equal(await firstBytes(socket), header);
});

test('a header that is none closes the connection and is told', async () => {
  const { dial, badProxies, arrivals, until } = await start([PROXY]);
  const proxy = await dial(PROXY);
  proxy.resume();
  proxy.write('PROXY TCP4 here there 1 2\r\n');
  await closing(proxy);
  await until(() => badProxies.length > 0);
  assert.deepEqual(badProxies, [`${PROXY}: version 1, TCP4 with other addresses`]);
  assert.equal(arrivals.length, 0);
});

test('a health check that only connects is no matter', async () => {
  const { dial, badProxies, arrivals, clock, arrival } = await start([PROXY]);
  const check = await dial(PROXY);
  check.end();
  check.resume();
  await closing(check);
  (await dial('127.0.0.2')).write(LINE);
  await arrival();
  assert.equal(arrivals.length, 1);
  assert.deepEqual(badProxies, []);
  assert.equal(clock.pending(), 0);
});

test('a proxy that sends nothing is closed in time', async () => {
  const { dial, clock, arrivals } = await start([PROXY]);
  const proxy = await dial(PROXY);
  proxy.resume();
  const closed = closing(proxy);
  proxy.write('PROXY');
  while (clock.pending() === 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(10_000);
  await closed;
  assert.equal(arrivals.length, 0);
});

test('the port closes while a proxy is still to send its header', async () => {
  const { dial, clock, listener } = await start([PROXY]);
  const proxy = await dial(PROXY);
  proxy.resume();
  while (clock.pending() === 0) await new Promise((resolve) => setImmediate(resolve));
  await listener.close();
  endings.shift();
  // The socket's own event comes a little later.
  while (clock.pending() > 0) await clock.settle();
});

test('closed while it is being opened, it does not stay open', async () => {
  const { options, modules, port, listener } = await start();
  await listener.close();
  const late = new Listener({ ...options, port }, modules);
  const opened = late.listen();
  await late.close();
  await opened;
  const [error] = await once(connect(port, '127.0.0.1'), 'error');
  assert.equal(error.code, 'ECONNREFUSED');
});
