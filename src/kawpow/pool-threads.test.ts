import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { bytesToHex } from '../chain/bytes.ts';
import { HUNG_AFTER_MS } from './engine-slot.ts';
import { buildReferenceContext } from './epoch-context.ts';
import type { KawPow } from './params.ts';
import { createVerifierPool, type VerifierEvent } from './pool.ts';
import { hashReference } from './reference.ts';
import { type Thread, type ThreadStarter, workerThreads } from './threads.ts';
import type { HashRequest, VerifyRequest } from './verifier.ts';

// The pool over real threads, with KawPoW in small.

/** Real threads, with a hand on each of them. */
class WatchedThreads implements ThreadStarter {
  readonly workers: Thread<unknown>[] = [];
  readonly builders: Thread<unknown>[] = [];
  exits = 0;

  startWorker: ThreadStarter['startWorker'] = (handlers) => {
    const onExit = (error: Error | undefined): void => {
      this.exits += 1;
      handlers.onExit(error);
    };
    const thread = workerThreads.startWorker({
      onMessage: (message) => handlers.onMessage(message),
      onExit,
    });
    this.workers.push(thread as Thread<unknown>);
    return thread;
  };

  startDagBuilder = workerThreads.startDagBuilder;

  startBuilder: ThreadStarter['startBuilder'] = (of, handlers) => {
    const onExit = (error: Error | undefined): void => {
      this.exits += 1;
      handlers.onExit(error);
    };
    const thread = workerThreads.startBuilder(of, {
      onMessage: (message) => handlers.onMessage(message),
      onExit,
    });
    this.builders.push(thread as Thread<unknown>);
    return thread;
  };
}

function request(height: number, nonce: number): HashRequest {
  return { height, headerHash: new Uint8Array(32).fill(height), nonce: BigInt(nonce) };
}

function claim(height: number, nonce: number): VerifyRequest {
  return { ...request(height, nonce), claimedMixHash: new Uint8Array(32), sessionId: 's', urgent: false };
}

test('threads hash in every epoch asked for, like the reference', async () => {
  const pool = createVerifierPool({ threads: 2, pow: SMALL_POW });
  const requests = Array.from({ length: 40 }, (_, i) => request(i, i * 1000));
  const outcomes = await Promise.all(requests.map((each) => pool.hash(each)));
  for (const [i, each] of requests.entries()) {
    const context = buildReferenceContext(Math.floor(each.height / SMALL_POW.epochLength), {
      pow: SMALL_POW,
    });
    const right = hashReference(context, each);
    const outcome = outcomes[i];
    assert.ok(outcome?.ok);
    assert.equal(bytesToHex(outcome.mixHash), bytesToHex(right.mixHash));
    assert.equal(bytesToHex(outcome.finalHash), bytesToHex(right.finalHash));
  }
  await pool.close();
});

test('a thread that is killed at work loses no request', async () => {
  const threads = new WatchedThreads();
  const events: VerifierEvent[] = [];
  // So slow that it is at work when its end comes.
  const pow: KawPow = { ...SMALL_POW, name: 'slow', datasetParents: 4096 };
  const pool = createVerifierPool({ pow, onEvent: (event) => events.push(event) }, threads);
  await pool.prepare(0);
  const verdicts = Array.from({ length: 50 }, (_, nonce) =>
    pool.verify({ ...claim(1, nonce), urgent: nonce % 10 === 0 }),
  );
  await threads.workers[0]?.stop();
  for (const verdict of verdicts) assert.equal((await verdict).ok, true);
  assert.equal(threads.workers.length, 2);
  const crashes = events.filter((event) => event.kind === 'worker-crashed');
  assert.equal(crashes.length, 1);
  const [{ again, failed } = { again: 0, failed: 0 }] = crashes;
  assert.ok(again >= 1, 'its batch is hashed again');
  assert.equal(failed, 0);
  await pool.close();
});

test('a thread that hangs is ended, replaced, and its requests are hashed by the next', async () => {
  const threads = new WatchedThreads();
  const clock = createVirtualClock();
  let isDeaf = true;
  const deaf: ThreadStarter = {
    ...threads,
    startBuilder: threads.startBuilder,
    startWorker: (handlers) => {
      const thread = threads.startWorker(handlers);
      const post: typeof thread.post = (message) => {
        if (message.kind !== 'hash' || !isDeaf) thread.post(message);
      };
      return { post, stop: () => thread.stop() };
    },
  };
  const pool = createVerifierPool({ pow: SMALL_POW, clock }, deaf);
  await pool.prepare(0);
  const verdicts = [1, 2, 3].map((nonce) => pool.verify({ ...claim(1, nonce), urgent: nonce === 3 }));
  isDeaf = false;
  await clock.advance(HUNG_AFTER_MS);
  for (const verdict of verdicts) assert.equal((await verdict).ok, true);
  await pool.close();
  assert.equal(threads.workers.length, 2);
  assert.equal(threads.exits, 3, 'the hung thread is gone, too');
});

test('an epoch that was kept and is over can be hashed in again, with a cache built anew', async () => {
  const threads = new WatchedThreads();
  const pool = createVerifierPool({ pow: SMALL_POW }, threads);
  const right = bytesToHex(
    hashReference(buildReferenceContext(0, { pow: SMALL_POW }), request(1, 7)).mixHash,
  );
  for (let builds = 1; builds <= 3; builds++) {
    pool.keep('a', [0]);
    const outcome = await pool.hash(request(1, 7));
    assert.equal(outcome.ok && bytesToHex(outcome.mixHash), right);
    pool.keep('a', []);
    assert.deepEqual(pool.status().epochs, []);
    assert.equal(threads.builders.length, builds);
  }
  await pool.close();
});

test('a request that makes its thread throw is given up; the error is told', async () => {
  const broken: KawPow = { ...SMALL_POW, padding: 'too short' };
  const errors: (string | undefined)[] = [];
  const pool = createVerifierPool({
    pow: broken,
    onEvent: (event) => event.kind === 'worker-crashed' && errors.push(event.error?.message),
  });
  assert.deepEqual(await pool.verify(claim(0, 0)), { ok: false, reason: 'failed' });
  // With each of the request's two tries; and once before them, unless the cache was there before the thread.
  assert.ok(errors.length === 2 || errors.length === 3, `${errors.length} crashes`);
  for (const error of errors) assert.equal(error, 'the padding has 15 characters');
  await pool.close();
});

test('a cache that cannot be built is told with its reason', async () => {
  const broken: KawPow = { ...SMALL_POW, lightCacheBytes: { initial: 64, growth: 0 } };
  const errors: string[] = [];
  const pool = createVerifierPool({
    pow: broken,
    onEvent: (event) => event.kind === 'epoch-failed' && errors.push(event.error.message),
  });
  await assert.rejects(pool.epochMemory(0), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'KPSS_LIGHT_CACHE_FAILED');
    return true;
  });
  assert.deepEqual(errors, ['no prime up to 1']);
  await pool.close();
});

test('close during a build and during hashing leaves no thread', async () => {
  const threads = new WatchedThreads();
  // Epoch 1 has a cache that takes many seconds, so that the close comes while it is being built.
  const slow: KawPow = { ...SMALL_POW, lightCacheBytes: { initial: 2 ** 14, growth: 2 ** 26 } };
  const pool = createVerifierPool({ pow: slow, threads: 2 }, threads);
  await pool.prepare(0);
  const verdicts = Array.from({ length: 200 }, (_, nonce) =>
    pool.verify({ ...claim(nonce % 2 === 0 ? 0 : 12, nonce), sessionId: `s${nonce % 4}` }),
  );
  await verdicts[0];
  assert.equal(threads.builders.length, 2);
  await pool.close();
  const reasons = new Set<string>();
  for (const verdict of verdicts) {
    const outcome = await verdict;
    reasons.add(outcome.ok ? 'ok' : outcome.reason);
  }
  assert.deepEqual([...reasons].toSorted(), ['closed', 'ok']);
  assert.equal(threads.exits, threads.workers.length + threads.builders.length);
});
