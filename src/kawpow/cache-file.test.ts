import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import { type CacheFileRead, cacheFilePath, readCacheFile, writeCacheFile } from './cache-file.ts';
import { lightCacheBytes } from './epoch.ts';
import { KAWPOW } from './params.ts';

const NOW_MS = Date.UTC(2026, 0, 2);
const MINUTE_MS = 60_000;
const ROOT = mkdtempSync(join(tmpdir(), 'kpss-cache-file-'));
after(() => rmSync(ROOT, { recursive: true }));

let directory: string;
let folders = 0;
beforeEach(() => {
  folders += 1;
  directory = join(ROOT, String(folders));
});

const key = (epoch: number) => ({ pow: SMALL_POW, epoch });

/** Bytes as large as the cache of an epoch. */
function contents(epoch: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: lightCacheBytes(epoch, SMALL_POW) }, (_, i) => (i * 31 + seed) >>> 2);
}

function write(epoch: number, nowMs = NOW_MS, bytes = contents(epoch)): string {
  assert.deepEqual(writeCacheFile(directory, key(epoch), bytes, nowMs), { ok: true });
  const path = cacheFilePath(directory, key(epoch));
  // The writer leaves the time to the system, which the tests do not.
  utimesSync(path, nowMs / 1000, nowMs / 1000);
  return path;
}

function read(epoch: number, nowMs = NOW_MS): CacheFileRead {
  return readCacheFile(directory, key(epoch), new Uint8Array(lightCacheBytes(epoch, SMALL_POW)), nowMs);
}

/** @returns why a file is refused, with what people are told */
function refusal(epoch: number): [string, string] {
  const outcome = read(epoch);
  assert.ok(!outcome.ok, 'it was taken');
  if (outcome.reason === 'missing') return ['missing', ''];
  assert.equal(outcome.path, cacheFilePath(directory, key(epoch)));
  return [outcome.reason, outcome.detail];
}

function alter(path: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(path, bytes);
}

test('what was written is read, into a shared memory too', () => {
  write(3);
  const memory = new Uint8Array(new SharedArrayBuffer(lightCacheBytes(3, SMALL_POW) + 100));
  const into = memory.subarray(64, -36);
  assert.deepEqual(readCacheFile(directory, key(3), into, NOW_MS), { ok: true });
  assert.deepEqual(Uint8Array.from(into), contents(3));
  assert.ok(memory.subarray(0, 64).every((byte) => byte === 0));
  assert.ok(memory.subarray(-36).every((byte) => byte === 0));
});

test('a file is called for its variant and epoch, and is its owner’s alone', () => {
  directory = join(directory, 'deep', 'er');
  const path = write(3);
  assert.deepEqual(readdirSync(directory), ['small-3.lightcache']);
  assert.equal(cacheFilePath('there', { pow: KAWPOW, epoch: 560 }), join('there', 'kawpow-560.lightcache'));
  if (process.platform === 'win32') return;
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
});

test('a cache that is not there is missing, and so is one below a file', () => {
  assert.deepEqual(refusal(3), ['missing', '']);
  writeFileSync(directory, '');
  assert.deepEqual(refusal(3), ['missing', '']);
});

test('a file that was cut short, or grew, is damaged', () => {
  const path = write(3);
  const { size } = statSync(path);
  for (const bytes of [size - 1, size + 1, 300, 100, 0]) {
    truncateSync(path, bytes);
    assert.deepEqual(refusal(3), ['damaged', `it has ${bytes} bytes instead of ${size}`]);
  }
});

test('every altered byte is found', () => {
  const path = write(3);
  const { size } = statSync(path);
  const places = { header: [0, 40, 223], digest: [224, 255], contents: [256, 5000, size - 1] };
  for (const [part, offsets] of Object.entries(places)) {
    for (const at of offsets) {
      alter(path, (bytes) => bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at));
      const detail = part === 'header' ? 'its header is not that of this light cache' : 'its digest is wrong';
      assert.deepEqual(refusal(3), ['damaged', detail], `byte ${at}`);
      alter(path, (bytes) => bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at));
    }
  }
  assert.deepEqual(read(3), { ok: true });
});

test('the cache of another epoch or variant under this name is refused', () => {
  // Two epochs with caches of one size, so that nothing but the header tells them apart.
  const slow = { ...SMALL_POW, lightCacheBytes: { initial: 2 ** 14, growth: 1 } };
  assert.equal(lightCacheBytes(5, slow), lightCacheBytes(6, slow));
  const bytes = new Uint8Array(lightCacheBytes(6, slow));
  assert.ok(writeCacheFile(directory, { pow: slow, epoch: 6 }, bytes, NOW_MS).ok);
  renameSync(join(directory, 'small-6.lightcache'), join(directory, 'small-5.lightcache'));
  const outcome = readCacheFile(directory, { pow: slow, epoch: 5 }, bytes, NOW_MS);
  assert.equal(outcome.ok ? '' : outcome.reason, 'damaged');

  write(3);
  const larger = { ...SMALL_POW, lightCacheBytes: { initial: 2 ** 15, growth: 2 ** 8 } };
  const into = new Uint8Array(lightCacheBytes(3, larger));
  const ofSmall = readCacheFile(directory, { pow: larger, epoch: 3 }, into, NOW_MS);
  assert.equal(ofSmall.ok ? '' : ofSmall.reason, 'damaged');
  renameSync(join(directory, 'small-3.lightcache'), join(directory, 'other-3.lightcache'));
  const other = { pow: { ...SMALL_POW, name: 'other' }, epoch: 3 };
  const ofOther = readCacheFile(directory, other, contents(3), NOW_MS);
  assert.equal(ofOther.ok ? '' : ofOther.reason, 'damaged');
});

test('what is no file of its own is not read, and a link is replaced by a file', () => {
  const path = write(3);
  renameSync(path, `${path}.elsewhere`);
  symlinkSync(`${path}.elsewhere`, path);
  assert.deepEqual(refusal(3), ['unreadable', 'it is a link']);
  write(3, NOW_MS, contents(3, 9));
  assert.deepEqual(read(3), { ok: true });
  assert.notDeepEqual(readFileSync(`${path}.elsewhere`), readFileSync(path));

  const folder = cacheFilePath(directory, key(4));
  mkdirSync(folder);
  assert.deepEqual(refusal(4), ['unreadable', 'it is no file']);
  const written = writeCacheFile(directory, key(4), contents(4), NOW_MS);
  assert.equal(written.ok ? '' : written.reason, 'unwritable');
  assert.deepEqual(readdirSync(directory).sort(), [
    'small-3.lightcache',
    'small-3.lightcache.elsewhere',
    'small-4.lightcache',
  ]);
});

test('a pipe in its place keeps nobody waiting', () => {
  mkdirSync(directory);
  const made = spawnSync('mkfifo', [cacheFilePath(directory, key(3))]);
  // Windows has none.
  const expected = made.status === 0 ? 'unreadable' : 'missing';
  assert.equal(refusal(3)[0], expected);
});

test('a directory that cannot be made or written to is an outcome', () => {
  writeFileSync(directory, 'a file');
  for (const place of [directory, join(directory, 'below')]) {
    const outcome = writeCacheFile(place, key(3), contents(3), NOW_MS);
    assert.ok(!outcome.ok);
    assert.equal(outcome.path, join(place, 'small-3.lightcache'));
    assert.match(outcome.detail, /EEXIST|ENOTDIR/);
  }
  assert.equal(readFileSync(directory, 'utf8'), 'a file');
});

test('two writers at once leave one whole file', async () => {
  const module = new URL('./cache-file.ts', import.meta.url).href;
  const code = `
    const { workerData: { module, directory, key, bytes } } = require('node:worker_threads');
    import(module).then(({ writeCacheFile }) => {
      for (let i = 0; i < 50; i++) {
        const outcome = writeCacheFile(directory, key, bytes, ${NOW_MS});
        if (!outcome.ok) throw new Error(outcome.detail);
      }
    });`;
  const exits = [1, 2].map((seed) => {
    const workerData = { module, directory, key: key(3), bytes: contents(3, seed) };
    const writer = new Worker(code, { eval: true, workerData });
    return new Promise((resolve, reject) => writer.on('error', reject).on('exit', resolve));
  });
  const running = Promise.all(exits);
  let done = false;
  const finished = running.finally(() => {
    done = true;
  });
  let seen = 0;
  while (!done) {
    const outcome = read(3);
    if (outcome.ok) seen += 1;
    else assert.equal(outcome.reason, 'missing');
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await finished, [0, 0]);
  assert.ok(seen > 0);
  assert.deepEqual(read(3), { ok: true });
  assert.deepEqual(readdirSync(directory), ['small-3.lightcache']);
});

test('what crashed writers left goes; what a writer touched in this minute and other people’s files stay', () => {
  mkdirSync(directory);
  const temporary = (n: number, touchedMs: number, name = `small-${n}.lightcache`): string => {
    const path = join(directory, `${name}.${String(n).padStart(16, '0')}.tmp`);
    writeFileSync(path, 'half');
    utimesSync(path, touchedMs / 1000, touchedMs / 1000);
    return path;
  };
  const old = [temporary(1, NOW_MS - 2 * MINUTE_MS), temporary(2, NOW_MS - 60 * MINUTE_MS)];
  const young = temporary(3, NOW_MS - MINUTE_MS / 2);
  const foreign = [
    temporary(4, 0, 'Photo.lightcache'),
    temporary(5, 0, 'notes'),
    temporary(6, 0, 'small-x.lightcache'),
  ];
  write(3);
  assert.ok(old.every((path) => !existsSync(path)));
  assert.ok([young, ...foreign].every((path) => existsSync(path)));
  for (let n = 10; n < 20; n++) temporary(n, NOW_MS + n);
  write(3);
  const left = readdirSync(directory).filter((name) => /^small-\d.*tmp$/.test(name));
  assert.deepEqual(
    left.map((name) => name.split('.')[0]),
    ['small-17', 'small-18', 'small-19'],
  );
});

test('at most eight caches stay, the longest unused go, and nothing else does', () => {
  for (let epoch = 0; epoch < 8; epoch++) write(epoch, NOW_MS + epoch * MINUTE_MS);
  const foreign = ['a.lightcache', 'my-notes-1.lightcache', 'small-1.lightcache.bak', 'SMALL-1.lightcache'];
  for (const name of foreign) writeFileSync(join(directory, name), 'mine');
  for (const name of foreign) utimesSync(join(directory, name), 0, 0);
  mkdirSync(join(directory, 'small-99.lightcache'));
  utimesSync(join(directory, 'small-99.lightcache'), 4e9, 4e9);
  assert.deepEqual(read(0, NOW_MS + 100 * MINUTE_MS), { ok: true });
  write(8, NOW_MS + 101 * MINUTE_MS);
  // Its own file is the one that stays, even where the clock went back.
  assert.ok(writeCacheFile(directory, key(9), contents(9), 0).ok);
  const kept = [0, 3, 4, 5, 6, 7, 8, 9, 99].map((epoch) => `small-${epoch}.lightcache`);
  assert.deepEqual(readdirSync(directory).sort(), [...foreign, ...kept].sort());
});

test('a file that vanishes between two looks is missing, and one in no directory is written', () => {
  const path = write(3);
  rmSync(path);
  assert.deepEqual(refusal(3), ['missing', '']);
  rmSync(directory, { recursive: true });
  write(3);
  assert.deepEqual(read(3), { ok: true });
});

test('a cache of the wrong size and a variant with the name of a path are our own mistakes', () => {
  assert.throws(() => readCacheFile(directory, key(3), new Uint8Array(64), NOW_MS));
  assert.throws(() => writeCacheFile(directory, key(3), new Uint8Array(64), NOW_MS));
  const pow = { ...SMALL_POW, name: '../small' };
  assert.throws(() => cacheFilePath(directory, { pow, epoch: 3 }));
  assert.ok(!existsSync(directory));
});

test('folders are made one in the other, and where none can be made that is told', () => {
  const deep = join(directory, 'a', 'b');
  assert.ok(writeCacheFile(deep, key(3), contents(3), NOW_MS).ok);
  assert.deepEqual(readdirSync(deep), ['small-3.lightcache']);
  // Node's recursive mkdir would not return from the second one.
  const nowhere = ['/dev/null/kpss/a', ...(existsSync('/proc/self') ? ['/proc/self/kpss/a'] : [])];
  for (const path of nowhere) {
    const written = writeCacheFile(path, key(3), contents(3), NOW_MS);
    assert.equal(written.ok ? '' : written.reason, 'unwritable');
  }
});
