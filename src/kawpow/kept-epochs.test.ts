import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type PoolHarness,
  reasonOf,
  setUpPool,
  shareOf,
  workOff,
} from '../../test/conformance/pool-harness.ts';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import { claimScratch } from './kernel-memory.ts';

// The life of epochs that owners keep, as the pool's user notices it.

function happened({ events }: PoolHarness): string[] {
  return events.splice(0).map((event) => ('epoch' in event ? `${event.kind} ${event.epoch}` : event.kind));
}

function buildAll({ threads }: PoolHarness): void {
  while (!threads.builder.stopped) threads.builder.finish();
}

function ready({ pool }: PoolHarness): string[] {
  return pool
    .status()
    .epochs.filter(({ state }) => state === 'ready')
    .map(({ pow, epoch }) => `${pow} ${epoch}`);
}

const forgets = ({ threads }: PoolHarness): number =>
  threads.workers.flatMap(({ posts }) => posts).filter(({ kind }) => kind === 'forget').length;

test('what is kept is built, the most urgent of each owner first', () => {
  const harness = setUpPool();
  harness.pool.keep('a', [5, 4, 6]);
  harness.pool.of(SMALL_POW).keep('b', [9, 8]);
  void harness.pool.prepare(70);
  buildAll(harness);
  assert.deepEqual(
    harness.threads.builders.map(({ epoch }) => epoch),
    [5, 9, 70, 4, 8, 6],
  );
});

test('an epoch that several owners keep is as urgent as to the one that needs it most', () => {
  const harness = setUpPool();
  harness.pool.keep('first', [9]);
  harness.pool.keep('a', [1, 2, 3]);
  harness.pool.keep('b', [3]);
  harness.pool.keep('c', [9, 8, 3]);
  buildAll(harness);
  assert.deepEqual(
    harness.threads.builders.map(({ epoch }) => epoch),
    [9, 1, 3, 2, 8],
  );
});

test('owners of two proofs of work are told apart, whatever their names', () => {
  const harness = setUpPool();
  harness.pool.keep('a', [0]);
  harness.pool.of(SMALL_POW).keep('a', [1]);
  buildAll(harness);
  assert.deepEqual(ready(harness), ['kawpow 0', 'small 1']);
  harness.pool.keep('a', []);
  assert.deepEqual(ready(harness), ['small 1']);
});

test('an epoch that is built again has its threads’ scratches taken in its new memory', async () => {
  const harness = setUpPool();
  for (let builds = 0; builds < 2; builds++) {
    harness.pool.keep('a', [0]);
    buildAll(harness);
    const { memory } = await harness.pool.epochMemory(0);
    assert.equal(claimScratch(memory), 1, 'the first one is the thread’s');
    harness.pool.keep('a', []);
  }
});

test('two coins with two epochs each live side by side, whatever else is asked for, and nothing is built twice', async () => {
  const harness = setUpPool({ epochsMax: 1 });
  const { pool, threads } = harness;
  const other = pool.of(SMALL_POW);
  for (let round = 0; round < 5; round++) {
    pool.keep('a', [0, 1]);
    other.keep('b', [0, 1]);
    buildAll(harness);
    const verdicts = [0, 7500].map((height) => pool.verify(shareOf(round, { height })));
    verdicts.push(...[0, 12].map((height) => other.verify(shareOf(round, { height }))));
    if (round === 2)
      verdicts.push(...[2, 3].map((epoch) => pool.verify(shareOf(round, { height: epoch * 7500 }))));
    workOff(threads);
    while (!threads.builder.stopped) {
      buildAll(harness);
      workOff(threads);
    }
    for (const verdict of verdicts) assert.equal(reasonOf(await verdict), 'ok, valid');
  }
  assert.equal(threads.builders.length, 6);
  assert.deepEqual(ready(harness), ['kawpow 0', 'kawpow 1', 'small 0', 'small 1', 'kawpow 3']);
});

test('an epoch that nobody keeps any more is dropped, by the threads too', () => {
  const harness = setUpPool();
  const { pool, threads } = harness;
  pool.keep('a', [0, 1]);
  pool.keep('b', [0]);
  buildAll(harness);
  happened(harness);
  pool.keep('a', [1]);
  assert.deepEqual(happened(harness), [], 'b keeps it');
  pool.keep('b', [1]);
  assert.deepEqual(happened(harness), ['epoch-dropped 0']);
  assert.deepEqual(threads.worker.posts.at(-1), { kind: 'forget', powName: 'kawpow', epoch: 0 });
  assert.deepEqual(ready(harness), ['kawpow 1']);
  pool.keep('a', []);
  pool.keep('b', []);
  assert.deepEqual(ready(harness), []);
});

test('before an epoch is dropped, the requests that wait for it are served', async () => {
  const harness = setUpPool();
  const { pool, threads } = harness;
  pool.keep('a', [0]);
  buildAll(harness);
  const inWork = pool.verify(shareOf(1));
  const waiting = pool.verify(shareOf(2));
  pool.keep('a', [1]);
  assert.equal(forgets(harness), 0);
  threads.worker.answer();
  assert.equal(threads.worker.batch.length, 1, 'the last one is in work');
  assert.equal(forgets(harness), 1);
  workOff(threads);
  for (const verdict of [inWork, waiting]) assert.equal(reasonOf(await verdict), 'ok, valid');
});

test('an epoch goes when the session ends whose requests held it', async () => {
  const harness = setUpPool();
  const { pool } = harness;
  pool.keep('a', [0]);
  buildAll(harness);
  const verdicts = [1, 2].map((nonce) => pool.verify(shareOf(nonce)));
  pool.keep('a', []);
  assert.equal(forgets(harness), 0);
  pool.endSession('s');
  assert.equal(forgets(harness), 1);
  assert.equal(reasonOf(await (verdicts[1] ?? assert.fail())), 'closed');
});

test('a build that nobody needs any more is stopped, and the next one begins', async () => {
  const harness = setUpPool();
  const { pool, threads } = harness;
  pool.keep('a', [0, 1]);
  const first = threads.builder;
  pool.keep('a', [2]);
  assert.equal(first.stopped, true);
  // Its thread is gone a moment later; what it still sends by then is not taken.
  first.sendCache();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    threads.builders.map(({ epoch }) => epoch),
    [0, 2],
  );
  assert.deepEqual(happened(harness), ['epoch-building 0', 'epoch-dropped 0', 'epoch-building 2']);
  buildAll(harness);
  assert.deepEqual(ready(harness), ['kawpow 2']);
});

test('a build that somebody waits for goes on, and its epoch is dropped when it was told', async () => {
  const harness = setUpPool();
  const { pool, threads } = harness;
  pool.keep('a', [0]);
  const prepared = pool.prepare(0);
  pool.keep('a', []);
  assert.equal(threads.builder.stopped, false);
  buildAll(harness);
  await prepared;
  assert.deepEqual(ready(harness), []);
});

test('an epoch that was only asked for is not built again when it is kept', () => {
  const harness = setUpPool();
  void harness.pool.prepare(3);
  buildAll(harness);
  harness.pool.keep('a', [3]);
  buildAll(harness);
  assert.equal(harness.threads.builders.length, 1);
  harness.pool.keep('a', []);
  assert.deepEqual(ready(harness), []);
});

test('a kept epoch that could not be built is built when it is said again', () => {
  const harness = setUpPool();
  const { pool, threads } = harness;
  pool.keep('a', [0]);
  threads.builder.crash();
  threads.builder.crash();
  assert.deepEqual(happened(harness), ['epoch-building 0', 'epoch-failed 0']);
  pool.keep('a', [0]);
  buildAll(harness);
  assert.deepEqual(ready(harness), ['kawpow 0']);
});

test('what cannot be an epoch is refused, and a closed verifier keeps nothing', async () => {
  const { pool, threads } = setUpPool();
  for (const wrong of [-1, 0.5, 8192]) assert.throws(() => pool.keep('a', [0, wrong]), RangeError);
  await pool.close();
  pool.keep('a', [0]);
  assert.equal(threads.builders.length + threads.workers.length, 0);
  assert.deepEqual(pool.status().epochs, []);
});
