import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import { buildReferenceContext } from './epoch-context.ts';
import { createVerifierPool, type VerifierEvent } from './pool.ts';
import { hashReference } from './reference.ts';
import type { HashRequest } from './verifier.ts';

// The pool with light caches on disk: real threads, real files, KawPoW in small.

const ROOT = mkdtempSync(join(tmpdir(), 'kpss-pool-files-'));
after(() => rmSync(ROOT, { recursive: true }));

const EPOCH = 3;
const REQUEST: HashRequest = {
  height: EPOCH * SMALL_POW.epochLength + 5,
  headerHash: new Uint8Array(32).fill(7),
  nonce: 99n,
};
const EXPECTED = hashReference(buildReferenceContext(EPOCH, { pow: SMALL_POW }), REQUEST);

/** Hashes with a new pool and closes it. @returns what it told, without progress and times */
async function run(cacheDirectory: string): Promise<object[]> {
  const events: VerifierEvent[] = [];
  const pool = createVerifierPool({
    pow: SMALL_POW,
    cacheDirectory,
    onEvent: (event) => event.kind === 'epoch-progress' || events.push(event),
  });
  const outcome = await pool.hash(REQUEST);
  assert.deepEqual(outcome, { ok: true, ...EXPECTED });
  await pool.close();
  return events.map((event) => {
    if (event.kind === 'epoch-ready') return { kind: event.kind, source: event.source };
    return event.kind === 'cache-file' ? { kind: event.kind, reason: event.reason } : { kind: event.kind };
  });
}

const BUILT = [{ kind: 'epoch-building' }, { kind: 'epoch-ready', source: 'built' }];
const READ = [{ kind: 'epoch-ready', source: 'disk' }];

test('a light cache is built once, and read from then on', async () => {
  const directory = join(ROOT, 'round-trip');
  assert.deepEqual(await run(directory), BUILT);
  assert.deepEqual(readdirSync(directory), [`small-${EPOCH}.lightcache`]);
  // Not its time, which is that of its last use. A file that is written takes the place of the one before.
  const inode = () => statSync(join(directory, `small-${EPOCH}.lightcache`)).ino;
  const before = inode();
  assert.deepEqual(await run(directory), READ);
  assert.equal(inode(), before, 'what came from disk is not written again');
});

test('a damaged file is told and built again, and is good afterwards', async () => {
  const directory = join(ROOT, 'damaged');
  await run(directory);
  const path = join(directory, `small-${EPOCH}.lightcache`);
  const good = readFileSync(path);
  const damaged = Buffer.from(good);
  damaged.fill(0xa5, 300, 4000);
  for (const bytes of [damaged, good.subarray(0, 5000), Buffer.alloc(0)]) {
    writeFileSync(path, bytes);
    assert.deepEqual(await run(directory), [{ kind: 'cache-file', reason: 'damaged' }, ...BUILT]);
    assert.ok(readFileSync(path).equals(good));
  }
  assert.deepEqual(await run(directory), READ);
});

test('where no file can be kept, the caches are built all the same', async () => {
  const file = join(ROOT, 'file');
  writeFileSync(file, '');
  const unwritable = { kind: 'cache-file', reason: 'unwritable' };
  assert.deepEqual(await run(file), [...BUILT, unwritable]);
  assert.deepEqual(await run(join(file, 'below')), [...BUILT, unwritable]);
  const occupied = join(ROOT, 'occupied');
  mkdirSync(join(occupied, `small-${EPOCH}.lightcache`), { recursive: true });
  const unreadable = { kind: 'cache-file', reason: 'unreadable' };
  assert.deepEqual(await run(occupied), [unreadable, ...BUILT, unwritable]);
  assert.deepEqual(readdirSync(occupied), [`small-${EPOCH}.lightcache`]);
});
