import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONFIG_FOLDER, good, only } from '../../test/support/config.ts';
import { noRandom } from '../../test/support/mining.ts';
import { systemClock } from '../clock.ts';
import { examine } from './examine.ts';
import { lookAtFolder } from './machine-facts.ts';
import {
  judgeCacheFolder,
  judgeDataFolder,
  judgeOwnClock,
  judgePort,
  judgeVerifier,
} from './machine-verdicts.ts';
import { hostAndPort, tryListen, tryTcp } from './tcp.ts';

const MIB = 2 ** 20;
const runtime = { version: '24.1.0', platform: 'linux x64' };
const measure = () => 500;

test('a folder is red when blocks could not be written down, yellow when the disk is nearly full', () => {
  const folder = { path: '/data', obstacle: undefined, freeBytes: 5000 * MIB };
  assert.equal(judgeDataFolder(folder).verdict, 'green');
  assert.equal(judgeDataFolder({ ...folder, freeBytes: 500 * MIB }).verdict, 'yellow');
  assert.equal(judgeDataFolder({ ...folder, freeBytes: 10 * MIB }).verdict, 'red');
  const refused = { ...folder, obstacle: 'this user may not write there', freeBytes: undefined };
  assert.equal(judgeDataFolder(refused).verdict, 'red');
  // Light caches can be built again.
  assert.equal(judgeCacheFolder(refused).verdict, 'yellow');
  assert.equal(judgeCacheFolder(undefined).verdict, 'skipped');
});

test('a folder that is not there yet is looked at where it would be made, and is not made', async () => {
  const path = join(CONFIG_FOLDER, 'new', 'deep');
  const facts = await lookAtFolder(path);
  assert.equal(facts.obstacle, undefined);
  assert.ok((facts.freeBytes ?? 0) > 0);
  assert.ok(!readdirSync(CONFIG_FOLDER).includes('new'));
});

test('a file where the folder should be is told', async () => {
  const path = join(CONFIG_FOLDER, 'file');
  writeFileSync(path, '');
  assert.equal((await lookAtFolder(path)).obstacle, `${path} is a file`);
  assert.notEqual((await lookAtFolder(join(path, 'below'))).obstacle, undefined);
});

test('a folder of somebody else is told, but to the system’s own user, who may write everywhere', async () => {
  const path = join(CONFIG_FOLDER, 'closed');
  mkdirSync(path);
  chmodSync(path, 0o500);
  const expected = process.getuid?.() === 0 ? undefined : 'this user may not write there';
  assert.equal((await lookAtFolder(path)).obstacle, expected);
});

test('a journal that cannot be written is told, in a folder that can be', async () => {
  const path = join(CONFIG_FOLDER, 'data');
  const [absent, folder, closed] = ['absent', 'folder', 'closed'].map((name) => join(path, name));
  assert(absent && folder && closed);
  mkdirSync(folder, { recursive: true });
  writeFileSync(closed, '', { mode: 0o400 });
  assert.equal((await lookAtFolder(path, [absent])).obstacle, undefined);
  assert.equal((await lookAtFolder(path, [absent, folder])).obstacle, `${folder}: it is no file`);
  const expected = process.getuid?.() === 0 ? undefined : `${closed}: this user may not write there`;
  assert.equal((await lookAtFolder(path, [closed])).obstacle, expected);
});

test('a clock that was never set is red', () => {
  assert.equal(judgeOwnClock(0).verdict, 'red');
  assert.equal(judgeOwnClock(Date.UTC(2200, 0, 1)).verdict, 'red');
  assert.equal(judgeOwnClock(Date.UTC(2026, 10, 22)).verdict, 'green');
});

test('a slow verifier is a warning with what to do', () => {
  const facts = { epoch: 560, sharesPerS: 480, threads: 1, cache: 'on-disk' } as const;
  assert.match(judgeVerifier(facts).sentence, /about 480 shares of epoch 560 a second with its one thread/);
  assert.match(
    judgeVerifier({ ...facts, cache: 'not-yet' }).sentence,
    /not on disk yet; the first start builds it/,
  );
  assert.match(judgeVerifier({ ...facts, cache: 'off' }).sentence, /not kept on disk; each start builds it/);
  assert.equal(judgeVerifier({ ...facts, sharesPerS: 2 }).verdict, 'yellow');
  assert.equal(judgeVerifier({ ...facts, sharesPerS: 2, threads: 4 }).verdict, 'green');
});

test('a port that is taken is red, but not when the KPSS that runs has it', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const place = { host: '127.0.0.1', port };
  const answer = await tryListen(place.host, port);
  const taken = judgePort('instance.port', place, answer, false, 'stratum');
  assert.equal(taken.verdict, 'red');
  assert.match(
    `${taken.sentence} ${taken.cure}`,
    /cannot be opened: another program has it\. .+ another stratum\.port/,
  );
  const own = judgePort('instance.port', place, answer, true, 'stratum');
  assert.deepEqual([own.verdict, own.sentence.includes('the KPSS that is running')], ['green', true]);
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(await tryListen(place.host, port), { ok: true });
  assert.deepEqual(await tryTcp(place.host, port, systemClock), { ok: false, reason: 'connection refused' });
});

test('a port that is not allowed is red, whoever runs; one that all may reach is told', () => {
  const place = { host: '0.0.0.0', port: 80 };
  const refused = {
    ok: false,
    isTaken: false,
    reason: 'not allowed: ports below 1024 are the system’s',
  } as const;
  const finding = judgePort('instance.port', place, refused, true, 'stratum');
  assert.deepEqual([finding.verdict, finding.cure], ['red', 'Choose another stratum.port.']);
  const sentences = ['0.0.0.0', '::', '127.0.0.1'].map(
    (host) => judgePort('instance.port', { host, port: 3333 }, { ok: true }, false, 'stratum').sentence,
  );
  assert.deepEqual(
    sentences.map((sentence) => sentence.includes('open to the whole network')),
    [true, true, false],
  );
});

test('hosts and ports of URLs', () => {
  assert.deepEqual(hostAndPort('http://127.0.0.1:8766'), { host: '127.0.0.1', port: 8766 });
  assert.deepEqual(hostAndPort('https://node.example'), { host: 'node.example', port: 443 });
  assert.deepEqual(hostAndPort('http://[::1]:8766'), { host: '::1', port: 8766 });
  assert.equal(hostAndPort('10.0.0.1'), undefined);
});

test('a KPSS that runs with this configuration is asked on its web port, and its ports are no fault', async () => {
  const web = createServer((_request, response) =>
    response.end('{"instances":[{"name":"ravencoin-regtest"}]}'),
  );
  const miners = createServer();
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => miners.listen(0, '127.0.0.1', resolve));
  const { port } = miners.address() as AddressInfo;
  // Nothing listens on port 1.
  const node = 'node: { url: "http://127.0.0.1:1", user: u, password: p }';
  const config = good(`network: regtest\n${node}\nstratum: { port: ${port} }\n`);
  const webPort = (web.address() as AddressInfo).port;
  const withWeb = { ...config, web: { host: '127.0.0.1', port: webPort } };
  const modules = { clock: systemClock, random: noRandom, runtime, measure };
  const checks = await examine(withWeb, modules);
  const other = { ...only(config), name: 'another' };
  const foreign = await examine({ ...withWeb, instances: [other] }, modules);
  assert.equal(foreign.find(({ id }) => id === 'instance.port')?.verdict, 'red');
  // Its status is then nowhere, but it would mine.
  assert.equal(foreign.find(({ id }) => id === 'machine.web-port')?.verdict, 'yellow');
  const verdicts = Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict]));
  assert.equal(verdicts['instance.port'], 'green');
  assert.equal(verdicts['machine.web-port'], 'green');
  assert.equal(verdicts['node.answers'], 'red');
  assert.equal(verdicts['machine.verifier'], 'skipped');
  const answers = checks.find(({ id }) => id === 'node.answers');
  assert.deepEqual([answers?.instance, answers?.node], [only(config).name, '127.0.0.1:1']);
  web.close();
  web.closeAllConnections();
  await new Promise((resolve) => miners.close(resolve));
});
