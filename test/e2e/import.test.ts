import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeAddress } from '../../src/chain/address.ts';
import { findNetwork } from '../../src/chain/coins.ts';
import { systemClock, systemRandom } from '../../src/clock.ts';
import { createDevnet, type Devnet } from '../../src/devnet/devnet.ts';
import { fakeVerifier } from '../support/devnet-node.ts';
import { KpssProcess, stopAllKpss } from '../support/kpss-process.ts';
import { silentLog } from '../support/mining.ts';
import { StratumClient } from '../support/stratum-client.ts';
import { TestMiner } from '../support/test-miner.ts';

const network = findNetwork('ravencoin', 'regtest');
assert(network);
const ADDRESS = encodeAddress(network.p2pkhVersion, new Uint8Array(20).fill(7));
const HOSTILE = fileURLToPath(new URL('../golden/import/hostile.js', import.meta.url));

let devnet: Devnet;
let folder: string;
before(async () => {
  const modules = { verifier: fakeVerifier, clock: systemClock, random: systemRandom, log: silentLog };
  devnet = await createDevnet({ network }, modules);
  folder = mkdtempSync(join(tmpdir(), 'kpss-import-'));
});
after(async () => {
  await stopAllKpss();
  await devnet?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('an old server.js becomes kpss.yaml, with which a miner gets its work', async () => {
  const { port } = new URL(devnet.url);
  writeFileSync(
    join(folder, 'server.js'),
    `var Stratum = require('stratum-pool');
var myCoin = { name: 'Ravencoin', symbol: 'RVN', algorithm: 'kawpow', peerMagic: '43524f57' };
var pool = Stratum.createPool({
    coin: myCoin,
    regtest: true,
    address: '${ADDRESS}',
    blockRefreshInterval: 1000,
    emitInvalidBlockHashes: false,
    ports: { '3333': { diff: 0.05, varDiff: { minDiff: 0.01, maxDiff: 512, targetTime: 15, retargetTime: 90 } } },
    daemons: [{ host: '127.0.0.1', port: ${port}, user: '${devnet.user}', password: '${devnet.password}' }],
    p2p: { enabled: false }
}, function (ip, port, workerName, password, callback) { callback({ authorized: true }); });
pool.start();`,
  );
  const imported = new KpssProcess(['import', 'server.js', '--output', 'kpss.yaml'], { cwd: folder });
  assert.equal(await imported.exit(), 0, imported.stderr);
  assert.equal(imported.stdout, '');
  assert.match(imported.stderr, /server\.js:2: coin\.peerMagic: KPSS knows it/);
  // Any free port of this machine only, as tests have it.
  const yaml = readFileSync(join(folder, 'kpss.yaml'), 'utf8');
  writeFileSync(
    join(folder, 'kpss.yaml'),
    yaml.replace('host: 0.0.0.0', 'host: 127.0.0.1').replace('port: 3333', 'port: 0'),
  );
  const kpss = new KpssProcess(['start'], { cwd: folder });
  const client = await StratumClient.connect(await kpss.stratumPort());
  const miner = new TestMiner(client, { dialect: 'plain', address: ADDRESS, verifier: fakeVerifier });
  await miner.logIn();
  client.destroy();
});

test('an old file that would end the program, or write a file, does neither', async () => {
  const imported = new KpssProcess(['import', HOSTILE], { cwd: folder });
  assert.equal(await imported.exit(), 1, imported.stderr);
  assert.match(imported.stdout, /^# Made by kpss import of hostile\.js/);
  assert.ok(!existsSync(join(folder, 'hostile-was-here')));
});
