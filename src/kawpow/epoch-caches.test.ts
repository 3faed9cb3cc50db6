import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeThreads, fakeMixHash } from '../../test/conformance/fake-threads.ts';
import { setUpPool } from '../../test/conformance/pool-harness.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { ENGINE_BATCH_MAX } from './engine.ts';
import { WRITE_WITHIN_MS } from './epoch-caches.ts';
import { createVerifierPool, type VerifierEvent, type VerifierPoolOptions } from './pool.ts';
import type { Verdict, Verifier } from './verifier.ts';

// Which epochs' caches are built, kept and dropped, as the pool's user notices it.

function setUp(options: Pick<VerifierPoolOptions, 'epochsMax' | 'cacheDirectory'> = {}): {
  threads: FakeThreads;
  pool: Verifier;
  events: VerifierEvent[];
  happened(): string[];
} {
  const threads = new FakeThreads();
  const events: VerifierEvent[] = [];
  const pool = createVerifierPool({ ...options, onEvent: (event) => events.push(event) }, threads);
  const happened = (): string[] =>
    events.splice(0).map((event) => ('epoch' in event ? `${event.kind} ${event.epoch}` : event.kind));
  return { threads, pool, events, happened };
}

function ask(pool: Verifier, epoch: number, nonce = 0): Promise<Verdict> {
  return pool.verify({
    height: epoch * 7500,
    headerHash: new Uint8Array(32),
    nonce: BigInt(nonce),
    claimedMixHash: fakeMixHash(BigInt(nonce)),
    sessionId: `${nonce}`,
    urgent: false,
  });
}

/** Does all that there is to do, builds before hashes. @returns the epochs of the requests, in order */
function runToIdle(threads: FakeThreads): number[] {
  const served: number[] = [];
  for (;;) {
    if (!threads.builder.stopped) threads.builder.finish();
    else if (threads.workers.length > 0 && threads.worker.batch.length > 0) {
      served.push(...threads.worker.batch.map(({ height }) => height / 7500));
      threads.worker.answer();
    } else return served;
  }
}

function ready(pool: Verifier): number[] {
  return pool
    .status()
    .epochs.filter(({ state }) => state === 'ready')
    .map(({ epoch }) => epoch);
}

test('prepare and epochMemory wait for the same build, and later ones find it ready', async () => {
  const { pool, threads } = setUp();
  const waiting = [pool.prepare(3), pool.prepare(3)];
  const cache = pool.epochMemory(3);
  threads.builder.finish();
  await Promise.all(waiting);
  assert.equal(await pool.epochMemory(3), await cache);
  await pool.prepare(3);
  assert.equal(threads.builders.length, 1);
});

test('two epochs are kept, and the least recently used one makes room', async () => {
  const { pool, threads, happened } = setUp();
  for (const epoch of [0, 1]) {
    void pool.prepare(epoch);
    threads.builder.finish();
  }
  const use = ask(pool, 0);
  runToIdle(threads);
  await use;
  happened();
  void pool.prepare(2);
  assert.deepEqual(happened(), ['epoch-dropped 1', 'epoch-building 2']);
  const forgotten = threads.worker.posts.filter(({ kind }) => kind === 'forget');
  assert.deepEqual(forgotten, [{ kind: 'forget', powName: 'kawpow', epoch: 1 }]);
  threads.builder.finish();
  assert.deepEqual(ready(pool), [0, 2]);
});

test('with room for six, three epochs asked for in turn are built once each', async () => {
  const { pool, threads, happened } = setUp({ epochsMax: 6 });
  for (const [nonce, epoch] of [7, 40, 90, 7, 40, 90, 7, 40, 90].entries()) {
    const verdict = ask(pool, epoch, nonce);
    runToIdle(threads);
    assert.equal((await verdict).ok, true);
  }
  assert.deepEqual(
    threads.builders.map(({ epoch }) => epoch),
    [7, 40, 90],
  );
  assert.ok(!happened().some((event) => event.startsWith('epoch-dropped')));
  assert.throws(() => setUp({ epochsMax: 0 }), RangeError);
});

test('one epoch is built at a time, in the order they were asked for', () => {
  const { pool, threads } = setUp();
  for (const epoch of [5, 4]) void pool.prepare(epoch);
  assert.equal(threads.builders.length, 1);
  assert.deepEqual(
    pool.status().epochs.map(({ epoch, state }) => [epoch, state]),
    [
      [5, 'building'],
      [4, 'building'],
    ],
  );
  threads.builder.finish();
  assert.deepEqual(
    threads.builders.map(({ epoch }) => epoch),
    [5, 4],
  );
});

test('requests for more epochs than are kept are all served', async () => {
  const { pool, threads } = setUp();
  const epochs = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3];
  const verdicts = epochs.map((epoch, nonce) => ask(pool, epoch, nonce));
  const served = runToIdle(threads);
  assert.deepEqual(served.toSorted(), epochs.toSorted());
  for (const verdict of verdicts) assert.equal((await verdict).ok, true);
  assert.equal(threads.builders.length, 4, 'each epoch was built once');
});

test('a third epoch gets its turn while two others are asked for without end', async () => {
  const { pool, threads } = setUp();
  const verdicts = [ask(pool, 0), ask(pool, 1)];
  runToIdle(threads);
  verdicts.push(ask(pool, 0), ask(pool, 1), ask(pool, 0), ask(pool, 2, 99));
  let turns = 0;
  for (; !threads.builders.some(({ epoch }) => epoch === 2); turns++) {
    verdicts.push(ask(pool, turns % 2));
    threads.worker.answer();
  }
  assert.ok(turns < 5, `its turn came after ${turns} others`);
  runToIdle(threads);
  for (const verdict of verdicts) assert.equal((await verdict).ok, true);
});

function repeat(epoch: number, times: number): number[] {
  return new Array<number>(times).fill(epoch);
}

test('an epoch that is dropped with requests waiting is built again for them', async () => {
  const { pool, threads, happened } = setUp();
  const verdicts = [ask(pool, 0), ask(pool, 1)];
  runToIdle(threads);
  // The first is in work. Then some are there before epoch 2 is wanted, and as many come after that: together more than
  // two batches of each epoch, which serve those before but not all of those after.
  const some = Math.ceil(ENGINE_BATCH_MAX * 1.25);
  const epochs = [0, ...repeat(0, some), ...repeat(1, some), 2, ...repeat(0, some), ...repeat(1, some)];
  for (const [nonce, epoch] of epochs.entries()) verdicts.push(ask(pool, epoch, nonce));
  happened();
  assert.deepEqual(runToIdle(threads).toSorted(), epochs.toSorted());
  for (const verdict of verdicts) assert.equal((await verdict).ok, true);
  assert.deepEqual(
    happened().filter((event) => event.startsWith('epoch-building')),
    ['epoch-building 2', 'epoch-building 0'],
  );
});

test('an epoch gets its room though a session ends that had asked much of the one before', async () => {
  const { pool, threads } = setUp({ epochsMax: 1 });
  const verdicts = Array.from({ length: 41 }, () => ask(pool, 0, 7));
  threads.builder.finish();
  const other = ask(pool, 1, 8);
  pool.endSession('7');
  assert.deepEqual(runToIdle(threads), [...repeat(0, ENGINE_BATCH_MAX), 1]);
  assert.equal((await other).ok, true);
  const served = await Promise.all(verdicts.map(async (verdict) => (await verdict).ok));
  assert.equal(served.filter((ok) => ok).length, ENGINE_BATCH_MAX);
});

test('a builder that crashes is started once more', async () => {
  const { pool, threads, happened } = setUp();
  const verdict = ask(pool, 0);
  threads.builder.progress(0.5);
  threads.builder.crash();
  assert.equal(threads.builders.length, 2);
  assert.equal(pool.status().epochs[0]?.progress, 0);
  runToIdle(threads);
  assert.equal((await verdict).ok, true);
  assert.deepEqual(happened(), ['epoch-building 0', 'epoch-progress 0', 'epoch-ready 0']);
});

test('how far a build is, is told once a percent, and from the beginning when it begins again', async () => {
  const { pool, threads, events } = setUp();
  const ready = pool.prepare(7);
  for (let i = 1; i <= 500; i++) threads.builder.progress(i / 1000);
  threads.builder.crash();
  for (let i = 1; i <= 1000; i++) threads.builder.progress(i / 1000);
  threads.builder.finish();
  await ready;
  const percents = events.flatMap((event) =>
    event.kind === 'epoch-progress' ? [Math.floor(event.fraction * 100)] : [],
  );
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
  assert.deepEqual(percents, [...upTo(50), ...upTo(100)]);
});

test('after two crashes of its builder an epoch has failed, until it is asked for again', async () => {
  const { pool, threads, happened } = setUp();
  const verdicts = [ask(pool, 0), pool.hash({ height: 0, headerHash: new Uint8Array(32), nonce: 0n })];
  const cache = assert.rejects(pool.epochMemory(0), { code: 'KPSS_LIGHT_CACHE_FAILED' });
  const prepared = pool.prepare(0);
  const other = ask(pool, 1);
  threads.builder.crash();
  threads.builder.crash();
  for (const verdict of verdicts) assert.deepEqual(await verdict, { ok: false, reason: 'failed' });
  await Promise.all([cache, prepared]);
  assert.deepEqual(happened(), ['epoch-building 0', 'epoch-failed 0', 'epoch-building 1']);
  const again = ask(pool, 0);
  runToIdle(threads);
  assert.equal((await other).ok, true);
  assert.equal((await again).ok, true);
});

test('an epoch beyond the last one is refused: nothing is built for it', async () => {
  const { pool, threads, happened } = setUp();
  assert.deepEqual(await ask(pool, 8192), { ok: false, reason: 'failed' });
  await pool.prepare(8192);
  assert.deepEqual(happened(), ['epoch-failed 8192', 'epoch-failed 8192']);
  await assert.rejects(pool.epochMemory(8192), /0 to 8191/);
  await assert.rejects(pool.prepare(0.5), RangeError);
  assert.equal(threads.builders.length, 0);
  assert.equal(pool.status().queued, 0);
});

test('no epoch waits for the disk, and one that is far behind gets no more to write', async () => {
  const { pool, threads, happened } = setUp({ cacheDirectory: '/caches' });
  const directories = () => threads.builders.map(({ setup }) => setup.cacheDirectory);
  for (const epoch of [0, 1]) {
    void pool.prepare(epoch);
    threads.builder.sendCache();
    assert.ok(ready(pool).includes(epoch));
  }
  assert.deepEqual(directories(), ['/caches', '/caches']);
  void pool.prepare(2);
  threads.builder.finish();
  assert.deepEqual(directories(), ['/caches', '/caches', undefined]);
  threads.builders[0]?.crash();
  void pool.prepare(3);
  assert.equal(directories()[3], '/caches');
  assert.ok(happened().every((event) => !event.startsWith('epoch-failed')));
  threads.builders[1]?.crash();
});

test('closing ends a builder, but lets one that writes come to its end', async () => {
  const { pool, threads } = setUp({ cacheDirectory: '/caches' });
  void pool.prepare(0);
  threads.builder.sendCache();
  void pool.prepare(1);
  let isClosed = false;
  const closed = pool.close().then(() => {
    isClosed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(!isClosed);
  assert.deepEqual(
    threads.builders.map(({ stopped }) => stopped),
    [false, true],
  );
  threads.builders[0]?.crash();
  await closed;
});

test('an epoch is told to be built only when no file has it; what is wrong with a file is told', () => {
  const { pool, threads, events } = setUp({ cacheDirectory: '/caches' });
  const of = { pow: 'kawpow', epoch: 0 };
  void pool.prepare(0);
  assert.deepEqual(events.splice(0), []);
  const fault = { reason: 'damaged', path: '/caches/kawpow-0.lightcache', detail: 'bad' } as const;
  threads.builder.tellFault(fault);
  threads.builder.progress(0.1);
  threads.builder.progress(0.2);
  threads.builder.sendCache();
  threads.builder.tellFault({ ...fault, reason: 'unwritable' });
  threads.builder.crash();
  assert.deepEqual(events.splice(0), [
    { kind: 'cache-file', ...of, ...fault },
    { kind: 'epoch-building', ...of },
    { kind: 'epoch-progress', ...of, fraction: 0.1 },
    { kind: 'epoch-progress', ...of, fraction: 0.2 },
    { kind: 'epoch-ready', ...of, source: 'built', tookMs: 0 },
    { kind: 'cache-file', ...of, ...fault, reason: 'unwritable' },
  ]);
  void pool.prepare(1);
  threads.builder.sendCache('disk');
  assert.deepEqual(events.splice(0), [
    { kind: 'epoch-ready', pow: 'kawpow', epoch: 1, source: 'disk', tookMs: 0 },
  ]);
  threads.builder.crash();
});

test('closing does not wait for a disk that hangs', async () => {
  const clock = createVirtualClock();
  const { pool, threads } = setUpPool({ clock, cacheDirectory: '/caches' });
  void pool.prepare(0);
  threads.builder.sendCache();
  let isClosed = false;
  const closed = pool.close().then(() => {
    isClosed = true;
  });
  await clock.advance(WRITE_WITHIN_MS - 1);
  assert.deepEqual([isClosed, threads.builder.stopped], [false, false]);
  await clock.advance(1);
  assert.deepEqual([isClosed, threads.builder.stopped], [true, true]);
  await closed;
  assert.equal(clock.pending(), 0);
});
