import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeThreads, fakeMixHash } from '../../test/conformance/fake-threads.ts';
import {
  reasonOf,
  shareOf as request,
  setUpPool as setUp,
  setUpReadyPool as setUpReady,
  workOff,
} from '../../test/conformance/pool-harness.ts';
import { createVerifierPool } from './pool.ts';

const EPOCH = 7500;

test('the first request of an epoch has its cache built, waits for it and is answered', async () => {
  const { pool, threads, events } = setUp();
  const right = pool.verify(request(1));
  const wrong = pool.verify(request(2, { claimedMixHash: fakeMixHash(1n) }));
  assert.equal(threads.builders.length, 1);
  assert.deepEqual(threads.worker.batch, []);
  threads.builder.progress(0.25);
  assert.deepEqual(pool.status(), {
    queued: 2,
    epochs: [{ pow: 'kawpow', epoch: 0, state: 'building', progress: 0.25 }],
    verified: 0,
    shed: 0,
    unverifiedRate: 0,
    hashesPerS: undefined,
  });
  threads.builder.finish();
  assert.deepEqual(workOff(threads), [1, 2]);
  assert.equal(reasonOf(await right), 'ok, valid');
  assert.equal(reasonOf(await wrong), 'ok, not valid');
  assert.deepEqual(pool.status(), {
    queued: 0,
    epochs: [{ pow: 'kawpow', epoch: 0, state: 'ready', progress: 1 }],
    verified: 2,
    shed: 0,
    unverifiedRate: 0,
    hashesPerS: undefined,
  });
  assert.deepEqual(events, [
    { kind: 'epoch-building', pow: 'kawpow', epoch: 0 },
    { kind: 'epoch-progress', pow: 'kawpow', epoch: 0, fraction: 0.25 },
    { kind: 'epoch-ready', pow: 'kawpow', epoch: 0, source: 'built', tookMs: 0 },
  ]);
});

test('a full queue refuses, but never an urgent request, which also goes first', async () => {
  const { pool, threads } = setUpReady({ queueMax: 2 });
  const inWork = pool.verify(request(1));
  const waiting = [pool.verify(request(2)), pool.verify(request(3))];
  assert.deepEqual(await pool.verify(request(4)), { ok: false, reason: 'queue-full' });
  assert.deepEqual(await pool.hash(request(5)), { ok: false, reason: 'queue-full' });
  const urgent = pool.verify(request(6, { urgent: true }));
  assert.deepEqual(workOff(threads), [1, 6, 2, 3]);
  for (const verdict of [inWork, urgent, ...waiting]) assert.equal(reasonOf(await verdict), 'ok, valid');
  const later = pool.verify(request(7));
  workOff(threads);
  assert.equal(reasonOf(await later), 'ok, valid');
});

test('requests that wait for a cache count for the queue too', async () => {
  const { pool } = setUp({ queueMax: 1 });
  const waiting = pool.verify(request(1));
  assert.deepEqual(await pool.verify(request(2)), { ok: false, reason: 'queue-full' });
  await pool.close();
  assert.deepEqual(await waiting, { ok: false, reason: 'closed' });
});

test('sessions take turns, and hash() is one of them', async () => {
  const { pool, threads } = setUpReady();
  const all = [10, 11, 12, 13].map((nonce) => pool.verify(request(nonce, { sessionId: 'a' })));
  all.push(pool.verify(request(20, { sessionId: 'b' })));
  const hashes = [30, 31].map((nonce) => pool.hash(request(nonce)));
  assert.deepEqual(workOff(threads), [10, 11, 20, 30, 12, 31, 13]);
  await Promise.all([...all, ...hashes]);
});

test('threads share the waiting requests', async () => {
  const { pool, threads } = setUpReady({ threads: 2 });
  const all = [1, 2, 3].map((nonce) => pool.verify(request(nonce)));
  const [first, second] = threads.workers;
  assert.deepEqual(
    first?.batch.map(({ nonce }) => nonce),
    [1n],
  );
  assert.deepEqual(
    second?.batch.map(({ nonce }) => nonce),
    [2n],
  );
  second?.answer();
  assert.deepEqual(
    second?.batch.map(({ nonce }) => nonce),
    [3n],
  );
  first?.answer();
  second?.answer();
  for (const verdict of all) assert.equal(reasonOf(await verdict), 'ok, valid');
});

test('the current epoch is verified while the next one is being built', async () => {
  const { pool, threads } = setUpReady();
  const next = pool.verify(request(1, { height: EPOCH }));
  const current = pool.verify(request(2));
  assert.deepEqual(pool.status().epochs, [
    { pow: 'kawpow', epoch: 0, state: 'ready', progress: 1 },
    { pow: 'kawpow', epoch: 1, state: 'building', progress: 0 },
  ]);
  assert.deepEqual(workOff(threads), [2]);
  assert.equal(reasonOf(await current), 'ok, valid');
  threads.builder.finish();
  assert.deepEqual(workOff(threads), [1]);
  assert.equal(reasonOf(await next), 'ok, valid');
});

test('a candidate goes before the shares of another epoch, too', async () => {
  const { pool, threads } = setUpReady();
  void pool.prepare(1);
  threads.builder.finish();
  const all = [pool.verify(request(1, { height: EPOCH })), pool.verify(request(2)), pool.verify(request(3))];
  all.push(pool.verify(request(4, { height: EPOCH, urgent: true })));
  assert.deepEqual(workOff(threads), [1, 4, 2, 3]);
  for (const verdict of all) assert.equal(reasonOf(await verdict), 'ok, valid');
});

test('a thread gets only the 32 bytes of a header hash, not the buffer around them', async () => {
  const { pool, threads } = setUpReady();
  const chunk = new Uint8Array(65536).fill(7);
  const verdict = pool.verify(request(1, { headerHash: chunk.subarray(100, 132) }));
  chunk.fill(0);
  const sent = threads.worker.batch[0]?.headerHash;
  assert.equal(sent?.buffer.byteLength, 32);
  assert.deepEqual(sent, new Uint8Array(32).fill(7));
  workOff(threads);
  await verdict;
});

test('a request whose thread crashes is asked again, before others, and given up after the second crash', async () => {
  const { pool, threads, events } = setUpReady();
  const lucky = pool.verify(request(1));
  const other = pool.verify(request(2));
  threads.worker.crash();
  assert.equal(threads.workers.length, 2);
  assert.deepEqual(workOff(threads), [1, 2]);
  assert.equal(reasonOf(await lucky), 'ok, valid');
  assert.equal(reasonOf(await other), 'ok, valid');

  const unlucky = pool.verify(request(3));
  threads.worker.crash();
  threads.worker.crash();
  assert.deepEqual(await unlucky, { ok: false, reason: 'failed' });
  assert.deepEqual(
    events.flatMap((event) => (event.kind === 'worker-crashed' ? [[event.again, event.failed]] : [])),
    [
      [1, 0],
      [1, 0],
      [0, 1],
    ],
  );
  const after = pool.verify(request(4));
  assert.deepEqual(workOff(threads), [4]);
  assert.equal(reasonOf(await after), 'ok, valid');
});

test('a thread that crashes without work is replaced when there is some', async () => {
  const { pool, threads } = setUpReady();
  threads.worker.crash();
  assert.equal(threads.workers.length, 1);
  const verdict = pool.verify(request(1));
  assert.equal(threads.workers.length, 2);
  assert.deepEqual(
    threads.worker.posts.map(({ kind }) => kind),
    ['prepare', 'hash'],
  );
  workOff(threads);
  assert.equal(reasonOf(await verdict), 'ok, valid');
});

test('a thread is started while the first cache is built, and not over and over where it crashes', () => {
  const { pool, threads } = setUp();
  void pool.verify(request(1));
  assert.equal(threads.workers.length, 1);
  threads.worker.crash();
  void pool.verify(request(2));
  void pool.prepare(1);
  assert.equal(threads.workers.length, 1);
  threads.builder.finish();
  assert.equal(threads.workers.length, 2);
});

test('close settles all requests, in work, waiting or building, and stops all threads', async () => {
  const { pool, threads } = setUpReady({ threads: 2 });
  const outcomes = [
    pool.verify(request(1)),
    pool.verify(request(2)),
    pool.verify(request(3)),
    pool.verify(request(4, { urgent: true })),
    pool.verify(request(5, { height: EPOCH })),
    pool.hash(request(6)),
  ];
  const cache = assert.rejects(pool.epochMemory(1), { code: 'KPSS_VERIFIER_CLOSED' });
  const prepared = pool.prepare(1);
  const closing = pool.close();
  assert.equal(pool.close(), closing);
  await closing;
  for (const outcome of outcomes) assert.deepEqual(await outcome, { ok: false, reason: 'closed' });
  await Promise.all([cache, prepared]);
  assert.equal(
    threads.workers.every(({ stopped }) => stopped),
    true,
  );
  assert.equal(threads.builder.stopped, true);
});

test('a closed verifier answers `closed` and starts nothing', async () => {
  const { pool, threads } = setUp();
  await pool.close();
  assert.deepEqual(await pool.verify(request(1)), { ok: false, reason: 'closed' });
  assert.deepEqual(await pool.hash(request(1)), { ok: false, reason: 'closed' });
  await assert.rejects(pool.epochMemory(0), { code: 'KPSS_VERIFIER_CLOSED' });
  await pool.prepare(0);
  assert.equal(threads.workers.length + threads.builders.length, 0);
});

test('options that are no whole numbers of 1 or more are refused', () => {
  for (const wrong of [{ threads: 0 }, { threads: 1.5 }, { queueMax: 0 }, { queueMax: Number.NaN }]) {
    assert.throws(() => createVerifierPool(wrong, new FakeThreads()), RangeError);
  }
});
