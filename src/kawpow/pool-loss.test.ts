import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  reasonOf,
  setUpReadyPool,
  setUpTimedPool,
  shareOf,
  workOff,
} from '../../test/conformance/pool-harness.ts';
import type { Clock } from '../mining/ports.ts';
import { HUNG_AFTER_MS } from './engine-slot.ts';

// Threads that are lost with requests in work.

test('a thread that is lost with a candidate in work: all of its batch is verified again, the candidate too', async () => {
  const { pool, threads, events } = setUpTimedPool();
  const first = pool.verify(shareOf(1));
  const batch = [2, 3, 4].map((nonce) => pool.verify(shareOf(nonce, { urgent: nonce === 3 })));
  threads.worker.answer();
  assert.deepEqual(
    threads.worker.batch.map(({ nonce }) => Number(nonce)),
    [3, 2, 4],
  );
  threads.worker.crash();
  assert.deepEqual(workOff(threads), [3, 2, 4]);
  for (const verdict of [first, ...batch]) assert.equal(reasonOf(await verdict), 'ok, valid');
  assert.equal(events.filter(({ kind }) => kind === 'worker-crashed').length, 1);
});

test('a thread that does not answer for long is ended and replaced, and its requests are verified again', async () => {
  const { pool, threads, events, clock } = setUpTimedPool();
  const verdicts = [1, 2].map((nonce) => pool.verify(shareOf(nonce, { urgent: nonce === 2 })));
  const hung = threads.worker;
  await clock.advance(HUNG_AFTER_MS - 1);
  assert.equal(hung.stopped, false);
  await clock.advance(1);
  assert.equal(hung.stopped, true);
  assert.deepEqual(
    events.flatMap((event) => (event.kind === 'worker-crashed' ? [[event.error?.message, event.again]] : [])),
    [['a verifier thread gave no answer for 30 s', 1]],
  );
  assert.notEqual(threads.worker, hung);
  assert.deepEqual(workOff(threads), [1, 2]);
  for (const verdict of verdicts) assert.equal(reasonOf(await verdict), 'ok, valid');
  assert.equal(clock.pending(), 0, 'no timer is left of a batch that was answered');
});

test('of a lost batch, what an ended session asked is dropped, but for its candidate', async () => {
  const { pool, threads } = setUpTimedPool();
  const first = pool.verify(shareOf(1));
  const batch = [2, 3, 4].map((nonce) => pool.verify(shareOf(nonce, { urgent: nonce === 4 })));
  threads.worker.answer();
  threads.worker.crash();
  pool.endSession('s');
  // One of them was handed to the next thread already, alone.
  assert.deepEqual(workOff(threads), [4]);
  assert.deepEqual(await Promise.all([first, ...batch].map(async (verdict) => reasonOf(await verdict))), [
    'ok, valid',
    'closed',
    'closed',
    'ok, valid',
  ]);
});

test('a request that two threads hang over is given up', async () => {
  const { pool, threads, clock } = setUpTimedPool();
  const poison = pool.verify(shareOf(1));
  await clock.advance(2 * HUNG_AFTER_MS);
  assert.deepEqual(await poison, { ok: false, reason: 'failed' });
  const after = pool.verify(shareOf(2));
  workOff(threads);
  assert.equal(reasonOf(await after), 'ok, valid');
});

test('an answer of a thread that was given up changes nothing', async () => {
  const { pool, threads, clock } = setUpTimedPool();
  const verdict = pool.verify(shareOf(1));
  const hung = threads.worker;
  await clock.advance(HUNG_AFTER_MS);
  hung.answer();
  const next = pool.verify(shareOf(2));
  assert.deepEqual(
    threads.worker.batch.map(({ nonce }) => nonce),
    [1n],
  );
  workOff(threads);
  assert.equal(reasonOf(await verdict), 'ok, valid');
  assert.equal(reasonOf(await next), 'ok, valid');
  assert.equal(pool.status().verified, 2);
});

test('a thread that hangs keeps its scratch until it is gone', async () => {
  const { pool, threads, clock } = setUpTimedPool();
  const scratches = (): number[] =>
    threads.workers.flatMap(({ posts }) =>
      posts.flatMap((message) => (message.kind === 'prepare' ? [message.scratch] : [])),
    );
  const verdict = pool.verify(shareOf(1));
  await clock.advance(HUNG_AFTER_MS);
  assert.deepEqual(scratches(), [0, 1], 'it may still be writing there');
  await clock.advance(HUNG_AFTER_MS);
  assert.equal(reasonOf(await verdict), 'failed');
  const next = pool.verify(shareOf(2));
  assert.deepEqual(scratches(), [0, 1, 0], 'the first one is gone by now');
  workOff(threads);
  assert.equal(reasonOf(await next), 'ok, valid');
});

test('a thread that is slow, but answers, is left alone; close leaves no timer', async () => {
  const { pool, threads, clock } = setUpTimedPool();
  for (let i = 0; i < 10; i++) {
    const verdict = pool.verify(shareOf(i));
    await clock.advance(HUNG_AFTER_MS - 1_000);
    threads.worker.answer();
    assert.equal(reasonOf(await verdict), 'ok, valid');
  }
  assert.equal(threads.workers.length, 1);
  const verdict = pool.verify(shareOf(11));
  await pool.close();
  assert.equal(reasonOf(await verdict), 'closed');
  assert.equal(clock.pending(), 0);
});

/** A clock as it is after a pause: all timers that became due run at once, at the time of its end. */
function createPausedClock(): Clock & { pause(durationMs: number): void } {
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    setTimer(delayMs, callback) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    pause(durationMs) {
      nowMs += durationMs;
      for (const timer of [...timers]) {
        if (timer.atMs <= nowMs && timers.delete(timer)) timer.callback();
      }
    },
  };
}

test('after a pause of the whole process a thread is not given up before its answer could be read', async () => {
  const clock = createPausedClock();
  const { pool, threads, events } = setUpReadyPool({ clock });
  for (let i = 0; i < 2; i++) {
    const verdict = pool.verify(shareOf(i));
    clock.pause(3_600_000);
    threads.worker.answer();
    assert.equal(reasonOf(await verdict), 'ok, valid');
  }
  assert.equal(threads.workers.length, 1);
  assert.ok(events.every(({ kind }) => kind !== 'worker-crashed'));
  void pool.verify(shareOf(3));
  clock.pause(3_600_000);
  clock.pause(3_600_000);
  assert.equal(threads.workers[0]?.stopped, true, 'one that does not answer is given up all the same');
});

test('the first batch of a thread says nothing of its speed, that of a replaced one neither', async () => {
  const { pool, threads, clock } = setUpTimedPool();
  const workFor = async (nonce: number, ms: number): Promise<void> => {
    const verdict = pool.verify(shareOf(nonce));
    await clock.advance(ms);
    threads.worker.answer();
    await verdict;
  };
  await workFor(1, 5_000);
  assert.equal(pool.status().hashesPerS, undefined);
  await workFor(2, 100);
  assert.equal(pool.status().hashesPerS, 10);
  threads.worker.crash();
  await workFor(3, 5_000);
  assert.equal(pool.status().hashesPerS, 10);
});
