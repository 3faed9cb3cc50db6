import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, test } from 'node:test';
import { draftBlock, fakeVerifier, getTemplate, rpc, solveBlock } from '../../test/support/devnet-node.ts';
import { readGolden } from '../../test/support/golden.ts';
import { silentLog } from '../../test/support/mining.ts';
import { P2P_NETWORK, ScriptedP2pSocket, VERSION_MESSAGE } from '../../test/support/scripted-p2p.ts';
import { until } from '../../test/support/scripted-stratum.ts';
import { bytesToHex, hexToBytes, reversed } from '../chain/bytes.ts';
import { decodeHeader } from '../chain/header.ts';
import type { P2pMessage, ReceivedMessage } from '../chain/p2p-message.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { finalHash } from '../kawpow/final-hash.ts';
import { KAWPOW } from '../kawpow/params.ts';
import { createDevnet, type Devnet } from './devnet.ts';

const modules = { clock: systemClock, random: systemRandom, log: silentLog, verifier: fakeVerifier };
const STOP_NOWHERE = new Uint8Array(32);

let cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  cleanUps = [];
});

async function startDevnet(): Promise<Devnet> {
  const devnet = await createDevnet({ network: P2P_NETWORK, p2pPort: 0 }, modules);
  cleanUps.push(() => devnet.close());
  return devnet;
}

function dial(devnet: Devnet): ScriptedP2pSocket {
  assert(devnet.p2pPort !== undefined);
  return new ScriptedP2pSocket(connect(devnet.p2pPort, '127.0.0.1'));
}

/** A peer that the devnet talks to. */
async function shakenHands(devnet: Devnet): Promise<ScriptedP2pSocket> {
  const peer = dial(devnet);
  peer.send(VERSION_MESSAGE, { kind: 'verack' });
  await peer.got('ping');
  return peer;
}

const internal = (hashHex: string): Uint8Array => reversed(hexToBytes(hashHex));

function hashOf(header: Uint8Array): string {
  const { headerHash, nonce, mixHash } = decodeHeader(header);
  return bytesToHex(finalHash(headerHash, nonce, mixHash, KAWPOW));
}

function announced(message: ReceivedMessage): string[] {
  if (message.kind === 'inv') return message.items.map((item) => bytesToHex(reversed(item.hashInternal)));
  return message.kind === 'headers' ? message.headers.map(hashOf) : [];
}

const getheaders = (from: string): P2pMessage => ({
  kind: 'getheaders',
  protocol: 70028,
  locator: [internal(from)],
  stopHash: STOP_NOWHERE,
});

test('a devnet has a P2P port only where one is asked for', async () => {
  const closed = await createDevnet({ network: P2P_NETWORK }, modules);
  cleanUps.push(() => closed.close());
  assert.equal(closed.p2pPort, undefined);
  assert.notEqual((await startDevnet()).p2pPort, undefined);
});

test('it shakes hands as ravend, and answers pings', async () => {
  const peer = await shakenHands(await startDevnet());
  peer.send({ kind: 'ping', nonce: 77n });
  await peer.got('pong');
  assert.deepEqual(
    peer.received.map((message) => message.kind),
    ['version', 'verack', 'sendheaders', 'ping', 'pong'],
  );
  const [version] = await peer.got('version');
  assert.equal(version?.protocol, 70028);
});

for (const version of ['70002', '70015', '70025', '99999']) {
  test(`a peer of version ${version} is answered as ravend answers it`, async () => {
    const { log } = readGolden(`ravend/p2p/version-${version}.json`) as {
      log: { dir: string; hex?: string; command?: string }[];
    };
    const peer = dial(await startDevnet());
    for (const line of log) if (line.dir === 'client->ravend') peer.sendRaw(hexToBytes(line.hex ?? ''));
    const isRefused = log.some((line) => line.command === 'reject');
    if (isRefused) {
      const [reject] = await peer.got('reject');
      const recorded = log.find((line) => line.command === 'reject')?.hex ?? '';
      const reason = new TextDecoder().decode(hexToBytes(recorded)).slice(-32);
      assert.deepEqual([reject?.rejected, reject?.code, reject?.reason], ['version', 0x11, reason]);
      await until(() => peer.closed, 'the end of the connection');
    } else await peer.got('sendheaders');
  });
}

test('a new block is announced by inv to every peer, and a chain gone over to by its tip', async () => {
  const devnet = await startDevnet();
  const peers = [await shakenHands(devnet), await shakenHands(devnet)];
  const first = await devnet.control.addBlock();
  const { tip } = await devnet.control.reorganise(1);
  for (const peer of peers) {
    const invs = await peer.got('inv', 2);
    assert.deepEqual(invs.flatMap(announced), [first, tip]);
  }
});

test('headers come instead once the peer asked for them and is known to have the tip', async () => {
  const devnet = await startDevnet();
  const genesis = devnet.tip();
  const peer = await shakenHands(devnet);
  peer.send({ kind: 'sendheaders' });
  const first = await devnet.control.addBlock();
  assert.deepEqual((await peer.got('inv')).flatMap(announced), [first]);
  peer.send(getheaders(genesis));
  const second = await peer.got('headers').then(() => devnet.control.addBlock());
  const { tip } = await devnet.control.reorganise(1);
  const headers = await peer.got('headers', 3);
  assert.deepEqual(headers[0] && announced(headers[0]), [first]);
  assert.deepEqual(headers[1] && announced(headers[1]), [second]);
  assert.equal(headers[2] && announced(headers[2]).at(-1), tip);
});

test('a block is given out as asked for, with its witnesses or without', async () => {
  const devnet = await startDevnet();
  const hash = await devnet.control.addBlock();
  const peer = await shakenHands(devnet);
  const hashInternal = internal(hash);
  peer.send({
    kind: 'getdata',
    items: [
      { type: 0x40000002, hashInternal },
      { type: 2, hashInternal },
      { type: 1, hashInternal },
      { type: 2, hashInternal: STOP_NOWHERE },
    ],
  });
  const [withWitness, without] = await peer.got('block', 2);
  assert.equal(withWitness && bytesToHex(withWitness.bytes), await rpc(devnet, 'getblock', hash, 0));
  assert(without && withWitness && without.bytes.length < withWitness.bytes.length);
  const [missing] = await peer.got('notfound');
  assert.equal(missing?.items.length, 2);
});

test('a block that a peer sends joins the chain, and again is no fault', async () => {
  const devnet = await startDevnet();
  const peer = await shakenHands(devnet);
  const block = await solveBlock(fakeVerifier, draftBlock(await getTemplate(devnet)));
  const bytes = hexToBytes(block.hex);
  peer.send({ kind: 'block', bytes });
  assert.deepEqual((await peer.got('inv')).flatMap(announced), [block.hash]);
  assert.equal(devnet.tip(), block.hash);
  peer.send({ kind: 'block', bytes }, { kind: 'ping', nonce: 5n });
  await peer.got('pong');
  assert.equal(
    peer.received.some(({ kind }) => kind === 'reject'),
    false,
  );
  assert.equal(devnet.height(), 1);
});

test('a peer whose block breaks a rule is told why and dropped', async () => {
  const devnet = await startDevnet();
  const peer = await shakenHands(devnet);
  const draft = draftBlock(await getTemplate(devnet));
  const block = await solveBlock(fakeVerifier, { ...draft, merkleRoot: new Uint8Array(32) });
  peer.send({ kind: 'block', bytes: hexToBytes(block.hex) });
  assert.equal((await peer.got('reject'))[0]?.reason, 'bad-txnmrklroot');
  await until(() => peer.closed, 'the end of the connection');
  assert.equal(devnet.height(), 0);
});

const HOSTILE: readonly [string, (peer: ScriptedP2pSocket) => void][] = [
  ['another magic', (peer) => peer.sendRaw(hexToBytes('52564e5476657273696f6e'))],
  ['a web browser', (peer) => peer.sendRaw('GET / HTTP/1.1\r\n\r\n')],
  [
    'a block too large',
    (peer) => peer.sendRaw(hexToBytes(`43524f57626c6f636b${'00'.repeat(7)}01127a0000000000`)),
  ],
  ['a version cut short', (peer) => peer.sendFrame('version', new Uint8Array(3))],
];
for (const [name, attack] of HOSTILE) {
  test(`${name} costs the connection, and the devnet stays`, async () => {
    const devnet = await startDevnet();
    const peer = dial(devnet);
    attack(peer);
    await until(() => peer.closed, 'the end of the connection');
    assert.deepEqual(peer.received, []);
    await shakenHands(devnet);
  });
}

test('a block that is none costs the connection, also where its proof of work cannot be computed', async () => {
  const verifier = { ...fakeVerifier, verify: () => Promise.reject(new Error('no memory')) };
  const devnet = await createDevnet({ network: P2P_NETWORK, p2pPort: 0 }, { ...modules, verifier });
  cleanUps.push(() => devnet.close());
  const garbage = await shakenHands(devnet);
  garbage.send({ kind: 'block', bytes: new Uint8Array(300) });
  await until(() => garbage.closed, 'the end of the connection');
  const unlucky = await shakenHands(devnet);
  const block = await solveBlock(fakeVerifier, draftBlock(await getTemplate(devnet)));
  unlucky.send({ kind: 'block', bytes: hexToBytes(block.hex) });
  await until(() => unlucky.closed, 'the end of the connection');
  await shakenHands(devnet);
});

test('a peer is not read from while its block is judged, and others are', async () => {
  const judging = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const verifier: typeof fakeVerifier = {
    ...fakeVerifier,
    verify: async (request) => {
      asked.resolve();
      await judging.promise;
      return fakeVerifier.verify(request);
    },
  };
  const devnet = await createDevnet({ network: P2P_NETWORK, p2pPort: 0 }, { ...modules, verifier });
  cleanUps.push(() => devnet.close());
  const peer = await shakenHands(devnet);
  const block = await solveBlock(fakeVerifier, draftBlock(await getTemplate(devnet)));
  peer.send({ kind: 'block', bytes: hexToBytes(block.hex) });
  await asked.promise;
  peer.send({ kind: 'ping', nonce: 1n });
  await shakenHands(devnet);
  await shakenHands(devnet);
  assert(!peer.received.some((message) => message.kind === 'pong'));
  judging.resolve();
  await peer.got('pong');
  assert.equal(devnet.tip(), block.hash);
});

test('where the P2P port is taken there is no devnet', async () => {
  const { p2pPort = 0 } = await startDevnet();
  await assert.rejects(createDevnet({ network: P2P_NETWORK, p2pPort }, modules), {
    code: 'KPSS_DEVNET_LISTEN',
  });
});

test('who asks for more blocks than it reads is dropped', async () => {
  const devnet = await startDevnet();
  const template = await getTemplate(devnet);
  const outputs = [{ amountSat: BigInt(template.coinbasevalue), script: new Uint8Array(1_000_000) }];
  const block = await solveBlock(fakeVerifier, draftBlock(template, { coinbase: { outputs } }));
  assert.equal(await rpc(devnet, 'submitblock', block.hex), null);
  const peer = await shakenHands(devnet);
  peer.socket.pause();
  const item = { type: 0x40000002, hashInternal: internal(block.hash) };
  peer.send({ kind: 'getdata', items: Array.from({ length: 25 }, () => item) });
  // A socket that is not read notices its end when it writes.
  const ping = { kind: 'ping', nonce: 1n } as const;
  await until(() => {
    peer.send(ping);
    return peer.closed || peer.socket.errored !== null;
  }, 'the end of the connection');
  await shakenHands(devnet);
});

test('offline, it cuts its peers and refuses new ones; back again it is on the same port', async () => {
  const devnet = await startDevnet();
  const peer = await shakenHands(devnet);
  await devnet.control.goOffline();
  await until(() => peer.closed, 'the end of the connection');
  const refused = dial(devnet);
  await until(() => refused.closed, 'the refusal');
  assert.deepEqual(refused.received, []);
  await devnet.control.comeBack();
  await shakenHands(devnet);
});

test('the thirty-third peer is not let in', async () => {
  const devnet = await startDevnet();
  const peers = await Promise.all(Array.from({ length: 32 }, () => shakenHands(devnet)));
  const last = dial(devnet);
  await until(() => last.closed, 'the end of the connection');
  peers[0]?.socket.destroy();
  await until(() => peers[0]?.closed ?? false, 'a free place');
  const hash = await devnet.control.addBlock();
  assert.deepEqual((await (peers[1] as ScriptedP2pSocket).got('inv')).flatMap(announced), [hash]);
});
