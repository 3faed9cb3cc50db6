import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { TlsCertificates } from '../../src/store/tls-certificate.ts';
import { silentLog } from '../support/mining.ts';
import { StratumClient } from '../support/stratum-client.ts';
import { createTwoInstances, type TwoInstances } from '../support/two-instances.ts';
import { EASY_BITS } from '../support/two-nodes.ts';

// SIGHUP: ports that change hands, certificates, instances that go, and signals at awkward moments.

let world: TwoInstances;

beforeEach(async () => {
  world = await createTwoInstances();
});
afterEach(() => world.close());

/** A port that was free a moment ago, and none of those that the system gives to other tests meanwhile: they are higher. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}

function journalOf(name: string): string {
  const data = join(world.folder, 'data');
  const files = readdirSync(data).filter((file) => file.startsWith(`${name}.`));
  return files.map((file) => readFileSync(join(data, file), 'utf8')).join('');
}

test('two instances swap their ports: neither is told that its port is taken', async () => {
  const [first, second] = [await freePort(), await freePort()];
  world.write({ port: first }, { port: second });
  const { connect, reload, kpss } = world.start();
  const miners = [await connect('one'), await connect('two')];
  world.write({ port: second }, { port: first });
  await reload('reloaded: two changed while its miners mine on: stratum');
  for (const miner of miners) await miner.client.untilClosed();
  const openings = kpss.log.filter(({ msg }) => msg.includes('miners connect to'));
  assert.deepEqual(openings.map(({ instance, port }) => `${instance} ${port}`).sort(), [
    ...[`one ${first}`, `one ${second}`, `two ${first}`, `two ${second}`].sort(),
  ]);
  assert.ok(!kpss.log.some(({ level }) => level >= 50));
  for (const port of [first, second]) (await StratumClient.connect(port)).destroy();
});

test('an instance is renamed with a block on its way: the block is settled in its journal first', async () => {
  const { connect, kpss } = world.start();
  const miner = await connect('one');
  const seen = miner.client.messages.length;
  world.setBits(EASY_BITS);
  await world.near.control.addBlock();
  const job = await miner.client.job(seen);
  world.near.control.setDelayMs(700);
  const reply = miner.submit(job, await miner.hash(job, (found) => found.meetsShareTarget));
  const { blockHash } = await kpss.line((line) => line.msg.includes('found by'));
  const file = join(world.folder, 'kpss.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('name: one', 'name: other'));
  // Twice at once, and the second finds nothing to do.
  kpss.child.kill('SIGHUP');
  kpss.child.kill('SIGHUP');
  assert.equal((await reply).result, true);
  await miner.client.untilClosed();
  await kpss.line((line) => line.msg === 'reloaded: other added');
  assert.match(
    journalOf('one'),
    new RegExp(`"outcome":"accepted"[^\\n]*${blockHash}|${blockHash}[^\\n]*"accepted"`),
  );
  world.near.control.setDelayMs(0);
  const opened = await kpss.line((line) => line.instance === 'other' && line.msg.includes('miners connect'));
  (await StratumClient.connect(Number(opened.port))).destroy();
});

test('a certificate that is renewed is used, and one that cannot be read refuses the whole reload', async () => {
  const make = (name: string) =>
    new TlsCertificates(
      { dataDirectory: join(world.folder, name) },
      { clock: systemClock, log: silentLog },
    ).read({ kind: 'self-signed' });
  const [before, after] = [await make('before'), await make('after')];
  const place = ({ certificatePem, keyPem }: typeof before): void => {
    writeFileSync(join(world.folder, 'cert.pem'), certificatePem);
    writeFileSync(join(world.folder, 'key.pem'), keyPem);
  };
  place(before);
  const tls = '{ certificate: cert.pem, key: key.pem }';
  world.write({ tls });
  const { kpss, reload } = world.start();
  const { port } = await kpss.line((line) => line.instance === 'one' && line.msg.includes('stratum+ssl://'));
  const shown = async (): Promise<string> => {
    const client = await StratumClient.connectTls(Number(port));
    const { fingerprint256 } = client.socket.getPeerCertificate();
    client.destroy();
    return fingerprint256;
  };
  assert.equal(await shown(), before.fingerprint);
  place(after);
  await reload('has another certificate');
  assert.equal(await shown(), after.fingerprint);
  rmSync(join(world.folder, 'key.pem'));
  world.write({ tls }, { tag: '/other/' });
  await reload('nothing was changed, mining goes on as before');
  const told = kpss.log.filter(({ msg }) => msg.startsWith('not reloaded:')).map(({ msg }) => msg);
  assert.match(told.join(), /^not reloaded: one: .*key\.pem cannot be read: there is no such file$/);
  assert.ok(!kpss.log.some(({ msg }) => msg.startsWith('reloaded: two changed')));
  assert.equal(await shown(), after.fingerprint);
  rmSync(join(world.folder, 'kpss.yaml'));
  await reload('kpss.yaml: there is no such file');
  assert.equal(await shown(), after.fingerprint);
});

test('without its certificate an instance waits for it, and the other one mines', async () => {
  world.write({ tls: '{ certificate: cert.pem, key: key.pem }' });
  const { kpss, connect } = world.start();
  const second = await connect('two');
  await kpss.line((line) => line.instance === 'one' && line.code === 'KPSS_TLS_CERTIFICATE');
  assert.equal((await second.submitGood()).result, true);
  const made = await new TlsCertificates(
    { dataDirectory: join(world.folder, 'made') },
    { clock: systemClock, log: silentLog },
  ).read({ kind: 'self-signed' });
  writeFileSync(join(world.folder, 'cert.pem'), made.certificatePem);
  writeFileSync(join(world.folder, 'key.pem'), made.keyPem);
  await kpss.line((line) => line.instance === 'one' && line.msg.includes('stratum+ssl://'));
});

test('SIGHUP while it stops does not end it before its block is settled; a node that is away holds no reload up', async () => {
  const { connect, reload, kpss } = world.start();
  const miner = await connect('two');
  await world.near.control.goOffline();
  await kpss.line((line) => line.instance === 'one' && line.code === 'KPSS_RPC_UNREACHABLE');
  world.write({ node: 'far', more: 'tips: { pollMs: 100 }' });
  await reload('reloaded: one changed while its miners mine on: nodes, tips');
  const seen = miner.client.messages.length;
  world.setBits(EASY_BITS);
  await world.far.control.addBlock();
  const job = await miner.client.job(seen);
  world.far.control.setDelayMs(700);
  const reply = miner.submit(job, await miner.hash(job, (found) => found.meetsShareTarget));
  const { blockHash } = await kpss.line((line) => line.msg.includes('found by'));
  kpss.child.kill('SIGTERM');
  await kpss.line((line) => line.msg === 'stopping');
  kpss.child.kill('SIGHUP');
  assert.equal((await reply).result, true);
  assert.equal(await kpss.exit(), 0);
  assert.equal(kpss.log.at(-1)?.msg, 'stopped');
  assert.match(journalOf('two'), new RegExp(`${blockHash}[^\\n]*accepted|accepted[^\\n]*${blockHash}`));
});
