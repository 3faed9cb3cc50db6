import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encodeAddress } from '../../src/chain/address.ts';
import { findNetwork } from '../../src/chain/coins.ts';
import { systemClock, systemRandom } from '../../src/clock.ts';
import { createDevnet, type Devnet } from '../../src/devnet/devnet.ts';
import { createVerifierPool } from '../../src/kawpow/pool.ts';
import { KpssProcess, stopAllKpss } from '../support/kpss-process.ts';
import { silentLog } from '../support/mining.ts';
import { StratumClient } from '../support/stratum-client.ts';

const network = findNetwork('ravencoin', 'regtest');
assert(network);
const addressOf = (byte: number) => encodeAddress(111, new Uint8Array(20).fill(byte));
const verifier = createVerifierPool();
let devnet: Devnet;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kpss-late-'));
  devnet = await createDevnet(
    { network },
    { verifier, clock: systemClock, random: systemRandom, log: silentLog },
  );
  await devnet.control.goOffline();
});
after(async () => {
  await stopAllKpss();
  await devnet.close();
  await verifier.close();
  rmSync(folder, { recursive: true, force: true });
});

test('started before its node, it waits, says for what, and serves as soon as it can', async () => {
  const file = join(folder, 'late.yaml');
  const login = `user: "${devnet.user}", password: "${devnet.password}"`;
  writeFileSync(file, `network: regtest\nnode: { url: "${devnet.url}", ${login} }\nstratum: { port: 0 }\n`);
  const kpss = new KpssProcess(['start', '--config', file]);
  const port = await kpss.stratumPort();
  const miner = await StratumClient.connect(port);
  miner.send(
    { id: 1, method: 'mining.subscribe', params: [] },
    { id: 2, method: 'mining.authorize', params: [`${addressOf(1)}.rig`, 'x'] },
  );
  assert.equal((await miner.find((m) => m.id === 2)).result, true);
  await kpss.line((line) => line.state === 'unreachable');

  devnet.control.setFault({ kind: 'warming-up', message: 'Verifying blocks...' });
  await devnet.control.comeBack();
  assert.match((await kpss.line((line) => line.state === 'starting')).msg, /Verifying blocks/);
  assert(!miner.messages.some((m) => m.method === 'mining.notify'));

  devnet.control.setFault({ kind: 'not-connected' });
  await kpss.line((line) => line.state === 'no-peers');
  devnet.control.setFault({ kind: 'downloading' });
  await kpss.line((line) => line.state === 'downloading');
  devnet.control.setFault({ kind: 'work-queue-full' });
  await kpss.line((line) => line.state === 'busy');

  devnet.control.setFault({ kind: 'forbidden' });
  await kpss.line((line) => line.state === 'forbidden');

  devnet.control.setFault(undefined);
  const job = await miner.job();
  assert.equal(job.params[5], 1);
  await kpss.line((line) => line.state === 'ready');
  miner.destroy();
  assert.equal(await kpss.stop(), 0);
});

test('without payout.address each login address has its own job, and what is no address is refused', async () => {
  const file = join(folder, 'each.yaml');
  const login = `user: "${devnet.user}", password: "${devnet.password}"`;
  writeFileSync(file, `network: regtest\nnode: { url: "${devnet.url}", ${login} }\nstratum: { port: 0 }\n`);
  const kpss = new KpssProcess(['start', '--config', file]);
  const port = await kpss.stratumPort();
  const headers: string[] = [];
  for (const user of [`${addressOf(1)}.a`, `${addressOf(1)}.b`, `${addressOf(2)}.a`]) {
    const miner = await StratumClient.connect(port);
    miner.send(
      { id: 1, method: 'mining.subscribe', params: [] },
      { id: 2, method: 'mining.authorize', params: [user, 'x'] },
    );
    headers.push((await miner.job()).params[1]);
    miner.destroy();
  }
  assert.equal(headers[0], headers[1]);
  assert.notEqual(headers[0], headers[2]);
  const stranger = await StratumClient.connect(port);
  stranger.send({ id: 1, method: 'mining.subscribe', params: [] });
  const refused = await stranger.call(2, 'mining.authorize', ['RVNaddress.rig', 'x']);
  assert.equal(refused.error?.[0], 24);
  assert.match(refused.error?.[1] ?? '', /must be a ravencoin regtest address/);
  stranger.destroy();
  assert.equal(await kpss.stop(), 0);
});
