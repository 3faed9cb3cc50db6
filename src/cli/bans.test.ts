import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { apiStatus } from '../../test/support/api-status.ts';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { encodeBans } from '../store/ban-records.ts';
import { bansPath } from '../store/ban-store.ts';
import { JournalLock } from '../store/journal-lock.ts';
import { journalPath } from '../store/journal-store.ts';
import type { Ban } from '../stratum/bans.ts';
import type { ApiBan } from '../web/api-types.ts';
import { WebServer } from '../web/server.ts';
import { type BansArgs, type LiftArgs, runBans, runLift } from './bans.ts';

const NOW_MS = createVirtualClock().nowMs();
const NAMES = ['ravencoin-main', 'ravencoin-test'];

let folder: string;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kpss-bans-'));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true });
});

function ban(address: string, changes: Partial<Ban> = {}): Ban {
  return { address, reason: 'garbage', sinceMs: NOW_MS - 60_000, untilMs: NOW_MS + 540_000, ...changes };
}

async function run(args: LiftArgs & { lift?: boolean }, web = 'off') {
  const config = join(folder, 'kpss.yaml');
  writeFileSync(config, `web: ${web}\ndataDirectory: ${join(folder, 'data')}\n`);
  const printed: string[] = [];
  const complaints: string[] = [];
  const io = {
    env: {},
    clock: createVirtualClock(),
    signal: new AbortController().signal,
    print: async (text: string) => printed.push(text) > 0,
    complain: (line: string) => void complaints.push(line),
  };
  const { lift, ...rest } = { config, ...args };
  const code = lift ? await runLift(rest, io) : await runBans(rest satisfies BansArgs, io);
  return { code, out: printed.join('\n'), complaint: complaints.join('\n') };
}

/** An HTTP side with these bans. @returns where it is */
async function serve(bans: ApiBan[]): Promise<string> {
  const lift = (instance: string, address: string | undefined): number => {
    const isMeant = (ban: ApiBan) => ban.instance === instance && (address ?? ban.address) === ban.address;
    const meant = bans.filter(isMeant);
    for (const ban of meant) bans.splice(bans.indexOf(ban), 1);
    return meant.length;
  };
  const server = new WebServer(
    { host: '127.0.0.1', port: 0, instances: NAMES },
    {
      clock: createVirtualClock(),
      log: createKeptLog(),
      status: () => apiStatus(),
      notify: () => {},
      bans: { list: () => bans, lift },
    },
  );
  closers.push(() => server.close());
  return `http://127.0.0.1:${await server.listen()}`;
}

function apiBan(instance: string, { address, reason, sinceMs, untilMs }: Ban): ApiBan {
  const [since, until] = [new Date(sinceMs).toISOString(), new Date(untilMs).toISOString()];
  return { instance, address, reason, since, until };
}

function keep(instance: string, bans: readonly Ban[]): string {
  const path = bansPath(join(folder, 'data'), instance);
  mkdirSync(join(folder, 'data'), { recursive: true });
  writeFileSync(path, encodeBans(bans));
  return path;
}

describe('of a KPSS that runs', () => {
  const both = () => [
    apiBan('ravencoin-main', ban('192.0.2.1', { reason: 'failed-logins' })),
    apiBan('ravencoin-test', ban('192.0.2.1')),
    apiBan('ravencoin-test', ban('2001:db8:0:7::/64', { reason: 'wrong-mix', untilMs: NOW_MS + 7_200_000 })),
  ];

  test('bans are shown as a table, each with its reason in words', async () => {
    const { code, out, complaint } = await run({ url: await serve(both()) });
    assert.deepEqual([code, complaint], [0, '']);
    assert.equal(
      out,
      `address            banned for        instance         ago   left
-----------------  ----------------  --------------  ----  -----
192.0.2.1          failed logins     ravencoin-main  60 s  9 min
192.0.2.1          garbage           ravencoin-test  60 s  9 min
2001:db8:0:7::/64  wrong mix hashes  ravencoin-test  60 s    2 h

3 bans; kpss bans lift ADDRESS ends one`,
    );
    assert.equal((await run({ url: await serve([]) })).out, 'Nobody is banned.');
  });

  test('--json is what the API says', async () => {
    const { out } = await run({ url: await serve(both()), json: true });
    assert.deepEqual(JSON.parse(out), { bans: both() });
  });

  test('an address is let in again everywhere, or at one instance', async () => {
    const bans = both();
    const url = await serve(bans);
    const lifted = await run({ lift: true, url, address: '2001:db8:0:7::99' });
    assert.deepEqual([lifted.code, lifted.out], [0, '2001:db8:0:7::/64 may come in again at ravencoin-test']);
    const one = await run({ lift: true, url, address: '192.0.2.1', instance: 'ravencoin-test' });
    assert.equal(one.code, 0);
    assert.deepEqual(bans, both().slice(0, 1));
    const again = await run({ lift: true, url, address: '192.0.2.1', instance: 'ravencoin-test' });
    assert.deepEqual(
      [again.code, again.complaint],
      [1, 'kpss bans lift: 192.0.2.1 is not banned at ravencoin-test'],
    );
    const none = await run({ lift: true, url, address: '192.0.2.9' });
    assert.deepEqual([none.code, none.complaint], [1, 'kpss bans lift: 192.0.2.9 is not banned']);
    const wrong = await run({ lift: true, url, address: '192.0.2.1', instance: 'x' });
    assert.equal(wrong.code, 1);
    assert.match(wrong.complaint, /no instance of this name; there is ravencoin-main, ravencoin-test/);
  });

  test('all are let in again', async () => {
    const bans = both();
    const url = await serve(bans);
    assert.deepEqual((await run({ lift: true, url, all: true, json: true })).out, '{"lifted":3}');
    assert.deepEqual(bans, []);
    const again = await run({ lift: true, url, all: true });
    assert.deepEqual([again.code, again.out], [0, 'Nobody was banned.']);
  });
});

describe('of a KPSS that does not run', () => {
  test('the files are read and changed, and it says so', async () => {
    const path = keep('ravencoin-main', [
      ban('192.0.2.1'),
      ban('192.0.2.2'),
      ban('192.0.2.3', { untilMs: NOW_MS }),
    ]);
    const listed = await run({});
    assert.equal(listed.code, 0);
    assert.match(listed.out, /^192\.0\.2\.1 /m);
    assert.match(listed.out, /^2 bans;/m);
    assert.match(
      listed.complaint,
      /web: is off, so this is about the files in .*data, which the next start reads/,
    );
    const lifted = await run({ lift: true, address: '::ffff:192.0.2.1' });
    assert.deepEqual([lifted.code, lifted.out], [0, '192.0.2.1 may come in again at ravencoin-main']);
    assert.doesNotMatch(readFileSync(path, 'utf8'), /192\.0\.2\.[13]/);
    assert.match(readFileSync(path, 'utf8'), /192\.0\.2\.2/);
    assert.equal((await run({ lift: true, all: true })).out, '1 address may come in again at ravencoin-main');
  });

  test('no folder, and no file, is nobody banned', async () => {
    assert.equal((await run({})).out, 'Nobody is banned.');
  });

  test('a port where nothing answers is told, but files of this machine are not those of another', async () => {
    const url = await serve([]);
    await closers.pop()?.();
    const here = await run({}, `{ port: ${new URL(url).port} }`);
    assert.equal(here.out, 'Nobody is banned.');
    assert.ok(here.complaint.includes(`no KPSS answers at ${url}, so`), here.complaint);
    const other = await run({ url });
    assert.equal(other.code, 1);
    assert.ok(other.complaint.includes(`nothing answers at ${url}`), other.complaint);
  });
});

test('the file of a KPSS that runs without its status is not written behind its back', async () => {
  const path = keep('ravencoin-main', [ban('192.0.2.1')]);
  // Who began this process began before it, and lives.
  const lock = `${journalPath(join(folder, 'data'), 'ravencoin-main')}.lock`;
  await new JournalLock(journalPath(join(folder, 'data'), 'ravencoin-main')).take();
  const own = JSON.parse(readFileSync(lock, 'utf8'));
  writeFileSync(lock, JSON.stringify({ ...own, pid: process.ppid, startTicks: undefined }));
  const { code, complaint } = await run({ lift: true, address: '192.0.2.1' });
  assert.equal(code, 1);
  assert.match(complaint, new RegExp(`served by a KPSS that runs \\(process ${process.ppid}\\)`));
  assert.match(readFileSync(path, 'utf8'), /192\.0\.2\.1/);
});

test('a wrong use is told before anybody is asked', async () => {
  for (const [args, expected] of [
    [{}, /give the address that may come in again, or --all/],
    [{ address: '192.0.2.1', all: true }, /give the address/],
    [{ address: 'rig1' }, /rig1 is no IP address/],
    [{ address: '192.0.2.1', url: 'http://' }, /--url is like/],
  ] as const) {
    const { code, complaint } = await run({ lift: true, ...args });
    assert.equal(code, 2);
    assert.match(complaint, expected);
  }
});
