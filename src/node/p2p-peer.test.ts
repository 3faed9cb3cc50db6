import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { readGolden } from '../../test/support/golden.ts';
import { noRandom, silentLog } from '../../test/support/mining.ts';
import {
  P2P_NETWORK,
  ScriptedP2p,
  type ScriptedP2pSocket,
  VERSION_MESSAGE,
} from '../../test/support/scripted-p2p.ts';
import { until } from '../../test/support/scripted-stratum.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { bytesToHex, hexToBytes } from '../chain/bytes.ts';
import { finalHash } from '../kawpow/final-hash.ts';
import { KAWPOW } from '../kawpow/params.ts';
import { P2pPeer } from './p2p-peer.ts';
import type { SignalReport } from './tip-signal.ts';

const TIP_INTERNAL = Uint8Array.from({ length: 32 }, (_, i) => i);
const TIP_HEX = bytesToHex(TIP_INTERNAL.slice().reverse());

let cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  cleanUps = [];
});

async function listen(): Promise<ScriptedP2p> {
  const node = await ScriptedP2p.listen();
  cleanUps.push(() => node.close());
  return node;
}

function createPeer(port: number, isAuto = false) {
  const clock = createVirtualClock();
  const reports: SignalReport[] = [];
  const tips: string[] = [];
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (_: object, message: string) => void warnings.push(message) };
  const peer = new P2pPeer(
    {
      node: 'home',
      host: '127.0.0.1',
      port,
      isAuto,
      network: P2P_NETWORK,
      version: '0.1.0',
    },
    {
      clock,
      random: noRandom,
      log,
      handlers: { onTip: (hashHex) => tips.push(hashHex), onReport: (report) => reports.push(report) },
      hashOfHeader: (header) => finalHash(header.headerHash, header.nonce, header.mixHash, KAWPOW),
    },
  );
  cleanUps.unshift(() => peer.stop());
  const state = (wanted: SignalReport['state']) =>
    until(() => peer.report().state === wanted, `the state ${wanted}`);
  peer.start();
  return { peer, clock, reports, tips, warnings, state };
}

/** A peer whose connection stands. */
async function openPeer(node: ScriptedP2p) {
  const created = createPeer(node.port);
  await created.state('on');
  return { ...created, connection: await node.connection() };
}

test('it introduces itself as one that wants no transactions and has no blocks, and says so when it is on', async () => {
  const node = await listen();
  const { connection, reports, clock } = await openPeer(node);
  const [version] = await connection.got('version');
  assert.deepEqual(version, {
    kind: 'version',
    protocol: 70028,
    services: 0n,
    timeS: BigInt(clock.nowMs() / 1000),
    nonce: 0n,
    userAgent: '/KPSS:0.1.0/',
    startHeight: 0,
    relay: false,
  });
  await connection.got('verack');
  assert.deepEqual(
    reports.map(({ state, sentence }) => [state, sentence]),
    [
      ['connecting', `Connecting to the P2P port 127.0.0.1:${node.port}.`],
      ['on', `Listens to /Ravencoin:4.6.1/ at 127.0.0.1:${node.port}.`],
    ],
  );
});

test('a new block is announced by inv, of either type, and transactions are none', async () => {
  const { connection, tips } = await openPeer(await listen());
  const other = new Uint8Array(32).fill(9);
  connection.send({ kind: 'inv', items: [{ type: 1, hashInternal: other }] });
  connection.send({ kind: 'inv', items: [{ type: 2, hashInternal: TIP_INTERNAL }] });
  connection.send({
    kind: 'inv',
    items: [
      { type: 2, hashInternal: TIP_INTERNAL },
      { type: 0x40000002, hashInternal: other },
      { type: 1, hashInternal: TIP_INTERNAL },
    ],
  });
  await until(() => tips.length >= 2, 'two tips');
  assert.deepEqual(tips, [TIP_HEX, '09'.repeat(32)]);
});

for (const name of [
  'handshake-and-default-announcement',
  'sendheaders-after-getheaders',
  'sendcmpct-announcement',
  'inv-getdata-block',
]) {
  test(`what ravend sent, ${name}, gives each of its blocks as a tip`, async () => {
    const { blocks, log } = readGolden(`ravend/p2p/${name}.json`) as {
      blocks: string[];
      log: { dir?: string; hex?: string }[];
    };
    const sent = log
      .filter((line) => line.dir === 'ravend->client')
      .map((line) => hexToBytes(line.hex ?? ''));
    const node = await listen();
    node.welcome = (connection) => {
      for (const bytes of sent) connection.sendRaw(bytes);
    };
    const { tips, connection, reports } = await openPeer(node);
    await until(() => tips.includes(blocks.at(-1) as string), 'the last block');
    for (const block of blocks) assert(tips.includes(block), block);
    await connection.got('pong');
    assert.equal(reports.at(-1)?.sentence, `Listens to /Ravencoin:4.6.1/ at 127.0.0.1:${node.port}.`);
  });
}

for (const version of ['70002', '70025']) {
  test(`the reason of a node that will not have our version, as ravend gives it to ${version}, is passed on`, async () => {
    const { log } = readGolden(`ravend/p2p/version-${version}.json`) as {
      log: { dir: string; hex?: string }[];
    };
    const reject = log.find((line) => line.dir === 'ravend->client');
    const node = await listen();
    node.welcome = (connection) => {
      connection.sendRaw(hexToBytes(reject?.hex ?? ''));
      connection.socket.end();
    };
    const { peer, state } = createPeer(node.port);
    await state('failed');
    assert.match(peer.report().sentence, /Version must be 700\d\d or greater\. KPSS keeps trying\.$/);
  });
}

test('pings are answered with their own number', async () => {
  const { connection } = await openPeer(await listen());
  connection.send({ kind: 'ping', nonce: 0xfedcba9876543210n });
  assert.deepEqual(await connection.got('pong'), [{ kind: 'pong', nonce: 0xfedcba9876543210n }]);
});

test('a node that goes silent is pinged, given up, and connected to again', async () => {
  const node = await listen();
  const { connection, clock, peer, state } = await openPeer(node);
  await clock.advance(20_000);
  await connection.got('ping', 2);
  await clock.advance(80_000);
  assert.equal(peer.report().state, 'failed');
  assert.match(peer.report().sentence, /went silent/);
  await until(() => connection.closed, 'the end of the connection');
  await clock.advance(500);
  await state('on');
  assert.equal(node.connections.length, 2);
});

test('a node that answers pings stays', async () => {
  const { connection, clock, peer } = await openPeer(await listen());
  for (let count = 1; count <= 30; count++) {
    await clock.advance(20_000);
    await connection.got('ping', count + 1);
    // Our own ping, so that we see when it has read the pong before it.
    connection.send({ kind: 'pong', nonce: 0n }, { kind: 'ping', nonce: 1n });
    await connection.got('pong', count);
  }
  assert.equal(peer.report().state, 'on');
});

test('a lost connection is made again at once, then ever more seldom, and after a good one at once again', async () => {
  const node = await listen();
  const { clock, peer, state } = await openPeer(node);
  const lose = async (): Promise<void> => {
    node.connections.at(-1)?.socket.end();
    await state('failed');
    assert.match(peer.report().sentence, /was lost/);
  };
  const backAfter = async (delayMs: number): Promise<void> => {
    const count = node.connections.length;
    await clock.advance(delayMs - 1);
    assert.equal(node.connections.length, count);
    await clock.advance(1);
    await state('on');
    assert.equal(node.connections.length, count + 1);
  };
  for (const delayMs of [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    await lose();
    await backAfter(delayMs);
  }
  await clock.advance(60_000);
  await lose();
  await backAfter(500);
});

test('a port that refuses is reported with what to do about it', async () => {
  const node = await listen();
  const { port } = node;
  await node.close();
  const { peer, state } = createPeer(port);
  await state('failed');
  assert.match(
    peer.report().sentence,
    /127\.0\.0\.1:\d+ does not answer \(ECONNREFUSED\).*listen=0.*KPSS keeps trying\.$/,
  );
});

test('a port that nobody asked for and that does not answer is off, and looked for once a minute', async () => {
  const node = await listen();
  const { port } = node;
  await node.close();
  const { peer, clock, reports, state } = createPeer(port, true);
  await state('off');
  assert.match(peer.report().sentence, /^No P2P port at/);
  await node.open(port);
  await clock.advance(59_000);
  assert.equal(node.connections.length, 0);
  await clock.advance(1_000);
  await state('on');
  assert.deepEqual(
    reports.map((report) => report.state),
    ['connecting', 'off', 'on'],
  );
});

test('a port that nobody asked for, once it was on, is missed and connected to again at once', async () => {
  const node = await listen();
  const { peer, clock, state } = createPeer(node.port, true);
  await state('on');
  (await node.connection()).socket.end();
  await state('failed');
  assert.match(peer.report().sentence, /was lost/);
  await clock.advance(500);
  await state('on');
  assert.equal(node.connections.length, 2);
});

test('a port that nobody asked for and that is something else is told of, and left in peace for a minute', async () => {
  const node = await listen();
  node.welcome = (connection) => connection.sendRaw('SSH-2.0-server\r\n');
  const { peer, clock, state } = createPeer(node.port, true);
  await state('failed');
  assert.match(peer.report().sentence, /is no P2P port of ravencoin regtest/);
  await clock.advance(59_999);
  assert.equal(node.connections.length, 1);
  await clock.advance(1);
  await node.connection(1);
});

const HOSTILE: readonly [string, (connection: ScriptedP2pSocket) => void, RegExp][] = [
  ['a web server', (c) => c.sendRaw('HTTP/1.1 400 Bad Request\r\n\r\n'), /no P2P port of ravencoin regtest/],
  ['a node of another network', (c) => c.sendRaw(hexToBytes('52564e5476657273696f6e00')), /no P2P port of/],
  [
    'one that promises four gigabytes',
    (c) => c.sendRaw(hexToBytes(`43524f57696e76${'00'.repeat(9)}${'ff'.repeat(8)}`)),
    /too-long/,
  ],
  [
    'one whose checksums are wrong',
    (c) => c.sendRaw(hexToBytes(`43524f57696e76${'00'.repeat(17)}`)),
    /wrong-checksum/,
  ],
  ['one whose messages are cut short', (c) => c.sendFrame('version', new Uint8Array(20)), /\(message\)/],
  ['one that hangs up', (c) => c.socket.end(), /closes P2P connections at once.*whitelist=/],
];
for (const [name, welcome, sentence] of HOSTILE) {
  test(`${name} is told from a node, and tried again`, async () => {
    const node = await listen();
    node.welcome = welcome;
    const { peer, clock, state, tips } = createPeer(node.port);
    await state('failed');
    assert.match(peer.report().sentence, sentence);
    await clock.advance(500);
    await node.connection(1);
    assert.deepEqual(tips, []);
  });
}

test('it is on only once the node has taken its verack: a node announces nothing before', async () => {
  const node = await listen();
  node.welcome = (connection) => connection.send(VERSION_MESSAGE, { kind: 'verack' });
  const { peer, state } = createPeer(node.port);
  const connection = await node.connection();
  const [ping] = await connection.got('ping');
  assert.equal(peer.report().state, 'connecting');
  connection.send({ kind: 'pong', nonce: ping?.nonce ?? 0n });
  await state('on');
});

test('a verack before the version is no handshake, and a second version is not answered', async () => {
  const node = await listen();
  node.welcome = (connection) => connection.send({ kind: 'verack' }, VERSION_MESSAGE, VERSION_MESSAGE);
  const { peer } = createPeer(node.port);
  const connection = await node.connection();
  await connection.got('verack');
  connection.send({ kind: 'inv', items: [{ type: 2, hashInternal: TIP_INTERNAL }] }, { kind: 'verack' });
  await connection.got('ping');
  assert.equal(peer.report().state, 'connecting');
  assert.equal((await connection.got('verack')).length, 1);
});

test('a node that never finishes the handshake is given up, whatever it sends meanwhile', async () => {
  const node = await listen();
  node.welcome = (connection) => connection.send(VERSION_MESSAGE);
  const { peer, clock, tips } = createPeer(node.port);
  const connection = await node.connection();
  await connection.got('verack');
  connection.send({ kind: 'inv', items: [{ type: 2, hashInternal: TIP_INTERNAL }] });
  await clock.advance(15_000);
  assert.match(peer.report().sentence, /does not answer in time/);
  await until(() => connection.closed, 'the end of the connection');
  assert.deepEqual(tips, []);
});

test('of a node that floods only so much is read at a time, and what it says after that comes later', async () => {
  const { connection, clock, tips } = await openPeer(await listen());
  const startMs = clock.nowMs();
  connection.send(...Array.from({ length: 10_000 }, (_, i) => ({ kind: 'ping', nonce: BigInt(i) }) as const));
  connection.send({ kind: 'inv', items: [{ type: 2, hashInternal: TIP_INTERNAL }] });
  await connection.got('pong', 1_000);
  while (tips.length === 0) await clock.advance(250);
  // 10 000 frames and their bytes at 256 a millisecond, but for the 16 s that go at once.
  assert(clock.nowMs() - startMs > 15_000, `${clock.nowMs() - startMs} ms`);
});

test('a message that never ends counts as silence', async () => {
  const { connection, clock, reports } = await openPeer(await listen());
  connection.sendRaw(hexToBytes(`43524f57696e76${'00'.repeat(9)}00100000`));
  for (let i = 0; i < 130; i++) {
    connection.sendRaw(Uint8Array.of(0));
    await clock.advance(1_000);
  }
  assert(reports.some(({ sentence }) => /went silent/.test(sentence)));
});

test('a block goes out as it is', async () => {
  const { connection, peer } = await openPeer(await listen());
  const block = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  assert.equal(peer.sendBlock(bytesToHex(block)), true);
  const [message] = await connection.got('block');
  assert.deepEqual(message?.bytes, block);
});

test('without a connection no block is taken', async () => {
  const node = await listen();
  node.welcome = () => undefined;
  const { peer } = createPeer(node.port);
  await node.connection();
  assert.equal(peer.sendBlock('00'), false);
  await peer.stop();
  assert.equal(peer.sendBlock('00'), false);
});

test('a node that reads nothing gets two blocks, and loses its connection over the rest', async () => {
  const { connection, peer } = await openPeer(await listen());
  connection.socket.pause();
  const blockHex = '00'.repeat(7_000_000);
  let sent = 0;
  while (peer.sendBlock(blockHex)) sent += 1;
  assert(sent >= 2 && sent <= 4, `${sent} blocks`);
  assert.match(peer.report().sentence, /does not read/);
});

test('a node that refuses a block says why in the log, but not that it had it already', async () => {
  const { connection, warnings } = await openPeer(await listen());
  connection.send({ kind: 'reject', rejected: 'block', code: 0x12, reason: 'duplicate' });
  connection.send({ kind: 'reject', rejected: 'block', code: 0x10, reason: 'bad-cb-amount' });
  await until(() => warnings.length > 0, 'a warning');
  assert.deepEqual(warnings, ['the node home refuses a block that came by P2P: bad-cb-amount']);
});

test('nothing comes after stop, and no timer is left', async () => {
  const node = await listen();
  const { connection, clock, peer, reports, tips } = await openPeer(node);
  connection.send({ kind: 'inv', items: [{ type: 2, hashInternal: TIP_INTERNAL }] });
  const count = reports.length;
  await peer.stop();
  await until(() => connection.closed, 'the end of the connection');
  assert.deepEqual([reports.length, tips.length, clock.pending()], [count, 0, 0]);
  peer.start();
  await clock.advance(120_000);
  assert.equal(node.connections.length, 1);
});
