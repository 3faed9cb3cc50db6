import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { noRandom, PAYOUT, recordedTemplate } from '../../test/support/mining.ts';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import { EASY } from '../../test/support/session-harness.ts';
import { prefixIn, StratumClient } from '../../test/support/stratum-client.ts';
import { onePort } from '../../test/support/stratum-options.ts';
import { systemClock } from '../clock.ts';
import { PrefixAllocator } from '../mining/extranonce.ts';
import { JobBook } from '../mining/job-book.ts';
import type { Clock } from '../mining/ports.ts';
import { BanList } from './bans.ts';
import { type BanningRules, DEFAULT_BANNING, DEFAULT_LIMITS, type StratumLimits } from './limits.ts';
import { StratumServer } from './server.ts';

const HARD_BITS = { bits: '1d00ffff', target: `00000000ffff${'0'.repeat(52)}` };
const BAD = '127.0.0.66';
const GOOD = '127.0.0.2';
const PROXY = '127.0.0.9';
const SUBSCRIBE = { id: 1, method: 'mining.subscribe', params: ['test/1.0'] };
const GARBAGE = 'GET / HTTP/1.1\n'.repeat(10);

/** Waits pass forty times as fast: a refused connection is held for 62 ms. */
const hastyClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  setTimer: (delayMs, callback) => systemClock.setTimer(delayMs / 40, callback),
};

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

interface Settings {
  readonly clock?: Clock;
  readonly limits?: Partial<StratumLimits>;
  readonly banning?: Partial<BanningRules>;
  readonly proxies?: readonly string[];
}

async function start({ limits, banning, proxies, clock = hastyClock }: Settings = {}) {
  const jobs = new JobBook(new Uint8Array(0));
  jobs.add(recordedTemplate(HARD_BITS));
  const bans = new BanList({}, { clock });
  const log = createKeptLog();
  const [port] = onePort(EASY).ports;
  assert(port);
  const server = new StratumServer(
    {
      ports: [{ ...port, proxies }],
      limits: { ...DEFAULT_LIMITS, ...limits },
      banning: { ...DEFAULT_BANNING, ...banning },
    },
    {
      clock,
      log,
      prefixes: new PrefixAllocator(noRandom),
      jobs,
      bans,
      login: (userName) =>
        userName === 'nobody'
          ? { ok: false, text: 'no such miner' }
          : { ok: true, workerName: userName, payout: PAYOUT },
      onLogin: () => {},
      judge: (share) =>
        Promise.resolve(
          share.claimedMixHash.every((byte) => byte === 0xff)
            ? { accepted: false, reason: 'wrong-mix' }
            : { accepted: true, verified: true },
        ),
      onCandidate: () => {},
      onResult: () => {},
      onEnd: () => {},
    },
  );
  const [opened = 0] = await server.listen();
  endings.push(() => server.close());
  const dial = async (from: string): Promise<StratumClient> => {
    const client = await StratumClient.connect(opened, '127.0.0.1', from);
    endings.push(() => client.destroy());
    return client;
  };
  const warnings = (): string[] =>
    log.lines.filter(({ level }) => level === 'warn').map((line) => line.message);
  return { server, bans, dial, warnings };
}

async function logIn(client: StratumClient, name = 'a.b'): Promise<StratumClient> {
  client.send(SUBSCRIBE, { id: 2, method: 'mining.authorize', params: [name, 'x'] });
  await client.job();
  return client;
}

let nextNonce = 1;
async function submit(client: StratumClient, mixByte = '00') {
  const { params } = await client.job();
  const nonce = prefixIn(await client.find((m) => m.id === 1)) + (nextNonce++).toString(16).padStart(12, '0');
  return client.call(`n${nonce}`, 'mining.submit', ['a.b', params[0], nonce, params[1], mixByte.repeat(32)]);
}

/** Whether the server takes a connection in: a refused one is closed without a word. */
async function isLetIn(client: StratumClient): Promise<boolean> {
  client.send(SUBSCRIBE);
  try {
    await client.find((m) => m.id === 1);
    return true;
  } catch {
    return false;
  }
}

test('who sends garbage three times is banned, and a good miner beside it loses nothing', async () => {
  const { dial, bans, warnings } = await start();
  const good = await logIn(await dial(GOOD));
  const sibling = await logIn(await dial(BAD));
  for (let i = 0; i < 3; i++) {
    const bad = await dial(BAD);
    bad.sendRaw(GARBAGE);
    await bad.untilClosed();
  }
  await sibling.untilClosed();
  assert.deepEqual(
    bans.list().map(({ address, reason }) => [address, reason]),
    [[BAD, 'garbage']],
  );
  assert.equal(await isLetIn(await dial(BAD)), false);
  assert.equal((await submit(good)).result, true);
  assert.match(warnings()[0] ?? '', /^127\.0\.0\.66 is banned for 600 s: it sent what is no stratum/);
});

test('so is a forger of mix hashes', async () => {
  const { dial, bans } = await start({ banning: { forgersMax: 1 } });
  const bad = await logIn(await dial(BAD));
  for (let i = 0; i < 3; i++) await submit(bad, 'ff');
  // The last one gets no answer any more.
  await assert.rejects(submit(bad, 'ff'));
  await bad.untilClosed();
  while (bans.list().length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(bans.list()[0]?.reason, 'wrong-mix');
});

test('so is who guesses logins, over several connections', async () => {
  const { dial, bans } = await start({ banning: { failedLoginsMax: 6 } });
  for (let i = 0; i < 2; i++) {
    const bad = await dial(BAD);
    for (let id = 0; id < 3; id++) bad.send({ id, method: 'mining.authorize', params: ['nobody', 'x'] });
    if (i === 0) await bad.find((m) => m.id === 2);
    else await bad.untilClosed();
  }
  assert.equal(bans.list()[0]?.reason, 'failed-logins');
});

test('so is whose shares are mostly invalid', async () => {
  const { dial, bans } = await start({ banning: { checkThreshold: 4, invalidPercent: 75 } });
  const bad = await logIn(await dial(BAD));
  const { params } = await bad.job();
  const nonce = `${prefixIn(await bad.find((m) => m.id === 1))}ffffffffffff`;
  for (let id = 10; id < 20; id++) {
    bad.send({ id, method: 'mining.submit', params: ['a.b', params[0], nonce, params[1], '00'.repeat(32)] });
  }
  await bad.untilClosed();
  assert.equal(bans.list()[0]?.reason, 'invalid-shares');
});

test('knocking for TLS, asking for other dialects and health checks ban nobody', async () => {
  const { dial, bans } = await start();
  for (let i = 0; i < 20; i++) {
    const tls = await dial(BAD);
    tls.sendRaw(Uint8Array.of(0x16, 0x03, 0x01));
    await tls.untilClosed();
    const detect = await dial(BAD);
    await detect.call(1, 'mining.hello', {});
    detect.destroy();
  }
  assert.deepEqual(bans.list(), []);
  assert.equal(await isLetIn(await dial(BAD)), true);
});

test('an address has so many connections; the next is held a moment, then closed, without an answer', async () => {
  const { dial, server, warnings } = await start({ limits: { connectionsPerAddressMax: 2 } });
  const [first] = [await dial(BAD), await dial(BAD)];
  const third = await dial(BAD);
  third.send(SUBSCRIBE);
  await third.untilClosed();
  assert.equal(third.lines.length, 0);
  assert.equal(await isLetIn(await dial(GOOD)), true);
  const report = server.doorReport();
  assert.deepEqual([report.connections, report.held, report.refused['address-full']], [3, 0, 1]);
  assert.match(warnings()[0] ?? '', /^a connection from 127\.0\.0\.66 was refused: .*connectionsPerAddress/);
  first?.destroy();
  while (server.doorReport().connections > 2) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await isLetIn(await dial(BAD)), true);
});

test('a storm of connections leaves one line in the log, and a miner undisturbed', async () => {
  const { dial, server, warnings } = await start({
    limits: { connectionsPerAddressMax: 5, connectsPerSMax: 1 },
  });
  const good = await logIn(await dial(GOOD));
  for (let i = 0; i < 10; i++) {
    await Promise.all(Array.from({ length: 30 }, () => dial(BAD)));
    assert.equal((await submit(good)).result, true);
  }
  while (server.doorReport().refused['address-full'] + server.doorReport().refused['too-hasty'] < 290) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(warnings().length, 1);
});

test('behind a trusted proxy the liar is banned, by the address in the header, and the proxy never', async () => {
  const { dial, bans } = await start({ proxies: [PROXY] });
  const dialAs = async (address: string): Promise<StratumClient> => {
    const client = await dial(PROXY);
    client.sendRaw(`PROXY TCP4 ${address} 127.0.0.1 4000 3333\r\n`);
    return client;
  };
  for (let i = 0; i < 3; i++) {
    const bad = await dialAs('192.0.2.66');
    bad.sendRaw(GARBAGE);
    await bad.untilClosed();
    const own = await dial(PROXY);
    own.sendRaw(GARBAGE);
    await own.untilClosed();
  }
  assert.deepEqual(
    bans.list().map(({ address }) => address),
    ['192.0.2.66'],
  );
  assert.equal(await isLetIn(await dialAs('192.0.2.66')), false);
  assert.equal(await isLetIn(await dialAs('192.0.2.7')), true);
  assert.equal(await isLetIn(await dial(PROXY)), true);
});

test('a proxy whose network is banned stays connected', async () => {
  const own = '2001:db8::9';
  const { dial, bans } = await start({ proxies: [PROXY, own], banning: { forgersMax: 1 } });
  const dialAs = async (address: string): Promise<StratumClient> => {
    const client = await dial(PROXY);
    client.sendRaw(`PROXY TCP6 ${address} ::1 4000 3333\r\n`);
    return client;
  };
  const proxied = await logIn(await dialAs(own));
  const neighbour = await logIn(await dialAs('2001:db8::7'));
  const bad = await dialAs('2001:db8::66');
  bad.sendRaw(GARBAGE);
  await Promise.all([bad.untilClosed(), neighbour.untilClosed()]);
  assert.deepEqual(
    bans.list().map(({ address }) => address),
    ['2001:db8::/64'],
  );
  assert.equal((await submit(proxied)).result, true);
});

test('a PROXY header of anybody else closes the connection without a word, bans nobody, and its owner is told', async () => {
  const { dial, bans, warnings } = await start();
  for (let i = 0; i < 5; i++) {
    const liar = await dial(BAD);
    liar.sendRaw('PROXY TCP4 192.0.2.7 127.0.0.1 4000 3333\r\n');
    liar.send(SUBSCRIBE);
    await liar.untilClosed();
    assert.equal(liar.lines.length, 0);
  }
  assert.deepEqual(bans.list(), []);
  assert.match(warnings()[0] ?? '', /^127\.0\.0\.66 sent a PROXY header and is not in stratum\.proxies/);
});

test('the end does not wait for those who are held', async () => {
  const clock: Clock = { nowMs: () => 0, setTimer: () => ({ cancel: () => {} }) };
  const { dial, server } = await start({ clock, limits: { connectionsMax: 0 } });
  const held = await dial(BAD);
  while (server.doorReport().held === 0) await new Promise((resolve) => setImmediate(resolve));
  await server.close();
  await held.untilClosed();
  assert.equal(server.doorReport().held, 0);
});
