import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FakeDagBuilder, FakeThreads } from '../../test/conformance/fake-threads.ts';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import { createDag, type Dag, dagBytes, dagProgress, publishFinished } from './dag.ts';
import { type DagEvent, type DagMode, Dags } from './dags.ts';
import { datasetItem } from './dataset.ts';
import { datasetReads } from './epoch.ts';
import { buildEpochContext } from './epoch-context.ts';
import { SCRATCHES_MAX } from './kernel-layout.ts';
import { claimScratch, createKernelMemory } from './kernel-memory.ts';
import type { KawPow } from './params.ts';
import { hashReference } from './reference.ts';
import { type EpochMemory, epochKey, type FromWorker } from './thread-messages.ts';
import { type ThreadStarter, workerThreads } from './threads.ts';

const pow = SMALL_POW;
const GIB = 2 ** 30;

interface SetUp {
  readonly dags: Dags;
  readonly threads: FakeThreads;
  readonly events: DagEvent[];
  readonly given: { readonly of: string; readonly dag: Dag }[];
  /** Kinds with their epochs since the last call. */
  happened(): string[];
}

function setUp(
  options: { mode?: DagMode; threads?: number; availableBytes?: number } = {},
  starter?: ThreadStarter,
): SetUp {
  const threads = new FakeThreads();
  const events: DagEvent[] = [];
  const given: { of: string; dag: Dag }[] = [];
  let told = 0;
  const dags = new Dags(
    {
      mode: options.mode ?? 'on',
      threads: options.threads ?? 1,
      availableBytes: () => options.availableBytes ?? 64 * GIB,
    },
    {
      threads: starter ?? threads,
      onDag: (of, dag) => given.push({ of: epochKey(of), dag }),
      onEvent: (event) => events.push(event),
    },
  );
  const happened = (): string[] => {
    const news = events.slice(told).map(({ kind, epoch }) => `${kind} ${epoch}`);
    told = events.length;
    return news;
  };
  return { dags, threads, events, given, happened };
}

function memoryOf(epoch: number, of: KawPow = pow): EpochMemory {
  return { pow: of, epoch, memory: createKernelMemory(epoch, of) };
}

function finishAll(builders: readonly FakeDagBuilder[]): void {
  for (const builder of builders) if (!builder.stopped) builder.finish();
}

describe('datasets', () => {
  test('are handed out as soon as they are begun, and tell their way', () => {
    const { dags, threads, given, events, happened } = setUp({ threads: 2 });
    const memory = memoryOf(3);
    dags.start(memory);
    assert.deepEqual(given, [{ of: 'small/3', dag: dags.dag(memory) }]);
    assert.deepEqual(
      threads.dagBuilders.map(({ setup }) => [setup.part, setup.memory.epoch]),
      [
        [0, 3],
        [1, 3],
      ],
    );
    assert.notEqual(threads.dagBuilders[0]?.setup.scratch, threads.dagBuilders[1]?.setup.scratch);
    threads.dagBuilders[0]?.progress(0.5);
    finishAll(threads.dagBuilders);
    assert.deepEqual(events[0], { kind: 'dag-building', pow: 'small', epoch: 3, bytes: dagBytes(3, pow) });
    const steps = ['dag-progress 3', 'dag-progress 3', 'dag-progress 3'];
    assert.deepEqual(happened(), ['dag-building 3', ...steps, 'dag-ready 3']);
    assert.equal(claimScratch(memory.memory), 0, 'the builders gave their scratches back');
  });

  test('tell their progress once for each percent', () => {
    const { dags, threads, happened } = setUp();
    dags.start(memoryOf(0));
    for (let i = 0; i <= 1000; i++) threads.dagBuilders[0]?.progress(i / 1000);
    assert.equal(happened().filter((event) => event.startsWith('dag-progress')).length, 100);
  });

  test('are begun once, and generated one at a time', () => {
    const { dags, threads, happened } = setUp();
    for (const epoch of [4, 5, 4, 5]) dags.start(memoryOf(epoch));
    assert.deepEqual(happened(), ['dag-building 4']);
    assert.equal(dags.dag({ pow, epoch: 5 }), undefined);
    threads.dagBuilders[0]?.finish();
    assert.deepEqual(happened(), ['dag-progress 4', 'dag-ready 4', 'dag-building 5']);
    assert.equal(threads.dagBuilders.length, 2);
  });

  test('of two proofs of work are told apart', () => {
    const { dags, threads, given } = setUp();
    dags.start(memoryOf(1));
    dags.start(memoryOf(1, { ...pow, name: 'other' }));
    finishAll([...threads.dagBuilders]);
    assert.deepEqual(
      given.map(({ of }) => of),
      ['small/1', 'other/1'],
    );
  });

  const bytes = dagBytes(0, pow);
  for (const [mode, needed] of [
    ['on', bytes + GIB / 2],
    ['auto', 1.5 * bytes + GIB],
  ] as const) {
    test(`with ${mode} are generated only where there is memory enough`, () => {
      const enough = setUp({ mode, availableBytes: needed });
      enough.dags.start(memoryOf(0));
      assert.deepEqual(enough.happened(), ['dag-building 0']);
      const { dags, threads, events } = setUp({ mode, availableBytes: needed - 1 });
      dags.start(memoryOf(0));
      dags.start(memoryOf(0));
      const refused = {
        kind: 'dag-refused',
        pow: 'small',
        epoch: 0,
        neededBytes: needed,
        availableBytes: needed - 1,
      };
      assert.deepEqual(events, [refused, refused], 'each time it is asked for');
      assert.equal(threads.dagBuilders.length, 0);
      assert.equal(dags.dag({ pow, epoch: 0 }), undefined);
    });
  }

  test('with off are never generated', () => {
    const { dags, events } = setUp({ mode: 'off' });
    dags.start(memoryOf(0));
    assert.deepEqual(events, []);
  });

  test('larger than any buffer, or without room for their threads, have failed', () => {
    const huge = setUp({ availableBytes: Number.POSITIVE_INFINITY });
    huge.dags.start({ ...memoryOf(0), pow: { ...pow, datasetBytes: { initial: 2 ** 46, growth: 0 } } });
    assert.deepEqual(huge.happened(), ['dag-failed 0']);
    assert.equal(
      huge.events[0]?.kind === 'dag-failed' && huge.events[0].progress,
      0,
      'nothing of it is used',
    );
    const crowd = setUp({ threads: SCRATCHES_MAX + 1 });
    const memory = memoryOf(0);
    crowd.dags.start(memory);
    assert.deepEqual(crowd.happened(), ['dag-failed 0']);
    assert.equal(claimScratch(memory.memory), 0, 'none stays taken');
  });
});

describe('a builder that crashes', () => {
  test('is started once more where its stripe stands', () => {
    const { dags, threads, happened } = setUp({ threads: 2 });
    dags.start(memoryOf(0));
    threads.dagBuilders[1]?.progress(0.25);
    happened();
    threads.dagBuilders[1]?.crash();
    assert.equal(threads.dagBuilders.length, 3);
    assert.deepEqual(threads.dagBuilders[2]?.setup, threads.dagBuilders[1]?.setup);
    assert.deepEqual(happened(), []);
    finishAll(threads.dagBuilders);
    assert.equal(happened().at(-1), 'dag-ready 0');
  });

  test('twice is given up; what is generated stays, and the next dataset gets its turn', () => {
    const { dags, threads, events, happened } = setUp({ threads: 2 });
    dags.start(memoryOf(0));
    dags.start(memoryOf(1));
    threads.dagBuilders[0]?.progress(0.5);
    threads.dagBuilders[0]?.crash();
    threads.dagBuilders[2]?.crash();
    assert.equal(events.at(-1)?.kind, 'dag-failed');
    const failed = events.at(-1);
    assert.ok(failed?.kind === 'dag-failed');
    assert.match(failed.error.message, /fake crash/);
    assert.equal(Math.round(100 * failed.progress), 25, 'half of one of two stripes is used');
    happened();
    threads.dagBuilders[1]?.progress(0.5);
    threads.dagBuilders[1]?.finish();
    // No dag-progress after the end that was told: whoever shows it would show it for ever.
    assert.deepEqual(happened(), ['dag-building 1']);
    const dag = dags.dag({ pow, epoch: 0 });
    assert.ok(dag);
    assert.equal(Math.round(100 * dagProgress(dag)), 75);
  });
});

test('a dataset over which two stripes are given up has failed once', () => {
  const { dags, threads, happened } = setUp({ threads: 2 });
  dags.start(memoryOf(0));
  for (const first of [0, 1]) threads.dagBuilders[first]?.crash();
  for (const second of [2, 3]) threads.dagBuilders[second]?.crash();
  assert.deepEqual(happened(), ['dag-building 0', 'dag-failed 0']);
});

describe('a dataset that is dropped', () => {
  test('is told of no more, whatever its builders still bring', () => {
    const { dags, threads, happened } = setUp();
    const memory = memoryOf(0);
    dags.start(memory);
    dags.drop(memory);
    happened();
    threads.dagBuilders[0]?.progress(0.5);
    assert.deepEqual(happened(), []);
  });

  test('is generated no further, and makes way for the next', async () => {
    const { dags, threads, happened } = setUp();
    const memory = memoryOf(0);
    dags.start(memory);
    dags.start(memoryOf(1));
    happened();
    dags.drop(memory);
    assert.equal(threads.dagBuilders[0]?.stopped, true);
    assert.deepEqual(happened(), ['dag-dropped 0', 'dag-building 1']);
    assert.equal(dags.dag(memory), undefined);
    await new Promise(setImmediate);
    assert.equal(threads.dagBuilders.length, 2, 'a stopped builder is not started again');
    assert.equal(claimScratch(memory.memory), 0);
  });

  test('can be asked for again, and before its turn it goes without a word', () => {
    const { dags, threads, happened } = setUp();
    for (const epoch of [0, 1]) dags.start(memoryOf(epoch));
    happened();
    dags.drop({ pow, epoch: 1 });
    dags.drop({ pow, epoch: 7 });
    assert.deepEqual(happened(), []);
    dags.drop({ pow, epoch: 0 });
    dags.start(memoryOf(0));
    assert.deepEqual(happened(), ['dag-dropped 0', 'dag-building 0']);
    assert.equal(threads.dagBuilders.length, 2);
  });

  test('close stops all builders, and nothing begins after it', async () => {
    const { dags, threads, happened } = setUp({ threads: 3 });
    for (const epoch of [0, 1]) dags.start(memoryOf(epoch));
    happened();
    await dags.close();
    assert.ok(threads.dagBuilders.every(({ stopped }) => stopped));
    dags.start(memoryOf(2));
    assert.deepEqual(happened(), []);
    assert.equal(threads.dagBuilders.length, 3);
  });
});

describe('with real threads', () => {
  test('a dataset is that of the reference', async () => {
    const { dags, given, events } = setUp({ threads: 2 }, workerThreads);
    const context = buildEpochContext(1, { pow });
    dags.start(context);
    while (!events.some(({ kind }) => kind === 'dag-ready')) await new Promise(setImmediate);
    const dag = given[0]?.dag;
    assert.ok(dag);
    for (let number = 0; number < datasetReads(1, pow); number += 7) {
      const item: Uint32Array = Uint32Array.from(new Uint32Array(dag.items, 256 * number, 64));
      assert.deepEqual(item, datasetItem(context.lightCache, number, pow));
    }
    await dags.close();
  });

  test('one that takes long is left in the middle', async () => {
    const slow: KawPow = { ...pow, datasetBytes: { initial: 2 ** 30, growth: 0 }, datasetParents: 512 };
    const { dags, given, events } = setUp({ threads: 2 }, workerThreads);
    const context = buildEpochContext(1, { pow: slow });
    dags.start(context);
    const dag = given[0]?.dag;
    assert.ok(dag);
    while (dagProgress(dag) === 0) await new Promise(setImmediate);
    dags.drop(context);
    await dags.close();
    const left = dagProgress(dag);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(dagProgress(dag), left);
    assert.ok(left < 1);
    assert.ok(!events.some(({ kind }) => kind === 'dag-failed' || kind === 'dag-ready'));
  });

  test('one that is dropped while it is generated is let go of without waiting for a chance', async () => {
    const slow: KawPow = { ...pow, datasetBytes: { initial: 2 ** 24, growth: 0 }, datasetParents: 2 ** 16 };
    const context = buildEpochContext(1, { pow: slow });
    let items: WeakRef<SharedArrayBuffer> | undefined;
    const started = Promise.withResolvers<void>();
    const dags = new Dags(
      { mode: 'on', threads: 2, availableBytes: () => 64 * GIB },
      {
        threads: workerThreads,
        onDag(_, dag) {
          items = new WeakRef(dag.items);
        },
        onEvent: ({ kind }) => {
          if (kind === 'dag-progress') started.resolve();
        },
      },
    );
    dags.start(context);
    await started.promise;
    dags.drop(context);
    // A few looks with little in between, so that V8 has no reason of its own to collect.
    for (let look = 0; look < 40 && items?.deref() !== undefined; look++) await sleep(50);
    assert.ok(items);
    assert.equal(items.deref(), undefined);
    await dags.close();
  });

  test('a worker hashes with what it is given of a dataset, and without it once it is forgotten', async () => {
    const context = buildEpochContext(1, { pow });
    const request = { height: pow.epochLength, headerHash: new Uint8Array(32), nonce: 5n };
    const right = hashReference(context, request);
    // A dataset of nothing but zeros shows that it is used.
    const dag = createDag(pow, 1, 1);
    publishFinished(dag, 0, datasetReads(1, pow));
    const answers: FromWorker[] = [];
    let exit: Error | undefined;
    const worker = workerThreads.startWorker({
      onMessage: (answer) => answers.push(answer),
      onExit: (error) => {
        exit = error;
      },
    });
    const memory = { pow, epoch: 1, memory: context.memory };
    const scratch = claimScratch(context.memory);
    const hash = { kind: 'hash', powName: pow.name, requests: [request] } as const;
    worker.post({ kind: 'prepare', memory, scratch });
    worker.post({ kind: 'dag', powName: pow.name, epoch: 1, dag });
    worker.post(hash);
    worker.post({ kind: 'forget', powName: pow.name, epoch: 1 });
    worker.post({ kind: 'prepare', memory, scratch });
    worker.post(hash);
    while (answers.length < 2 && exit === undefined) await new Promise(setImmediate);
    await worker.stop();
    assert.equal(exit, undefined);
    assert.notDeepEqual(answers[0]?.results[0]?.mixHash, right.mixHash);
    assert.deepEqual(answers[1]?.results, [right]);
  });
});
