import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeThreads } from '../../test/conformance/fake-threads.ts';
import { shareOf } from '../../test/conformance/pool-harness.ts';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import type { DagMode } from './dags.ts';
import { buildReferenceContext } from './epoch-context.ts';
import type { KawPow } from './params.ts';
import { createVerifierPool, type VerifierEvent } from './pool.ts';
import { hashReference } from './reference.ts';
import { workerThreads } from './threads.ts';

// Datasets in the pool: whose is generated, who hears of it, and when it goes.

const OWNER = 'ravencoin-main';

function setUp(mode: DagMode = 'on', pow: KawPow = SMALL_POW) {
  const threads = new FakeThreads();
  const memory = { availableBytes: 2 ** 40 };
  const dagEvents: string[] = [];
  const onEvent = (event: VerifierEvent): void => {
    if (event.kind.startsWith('dag-') && 'epoch' in event) dagEvents.push(`${event.kind} ${event.epoch}`);
  };
  const pool = createVerifierPool(
    { pow, onEvent, dag: { mode, availableBytes: () => memory.availableBytes } },
    threads,
  );
  /** What the newest worker was told of epochs, in order. */
  const told = (): string[] =>
    threads.worker.posts.flatMap((message) => {
      if (message.kind === 'prepare') return [`prepare ${message.memory.epoch}`];
      if (message.kind === 'forget') return [`forget ${message.epoch}`];
      if (message.kind === 'dag') return [`${message.dag ? 'dag' : 'no dag'} ${message.epoch}`];
      return [];
    });
  const stripes = (): number[] => threads.dagBuilders.map(({ setup }) => setup.memory.epoch);
  return { pool, threads, memory, dagEvents, told, stripes };
}

test('the dataset of the epoch that is mined is generated, and no other', async () => {
  const { pool, threads, dagEvents, told, stripes } = setUp();
  pool.keep(OWNER, [3, 2]);
  assert.deepEqual(stripes(), [], 'not before its light cache is there');
  threads.builder.finish();
  threads.builder.finish();
  assert.deepEqual(stripes(), [3]);
  assert.deepEqual(told(), ['prepare 3', 'dag 3', 'prepare 2']);
  threads.dagBuilders[0]?.finish();
  assert.deepEqual(dagEvents, ['dag-building 3', 'dag-progress 3', 'dag-ready 3']);
  void pool.hash({ height: 60, headerHash: new Uint8Array(32), nonce: 0n });
  threads.builder.finish();
  assert.deepEqual(stripes(), [3], 'nobody mines in epoch 5');
  await pool.close();
});

test('it goes when the next epoch is mined, long before the light cache, and makes room for the next', async () => {
  const { pool, threads, dagEvents, told, stripes } = setUp();
  pool.keep(OWNER, [3, 4]);
  threads.builder.finish();
  threads.builder.finish();
  pool.keep(OWNER, [4, 3]);
  assert.deepEqual(dagEvents.slice(-1), ['dag-dropped 3']);
  assert.ok(threads.dagBuilders[0]?.stopped, 'nobody generates it any more');
  assert.deepEqual(told(), ['prepare 3', 'dag 3', 'prepare 4', 'no dag 3']);
  assert.deepEqual(stripes(), [3], 'its memory is not back yet');
  // The next template, seconds later.
  pool.keep(OWNER, [4, 3]);
  assert.deepEqual(stripes(), [3, 4]);
  assert.deepEqual(told().slice(-1), ['dag 4']);
  pool.keep(OWNER, []);
  assert.deepEqual(dagEvents.slice(-1), ['dag-dropped 4']);
  await pool.close();
});

test('what two owners mine in stays until both have left', async () => {
  const { pool, threads, dagEvents } = setUp();
  pool.keep('a', [1]);
  pool.keep('b', [1]);
  threads.builder.finish();
  pool.keep('a', []);
  assert.deepEqual(dagEvents, ['dag-building 1']);
  pool.keep('b', []);
  assert.deepEqual(dagEvents, ['dag-building 1', 'dag-dropped 1']);
  await pool.close();
});

test('a thread that replaces a crashed one gets the dataset, too', async () => {
  const { pool, threads, told } = setUp();
  pool.keep(OWNER, [0]);
  threads.builder.finish();
  const verdict = pool.verify(shareOf(1));
  threads.worker.crash();
  assert.equal(threads.workers.length, 2);
  assert.deepEqual(told(), ['prepare 0', 'dag 0']);
  threads.worker.answer();
  assert.equal((await verdict).ok, true);
  await pool.close();
});

test('one that does not fit is told of once, and begun when there is room', async () => {
  const { pool, threads, memory, dagEvents, stripes } = setUp();
  memory.availableBytes = 1000;
  pool.keep(OWNER, [0]);
  threads.builder.finish();
  pool.keep(OWNER, [0]);
  pool.keep(OWNER, [0]);
  assert.deepEqual(dagEvents, ['dag-refused 0']);
  memory.availableBytes = 2 ** 40;
  pool.keep(OWNER, [0]);
  assert.deepEqual(stripes(), [0]);
  await pool.close();
});

test('one that no buffer can hold is told of once, and tried again only when its epoch comes again', async () => {
  const huge: KawPow = { ...SMALL_POW, datasetBytes: { initial: 2 ** 46, growth: 0 } };
  const { pool, threads, memory, dagEvents } = setUp('on', huge);
  memory.availableBytes = 2 ** 50;
  pool.keep(OWNER, [0]);
  threads.builder.finish();
  for (let template = 0; template < 3; template++) pool.keep(OWNER, [0]);
  assert.deepEqual(dagEvents, ['dag-failed 0']);
  pool.keep(OWNER, []);
  pool.keep(OWNER, [0]);
  threads.builder.finish();
  assert.deepEqual(dagEvents, ['dag-failed 0', 'dag-failed 0']);
  await pool.close();
});

test('with dag off none is generated', async () => {
  const { pool, threads, stripes } = setUp('off');
  pool.keep(OWNER, [0]);
  threads.builder.finish();
  pool.keep(OWNER, [0]);
  assert.deepEqual(stripes(), []);
  await pool.close();
});

test('with real threads, hashes are right while it is generated, with all of it, and without it again', async () => {
  const kinds: string[] = [];
  const ready = Promise.withResolvers<void>();
  const pool = createVerifierPool(
    {
      pow: SMALL_POW,
      threads: 2,
      dag: { mode: 'on', availableBytes: () => 2 ** 40 },
      onEvent: ({ kind }) => {
        kinds.push(kind);
        if (kind === 'dag-ready') ready.resolve();
      },
    },
    workerThreads,
  );
  const context = buildReferenceContext(0, { pow: SMALL_POW });
  const check = async (first: number): Promise<void> => {
    const requests = Array.from({ length: 70 }, (_, i) => ({
      height: i % 12,
      headerHash: new Uint8Array(32).fill(first + i),
      nonce: BigInt(first + i),
    }));
    const outcomes = await Promise.all(requests.map((request) => pool.hash(request)));
    for (const [i, request] of requests.entries()) {
      assert.deepEqual(outcomes[i], { ok: true, ...hashReference(context, request) });
    }
  };
  pool.keep(OWNER, [0]);
  await check(0);
  await ready.promise;
  await check(100);
  pool.keep(OWNER, [1, 0]);
  assert.equal(kinds.filter((kind) => kind === 'dag-dropped').length, 1);
  await check(200);
  await pool.close();
});
