import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, test } from 'node:test';
import { noRandom, PAYOUT, recordedTemplate } from '../../test/support/mining.ts';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import { EASY } from '../../test/support/session-harness.ts';
import { StratumClient } from '../../test/support/stratum-client.ts';
import { onePort } from '../../test/support/stratum-options.ts';
import { systemClock } from '../clock.ts';
import { PrefixAllocator } from '../mining/extranonce.ts';
import { JobBook } from '../mining/job-book.ts';
import { BanList } from './bans.ts';
import type { OpenPort } from './openings.ts';
import { StratumServer, type StratumServerOptions } from './server.ts';

// Other rules while miners are connected.

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function start(options: StratumServerOptions = onePort(EASY)) {
  const jobs = new JobBook(new Uint8Array(0));
  jobs.add(recordedTemplate());
  const opened: OpenPort[] = [];
  const bans = new BanList({}, { clock: systemClock });
  const server = new StratumServer(options, {
    clock: systemClock,
    log: createKeptLog(),
    prefixes: new PrefixAllocator(noRandom),
    jobs,
    bans,
    login: (userName) =>
      userName === 'nobody' ? { ok: false, text: 'no' } : { ok: true, workerName: userName, payout: PAYOUT },
    onLogin: () => {},
    judge: () => Promise.resolve({ accepted: true, verified: true }),
    onCandidate: () => {},
    onResult: () => {},
    onEnd: () => {},
    onOpened: (port) => opened.push(port),
  });
  const [port = 0] = await server.listen();
  endings.push(() => server.close());
  const dial = async (to = port): Promise<StratumClient> => {
    const client = await StratumClient.connect(to);
    endings.push(() => client.destroy());
    return client;
  };
  const miner = async (to = port): Promise<StratumClient> => {
    const client = await dial(to);
    client.send({ id: 1, method: 'mining.subscribe', params: [] });
    client.send({ id: 2, method: 'mining.authorize', params: ['a.b', 'x'] });
    await client.job();
    return client;
  };
  /** Whether somebody who comes now is let in. */
  const isLetIn = async (): Promise<boolean> => {
    const client = await dial();
    const answer = client.call(1, 'mining.subscribe', []).then(() => true);
    return Promise.race([answer, client.untilClosed().then(() => false)]);
  };
  return { server, port, opened, bans, dial, miner, isLetIn };
}

test('other limits count for who comes from now on; who is in stays in', async () => {
  const options = onePort(EASY);
  const { server, miner, isLetIn } = await start(options);
  const first = await miner();
  await server.apply({ ...options, limits: { ...options.limits, connectionsPerAddressMax: 1 } });
  assert.equal(await isLetIn(), false);
  await server.apply(options);
  assert.equal(await isLetIn(), true);
  assert.equal(first.closed, false);
});

test('other rules for bans hold at once, for who is connected, too', async () => {
  const options = onePort(EASY);
  const { server, dial, bans } = await start(options);
  const guesser = await dial();
  await server.apply({ ...options, banning: { ...options.banning, failedLoginsMax: 1, timeMs: 5_000 } });
  guesser.send({ id: 1, method: 'mining.authorize', params: ['nobody', ''] });
  await guesser.untilClosed();
  const [ban] = bans.list();
  assert.deepEqual([ban?.address, ban?.reason], ['127.0.0.1', 'failed-logins']);
});

test('a proxy is trusted, and exempt, from the reload on; who came before is counted off as it came', async () => {
  const options = onePort(EASY);
  const [port] = options.ports;
  assert(port);
  const { server, port: number, miner, opened, isLetIn } = await start(options);
  const direct = await miner();
  const proxied = { ...options, ports: [{ ...port, proxies: ['127.0.0.1'] }] };
  await server.apply({ ...proxied, limits: { ...options.limits, connectionsPerAddressMax: 1 } });
  assert.deepEqual([direct.closed, opened.length], [false, 1], 'the port stays open');
  const socket = connect(number, '127.0.0.1');
  endings.push(() => void socket.destroy());
  socket.write(
    'PROXY TCP4 192.0.2.7 192.0.2.1 5000 3333\r\n{"id":1,"method":"mining.subscribe","params":[]}\n',
  );
  await new Promise((resolve) => socket.once('data', resolve));
  direct.destroy();
  while (server.doorReport().connections > 1) await new Promise((resolve) => setImmediate(resolve));
  // Nobody is trusted any more, and the one place of this address is free again.
  await server.apply({ ...options, limits: { ...options.limits, connectionsPerAddressMax: 1 } });
  assert.equal(await isLetIn(), true);
});

test('a port is closed with its miners before others are opened, and a new one is told of', async () => {
  const options = onePort(EASY);
  const [port] = options.ports;
  assert(port);
  const { server, port: first, miner, opened } = await start(options);
  const old = await miner();
  await server.apply({ ...options, ports: [{ ...port, host: '127.0.0.7', port: first }] });
  await old.untilClosed();
  assert.deepEqual(
    opened.map(({ options: { host }, port: number }) => [host, number]),
    [
      ['127.0.0.1', first],
      ['127.0.0.7', first],
    ],
  );
  // Another program's place: the one that could not be had is tried for again at the next call.
  const other = await start();
  const wanted = {
    ...options,
    ports: [
      { ...port, port: other.port },
      { ...port, port: 0 },
    ],
  };
  await assert.rejects(server.apply(wanted), { code: 'KPSS_PORT_UNAVAILABLE' });
  assert.equal(opened.length, 3, 'the one that is free is open');
  await other.server.close();
  await server.apply(wanted);
  assert.equal(opened.at(-1)?.port, other.port);
  await miner(other.port);
});

test('another payout reaches a farm a few miners at a time, each once', async () => {
  const { server, miner } = await start();
  const miners = await Promise.all(Array.from({ length: 120 }, () => miner()));
  const before = await Promise.all(miners.map((client) => client.job()));
  let asked = 0;
  const payout = { ...PAYOUT };
  server.usePayout(() => {
    asked += 1;
    return payout;
  });
  assert.ok(asked < 120, 'others have their turn in between');
  for (const [i, client] of miners.entries()) {
    const next = await client.find(
      ({ method, params }) => method === 'mining.notify' && params[0] !== before[i]?.params[0],
    );
    assert.notEqual(next.params[1], before[i]?.params[1]);
  }
  assert.equal(asked, 120);
  const seen = miners.map(({ messages }) => messages.length);
  server.usePayout(() => payout);
  await miner();
  assert.deepEqual(
    miners.map(({ messages }) => messages.length),
    seen,
    'nothing is new to them',
  );
});
