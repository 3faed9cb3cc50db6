import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ApiBans, ApiStatus } from '../../src/web/api-types.ts';
import { KpssProcess, stopAllKpss } from '../support/kpss-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'kpss-bans-'));
const DATA = join(folder, 'data');
const FILE = join(DATA, 'ravencoin-regtest.bans.json');
after(async () => {
  await stopAllKpss();
  rmSync(folder, { recursive: true });
});

// No node answers: that is nothing to who may come in.
const YAML = `
network: regtest
node: { url: "http://127.0.0.1:1", user: a, password: b }
stratum: { port: 0 }
web: { port: 0 }
dataDirectory: data
`;
writeFileSync(join(folder, 'kpss.yaml'), YAML);
/** KPSS_DATA_DIRECTORY of other tests would win over the file. */
const PLACE = { cwd: folder, env: { KPSS_DATA_DIRECTORY: '' } };

async function start() {
  const kpss = new KpssProcess(['start'], PLACE);
  const { port } = await kpss.line((line) => line.msg.startsWith('status at http://127.0.0.1:'));
  return { kpss, url: `http://127.0.0.1:${port}` };
}

async function command(...args: readonly string[]) {
  const kpss = new KpssProcess(['bans', ...args], PLACE);
  return { code: await kpss.exit(), out: kpss.stdout, errors: kpss.stderr };
}

function banOf(address: string, minutes: number): object {
  const nowMs = Date.now();
  const timeOf = (atMs: number): string => new Date(atMs).toISOString();
  return {
    ...{ address, reason: 'failed-logins' },
    ...{ since: timeOf(nowMs - 60_000), until: timeOf(nowMs + minutes * 60_000) },
  };
}

test('bans of before are in force after a start, are listed, and can be lifted for good', async () => {
  mkdirSync(DATA);
  const bans = [banOf('127.0.0.2', 60), banOf('2001:db8:0:7::/64', 60), banOf('127.0.0.3', -0.5)];
  writeFileSync(FILE, JSON.stringify({ version: 1, bans }));
  const { kpss, url } = await start();
  await kpss.line(({ msg }) => msg.startsWith('2 addresses are still banned from before'));
  const shown = await command('--url', url);
  assert.equal(shown.code, 0);
  assert.match(shown.out, /^127\.0\.0\.2 +failed logins +ravencoin-regtest +\d+ s +60 min$/m);
  assert.match(shown.out, /^2 bans/m);
  const { bans: listed } = (await (await fetch(`${url}/api/v1/bans`)).json()) as ApiBans;
  assert.equal(listed.length, 2);
  const status = (await (await fetch(`${url}/api/v1/status`)).json()) as ApiStatus;
  assert.equal(status.instances[0]?.bans, 2);

  const lifted = await command('lift', '2001:db8:0:7::1', '--url', url);
  assert.deepEqual(
    [lifted.code, lifted.out.trim()],
    [0, '2001:db8:0:7::/64 may come in again at ravencoin-regtest'],
  );
  await kpss.line(({ msg }) => msg === 'the ban of 2001:db8:0:7::/64 was lifted');
  assert.equal((await command('lift', '2001:db8:0:7::1', '--url', url)).code, 1);
  assert.equal(await kpss.stop(), 0);
  assert.doesNotMatch(readFileSync(FILE, 'utf8'), /2001:db8|127\.0\.0\.3/);

  // Nothing runs: the file is asked, and what is lifted in it is lifted at the next start.
  const offline = await command();
  assert.equal(offline.code, 0);
  assert.match(offline.out, /^127\.0\.0\.2 /m);
  assert.match(offline.errors, /this is about the files in/);
  assert.equal((await command('lift', '--all')).code, 0);
  const again = await start();
  assert.match((await command('--url', again.url)).out, /^Nobody is banned\.$/m);
  assert.equal(await again.kpss.stop(), 0);
});

test('who guesses logins is shut out, also after a restart, until the ban is lifted', async () => {
  rmSync(FILE, { force: true });
  const { kpss, url } = await start();
  const port = await kpss.stratumPort();
  // Five refusals close a connection, ten are a ban.
  for (let i = 0; i < 2; i++) await guessLogins(port);
  const { bans } = (await (await fetch(`${url}/api/v1/bans`)).json()) as ApiBans;
  assert.deepEqual(
    bans.map(({ address, reason }) => [address, reason]),
    [[STRANGER, 'failed-logins']],
  );
  assert.equal(await isServed(port), false);
  assert.equal(await isServed(port, '127.0.0.1'), true);
  assert.equal(await kpss.stop(), 0);

  const again = await start();
  const portAgain = await again.kpss.stratumPort();
  assert.equal(await isServed(portAgain), false);
  assert.match((await command('--url', again.url)).out, /^127\.0\.0\.2 +failed logins/m);
  assert.equal((await command('lift', STRANGER, '--url', again.url)).code, 0);
  assert.equal(await isServed(portAgain), true);
  assert.equal(await again.kpss.stop(), 0);
});

/** Another address of this machine. */
const STRANGER = '127.0.0.2';

function exchange(port: number, text: string, from: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from });
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk;
      // What is served answers a subscription with a line, and stays open.
      if (answer.includes('"id":1,')) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });
}

/** Sends refused logins until the connection is closed. */
async function guessLogins(port: number): Promise<void> {
  const login = JSON.stringify({ id: 2, method: 'mining.authorize', params: ['nobody.rig', 'x'] });
  assert.match(await exchange(port, `${login}\n`.repeat(5), STRANGER), /user name must be/);
}

async function isServed(port: number, from = STRANGER): Promise<boolean> {
  const line = JSON.stringify({ id: 1, method: 'mining.subscribe', params: ['test/1.0'] });
  return (await exchange(port, `${line}\n`, from)).includes('"result"');
}

test('a file of bans that is damaged is set aside, and KPSS starts', async () => {
  writeFileSync(FILE, '{"version":1,"bans":[{"addr');
  const { kpss } = await start();
  const { msg, copy } = await kpss.line((line) => line.msg.includes('banned addresses is damaged'));
  assert.match(msg, /0 could be read/);
  assert.equal(readFileSync(String(copy), 'utf8'), '{"version":1,"bans":[{"addr');
  assert.equal(await kpss.stop(), 0);
});
