import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { KpssError } from '../error.ts';
import type { Ban } from '../stratum/bans.ts';
import { decodeBans, encodeBans } from './ban-records.ts';
import { type BanFile, bannedInstance, bansPath, createBanFile, openBanStore } from './ban-store.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function ban(address: string): Ban {
  const nowMs = createVirtualClock().nowMs();
  return { address, reason: 'garbage', sinceMs: nowMs, untilMs: nowMs + 600_000 };
}

/** A store over a file in memory, whose disk fails or keeps silent when it is told to. */
function createStore(text?: string) {
  const clock = createVirtualClock();
  const log = createKeptLog();
  const disk = {
    text,
    failure: undefined as Error | undefined,
    writes: [] as string[][],
    held: undefined as Promise<void> | undefined,
  };
  const file: BanFile = {
    path: 'memory.bans.json',
    read: () => {
      if (disk.failure !== undefined) throw disk.failure;
      return disk.text;
    },
    write: async (next) => {
      disk.writes.push(decodeBans(next, clock.nowMs()).bans.map(({ address }) => address));
      await disk.held;
      if (disk.failure !== undefined) throw disk.failure;
      disk.text = next;
    },
    keepCopy: () => 'memory.bans.json.damaged',
  };
  return { clock, log, disk, store: openBanStore(file, { clock, log }) };
}

describe('bans', () => {
  test('of before are there at the start', () => {
    const { store, log } = createStore(encodeBans([ban('192.0.2.1')]));
    assert.deepEqual(store.initial, [ban('192.0.2.1')]);
    assert.deepEqual(log.lines, []);
    assert.deepEqual(createStore().store.initial, []);
  });

  test('are written within a second, the last state once', async () => {
    const { store, clock, disk } = createStore();
    store.save([ban('192.0.2.1')]);
    await clock.advance(0);
    assert.deepEqual(disk.writes, [['192.0.2.1']]);
    for (let i = 2; i < 50; i++) store.save([ban(`192.0.2.${i}`)]);
    await clock.advance(999);
    assert.equal(disk.writes.length, 1);
    await clock.advance(1);
    assert.deepEqual(disk.writes, [['192.0.2.1'], ['192.0.2.49']]);
    await clock.advance(60_000);
    assert.equal(disk.writes.length, 2);
    assert.equal(clock.pending(), 0);
  });

  test('that wait are written at the end, and none after it', async () => {
    const { store, clock, disk } = createStore();
    store.save([]);
    await clock.advance(0);
    store.save([ban('192.0.2.7')]);
    await store.close();
    assert.deepEqual(disk.writes, [[], ['192.0.2.7']]);
    store.save([]);
    await store.close();
    await clock.advance(60_000);
    assert.equal(disk.writes.length, 2);
  });

  test('that come while a write is under way follow it', async () => {
    const { store, clock, disk } = createStore();
    const held = Promise.withResolvers<void>();
    disk.held = held.promise;
    store.save([ban('192.0.2.1')]);
    await clock.advance(0);
    store.save([ban('192.0.2.2')]);
    await clock.advance(5_000);
    assert.equal(disk.writes.length, 1);
    held.resolve();
    await clock.advance(1_000);
    assert.deepEqual(disk.writes.at(-1), ['192.0.2.2']);
  });
});

describe('a disk', () => {
  test('that fails is told once, tried again, and told when it works', async () => {
    const { store, clock, log, disk } = createStore();
    disk.failure = new KpssError('KPSS_BANS_UNWRITABLE', 'it cannot be written: no space');
    store.save([ban('192.0.2.1')]);
    await clock.advance(30_000);
    assert.equal(log.lines.length, 1);
    assert.match(log.lines[0]?.message ?? '', /no space; bans hold all the same/);
    assert.ok(disk.writes.length >= 5 && disk.writes.length <= 7);
    disk.failure = undefined;
    await clock.advance(5_000);
    assert.match(log.lines.at(-1)?.message ?? '', /written down again/);
    assert.match(disk.text ?? '', /192\.0\.2\.1/);
    assert.equal(clock.pending(), 0);
  });

  test('that does not answer holds up the end for three seconds only', async () => {
    const { store, clock, disk } = createStore();
    disk.held = new Promise(() => {});
    store.save([ban('192.0.2.1')]);
    await clock.advance(0);
    let isClosed = false;
    void store.close().then(() => {
      isClosed = true;
    });
    await clock.advance(2_999);
    assert.equal(isClosed, false);
    await clock.advance(1);
    assert.equal(isClosed, true);
  });
});

test('a file that is damaged is kept aside, and what is whole in it counts', () => {
  const whole = encodeBans([ban('192.0.2.1'), ban('192.0.2.2')]).replace('garbage', 'garbl');
  const { store, log } = createStore(whole);
  assert.deepEqual(store.initial, [ban('192.0.2.2')]);
  assert.match(
    log.lines[0]?.message ?? '',
    /damaged: 1 could be read .* kept as memory\.bans\.json\.damaged/,
  );
});

test('files are their owner’s alone, whole or not there, and named for their instance', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kpss-bans-'));
  folders.push(folder);
  const path = bansPath(join(folder, 'a', 'b'), 'my/coin');
  assert.equal(bannedInstance('my%2Fcoin.bans.json'), 'my/coin');
  assert.equal(bannedInstance('%.bans.json'), undefined);
  assert.equal(bannedInstance('my%2Fcoin.blocks.jsonl'), undefined);
  const file = createBanFile(path);
  assert.equal(file.read(), undefined);
  await file.write('one');
  await file.write('two');
  assert.equal(file.read(), 'two');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(readFileSync(file.keepCopy() ?? '', 'utf8'), 'two');
});

test('what is no file, or too large, is not read; where it cannot be written, a code says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kpss-bans-'));
  folders.push(folder);
  const codeOf = (code: string) => (error: unknown) => error instanceof KpssError && error.code === code;
  mkdirSync(join(folder, 'x.bans.json'));
  const taken = createBanFile(join(folder, 'x.bans.json'));
  assert.throws(() => taken.read(), codeOf('KPSS_BANS_UNREADABLE'));
  await assert.rejects(taken.write(''), codeOf('KPSS_BANS_UNWRITABLE'));
  writeFileSync(join(folder, 'y.bans.json'), ' '.repeat(4_000_000));
  assert.throws(() => createBanFile(join(folder, 'y.bans.json')).read(), codeOf('KPSS_BANS_UNREADABLE'));
});
