import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import {
  createDag,
  type Dag,
  dagBytes,
  dagFetch,
  dagFinished,
  dagProgress,
  dagStripe,
  generateStripe,
  publishFinished,
} from './dag.ts';
import { datasetItem } from './dataset.ts';
import { datasetReads } from './epoch.ts';
import { buildEpochContext } from './epoch-context.ts';
import { compileKernel, type Kernel, openKernel } from './kernel.ts';
import { createKernelEngine } from './kernel-engine.ts';
import { JOB } from './kernel-layout.ts';
import { claimScratch } from './kernel-memory.ts';
import { KAWPOW } from './params.ts';
import { hashReference } from './reference.ts';
import type { HashRequest } from './verifier.ts';

const EPOCH = 1;
const PARTS = 3;
const pow = SMALL_POW;
const context = buildEpochContext(EPOCH, { pow });
const { memory } = context;
const kernel = openKernel(compileKernel(pow), pow, EPOCH, memory);
const scratch = claimScratch(memory);

/** The kernel, until it has been asked for so many batches. */
function stopping(batches: number): Kernel {
  let left = batches;
  return {
    ...kernel,
    datasetItems: (...args) => {
      if (left-- === 0) throw new Error('stopped');
      kernel.datasetItems(...args);
    },
  };
}

/** @param batches of each part, in turn */
function dagWith(batches: readonly number[]): Dag {
  const dag = createDag(pow, EPOCH, PARTS);
  for (const [part, count] of batches.entries()) {
    const work = { pow, memory, scratch, dag, part };
    if (count === Number.POSITIVE_INFINITY) generateStripe(kernel, work);
    else assert.throws(() => generateStripe(stopping(count), work), /stopped/);
  }
  return dag;
}

function wordsOf(dag: Dag, number: number): Uint32Array {
  return Uint32Array.from(new Uint32Array(dag.items, number * 256, 64));
}

function requests(count: number): HashRequest[] {
  return Array.from({ length: count }, (_, i) => ({
    height: EPOCH * pow.epochLength + (i % pow.epochLength),
    headerHash: new Uint8Array(32).fill(7 * i),
    nonce: BigInt(i) << 40n,
  }));
}

const DONE = Number.POSITIVE_INFINITY;

describe('a DAG', () => {
  test('has the size of what hashes read of the dataset', () => {
    assert.equal(createDag(pow, EPOCH, 1).items.byteLength, dagBytes(EPOCH, pow));
    // Some 1 GiB + 8 MiB an epoch: 5.7 GiB in these years.
    assert.equal(Math.round(dagBytes(598, KAWPOW) / 2 ** 20), 5808);
    assert.throws(() => createDag(pow, EPOCH, 0), RangeError);
  });

  test('that no buffer can hold is refused with an exception', () => {
    const huge = { ...pow, datasetBytes: { initial: 2 ** 46, growth: 0 } };
    assert.throws(() => createDag(huge, 0, 1), RangeError);
  });

  test('falls into stripes that leave no item out', () => {
    const items = datasetReads(EPOCH, pow);
    for (const parts of [1, 2, 7, items - 1, items, items + 3]) {
      const dag = createDag(pow, EPOCH, parts);
      let next = 0;
      for (let part = 0; part < parts; part++) {
        const { first, end } = dagStripe(dag, part);
        assert.equal(first, next);
        next = end;
      }
      assert.equal(next, items);
    }
  });

  test('tells its progress, and goes on where it stopped', () => {
    const dag = dagWith([2, 0, DONE]);
    assert.deepEqual(
      [0, 1].map((part) => dagFinished(dag, part)),
      [64, 0],
    );
    const items = datasetReads(EPOCH, pow);
    const { first, end } = dagStripe(dag, 2);
    assert.equal(dagProgress(dag), (64 + end - first) / items);
    let batches = 0;
    const onBatch = (): void => void batches++;
    for (const part of [0, 1, 2]) generateStripe(kernel, { pow, memory, scratch, dag, part, onBatch });
    assert.equal(dagProgress(dag), 1);
    assert.equal(batches, 2 * Math.ceil(Math.ceil(items / PARTS) / 32) - 2);
  });

  test('holds the items of the reference', () => {
    const dag = dagWith([DONE, DONE, DONE]);
    for (let number = 0; number < datasetReads(EPOCH, pow); number += 11) {
      assert.deepEqual(wordsOf(dag, number), datasetItem(context.lightCache, number, pow));
    }
    const last = datasetReads(EPOCH, pow) - 1;
    assert.deepEqual(wordsOf(dag, last), datasetItem(context.lightCache, last, pow));
  });
});

describe('hashes with a DAG', () => {
  const right = requests(33).map((request) => hashReference(context, request));

  for (const [name, batches] of [
    ['that is empty', [0, 0, 0]],
    ['of which a few items are there', [1, 0, 3]],
    ['that is there in half', [20, DONE, 5]],
    ['that is complete', [DONE, DONE, DONE]],
  ] as const) {
    test(`${name} are those of the reference`, () => {
      const engine = createKernelEngine(pow);
      engine.prepare(context, claimScratch(memory));
      engine.useDag(EPOCH, dagWith(batches));
      for (const count of [1, 2, 31, 32, 33]) {
        assert.deepEqual(engine.hash(requests(count)), right.slice(0, count), `a batch of ${count}`);
      }
    });
  }

  test('take what is there, and only that', () => {
    const engine = createKernelEngine(pow);
    engine.prepare(context, claimScratch(memory));
    const dag = createDag(pow, EPOCH, PARTS);
    engine.useDag(EPOCH, dag);
    // Wrong items show who was read.
    new Uint8Array(dag.items).fill(0xee);
    assert.deepEqual(engine.hash(requests(8)), right.slice(0, 8));
    publishFinished(dag, 1, 1000);
    const wrong = engine.hash(requests(8));
    assert.ok(wrong.every(({ mixHash }, i) => !Buffer.from(mixHash).equals(right[i]?.mixHash ?? mixHash)));
  });

  test('follow it while it grows, and go on without it when it is forgotten', () => {
    const engine = createKernelEngine(pow);
    const own = claimScratch(memory);
    assert.throws(() => engine.useDag(EPOCH, createDag(pow, EPOCH, 1)), RangeError);
    engine.prepare(context, own);
    const dag = createDag(pow, EPOCH, 1);
    engine.useDag(EPOCH, dag);
    for (let round = 0; round < 4; round++) {
      const work = { pow, memory, scratch, dag, part: 0 };
      assert.throws(() => generateStripe(stopping(30), work), /stopped/);
      assert.deepEqual(engine.hash(requests(5)), right.slice(0, 5));
    }
    engine.forget(EPOCH);
    assert.throws(() => engine.hash(requests(1)), RangeError);
    new Uint8Array(dag.items).fill(0xee);
    engine.prepare(context, own);
    assert.deepEqual(engine.hash(requests(5)), right.slice(0, 5));
  });

  test('get every bit of an item, also where it would be no number as a float', () => {
    const dag = createDag(pow, EPOCH, 1);
    const item = Uint32Array.from(
      { length: 64 },
      (_, i) => [0x7ff00001, 0xfff7ffff, 0x7f800001, 0xffbfffff][i % 4] ?? 0,
    );
    new Uint32Array(dag.items).set(item, 5 * 64);
    publishFinished(dag, 0, 6);
    const wanted = new Uint32Array(new SharedArrayBuffer(4096));
    // Two jobs: one wants item 5, the other item 6, which is not there.
    wanted[JOB.number / 4] = 5;
    wanted[(JOB.bytes + JOB.number) / 4] = 6;
    dagFetch(dag, wanted.buffer)(0, 2 * JOB.bytes, 1024);
    assert.deepEqual([wanted[JOB.item / 4], wanted[(JOB.bytes + JOB.item) / 4]], [1024, 0]);
    assert.deepEqual(Uint32Array.from(wanted.subarray(256, 256 + 64)), item);
  });
});
