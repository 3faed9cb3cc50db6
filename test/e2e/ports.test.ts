import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encodeAddress } from '../../src/chain/address.ts';
import { findNetwork } from '../../src/chain/coins.ts';
import { difficultyToTarget } from '../../src/chain/target.ts';
import { systemClock, systemRandom } from '../../src/clock.ts';
import { createDevnet, type Devnet } from '../../src/devnet/devnet.ts';
import { createVerifierPool } from '../../src/kawpow/pool.ts';
import { KpssProcess, stopAllKpss } from '../support/kpss-process.ts';
import { silentLog } from '../support/mining.ts';
import { StratumClient } from '../support/stratum-client.ts';
import { TestMiner } from '../support/test-miner.ts';

const network = findNetwork('ravencoin', 'regtest');
assert(network);
const ADDRESS = encodeAddress(network.p2pkhVersion, new Uint8Array(20).fill(7));
/** Nothing that a test hashes by chance is a block at these bits. */
const HARD_BITS = 0x1d00ffff;
/** One share in four hashes, and in eight. */
const DIFFICULTIES = [4 / 2 ** 32, 8 / 2 ** 32] as const;

const verifier = createVerifierPool();
let devnet: Devnet;
let folder: string;
let kpss: KpssProcess;

before(async () => {
  devnet = await createDevnet(
    { network, startBits: HARD_BITS },
    { verifier, clock: systemClock, random: systemRandom, log: silentLog },
  );
  devnet.control.setBits(HARD_BITS);
  folder = mkdtempSync(join(tmpdir(), 'kpss-ports-'));
  writeFileSync(
    join(folder, 'kpss.yaml'),
    `network: regtest
node: { url: "${devnet.url}", user: "${devnet.user}", password: "${devnet.password}" }
payout: { address: ${ADDRESS} }
web: off
stratum:
  difficulty: ${DIFFICULTIES[0]}
  ports:
    - { port: 0 }
    - { port: 0, difficulty: ${DIFFICULTIES[1]} }
    - { port: 0, tls: true }
`,
  );
  kpss = await start();
});

after(async () => {
  await stopAllKpss();
  await devnet?.close();
  await verifier.close();
  rmSync(folder, { recursive: true, force: true });
});

/** With one data folder over a restart. */
async function start(): Promise<KpssProcess> {
  const started = new KpssProcess(['start'], {
    cwd: folder,
    env: { KPSS_DATA_DIRECTORY: join(folder, 'data') },
  });
  await started.line((line) => line.msg.includes('stratum+ssl://'));
  return started;
}

function linesOf({ log }: KpssProcess) {
  return log.filter(({ msg }) => msg.startsWith('miners connect to'));
}

function portOf(process: KpssProcess, i: number): number {
  return linesOf(process)[i]?.port as number;
}

async function logIn(client: StratumClient): Promise<TestMiner> {
  const miner = new TestMiner(client, { dialect: '0x', address: ADDRESS, verifier });
  await miner.logIn();
  return miner;
}

test('each port has its own difficulty, and says at the start how it is reached', async () => {
  const [first, second, third] = linesOf(kpss).map(({ msg }) => msg);
  assert.match(
    first ?? '',
    /^miners connect to stratum\+tcp:\/\/127\.0\.0\.1:\d+ \(difficulty 9\.3\d+e-10\)/,
  );
  assert.match(first ?? '', /--host 0\.0\.0\.0, or host: 0\.0\.0\.0 under stratum/);
  assert.match(second ?? '', /\(difficulty 1\.8\d+e-9\)/);
  assert.match(third ?? '', /stratum\+ssl:\/\/.*certificate SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}/);
  for (const [i, difficulty] of DIFFICULTIES.entries()) {
    const { client } = await logIn(await StratumClient.connect(portOf(kpss, i)));
    const job = await client.job();
    assert.equal(
      job.params[3].replace('0x', ''),
      Buffer.from(difficultyToTarget(difficulty)).toString('hex'),
    );
    client.destroy();
  }
});

test('a miner’s share is accepted over TLS', async () => {
  const miner = await logIn(await StratumClient.connectTls(portOf(kpss, 2)));
  const job = await miner.client.job();
  const found = await miner.hash(job, ({ meetsShareTarget }) => meetsShareTarget);
  assert.equal((await miner.submit(job, found)).result, true);
  miner.client.destroy();
});

test('a miner that tries TLS on a plain port is closed without a word, and welcome the next time', async () => {
  const port = portOf(kpss, 0);
  await assert.rejects(StratumClient.connectTls(port));
  const before = kpss.log.length;
  const miner = await logIn(await StratumClient.connect(port));
  miner.client.destroy();
  const told = kpss.log.slice(0, before).filter(({ level }) => level >= 40);
  assert.deepEqual(
    told.map(({ msg }) => msg).filter((msg) => /TLS|tls|connection/.test(msg)),
    [],
  );
});

test('the certificate is the same after a restart', async () => {
  const fingerprint = linesOf(kpss)[2]?.fingerprint;
  const { socket } = await StratumClient.connectTls(portOf(kpss, 2));
  assert.equal(socket.getPeerX509Certificate()?.fingerprint256, fingerprint);
  socket.destroy();
  await kpss.stop();
  kpss = await start();
  assert.equal(linesOf(kpss)[2]?.fingerprint, fingerprint);
});

test('a certificate that cannot be read stops the start, with its name and code', async () => {
  const file = join(folder, 'own.yaml');
  writeFileSync(
    file,
    'stratum: { port: 0, tls: { certificate: none.pem, key: none.key } }\nnetwork: regtest\n',
  );
  const broken = new KpssProcess(['start', '--config', file], { cwd: folder });
  if (broken.running) await once(broken.child, 'exit');
  assert.notEqual(broken.child.exitCode, 0);
  assert.match(broken.stderr, /none\.(pem|key) cannot be read: there is no such file.*KPSS_TLS_CERTIFICATE/);
});
