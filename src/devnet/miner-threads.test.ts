import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import { silentLog } from '../../test/support/mining.ts';
import { until } from '../../test/support/scripted-stratum.ts';
import { equalBytes } from '../chain/bytes.ts';
import { systemClock } from '../clock.ts';
import { createDag, publishFinished } from '../kawpow/dag.ts';
import { datasetReads } from '../kawpow/epoch.ts';
import { buildEpochContext } from '../kawpow/epoch-context.ts';
import { SCRATCHES_MAX } from '../kawpow/kernel-layout.ts';
import { claimScratch, createKernelMemory } from '../kawpow/kernel-memory.ts';
import { KAWPOW, type KawPow } from '../kawpow/params.ts';
import { hashReference } from '../kawpow/reference.ts';
import { claimScratches } from '../kawpow/scratches.ts';
import type { EpochMemory } from '../kawpow/thread-messages.ts';
import { type FromMinerThread, MINER_THREADS_MAX, MinerThreads, type Search } from './miner-threads.ts';

const EVERY_HASH: Search = {
  height: 1,
  headerHash: new Uint8Array(32).fill(1),
  targets: [new Uint8Array(32).fill(0xff)],
  prefix: Uint8Array.of(0xab, 0xcd),
  seed: new Uint8Array(8).fill(0xff),
};

let epochMemory: EpochMemory;
let found: FromMinerThread[];
let errors: string[];

function startThreads(count: number, pow: KawPow = KAWPOW): MinerThreads {
  found = [];
  errors = [];
  return new MinerThreads(
    { threads: count, pow },
    {
      clock: systemClock,
      log: { ...silentLog, error: (_fields, message) => errors.push(message) },
      onFound: (result) => found.push(result),
    },
  );
}

describe('mining threads', () => {
  before(() => {
    epochMemory = buildEpochContext(0);
  });
  after(() => {
    found = [];
  });

  it('counts every hash, and goes around at the end of its part of the nonces', async () => {
    const threads = startThreads(2);
    threads.setEpoch(epochMemory);
    // The seed puts the first nonce at the end of each half.
    threads.search(EVERY_HASH);
    // One thread may be through with many before the other has begun: both are waited for.
    const edges = ['abcd7fffffffffff', 'abcd000000000000', 'abcdffffffffffff', 'abcd800000000000'];
    const seen = (edge: string): boolean => found.some(({ nonce }) => nonce.toString(16) === edge);
    await until(() => edges.every(seen), 'the end and the beginning of both halves');
    await until(() => threads.hashes() >= edges.length, 'their count');
    await threads.stop();
  });

  it('a thread that crashes is replaced, and the new one has the same to do', async () => {
    const threads = startThreads(1);
    // Without the epoch's cache there is nothing to hash with.
    const generation = threads.search(EVERY_HASH);
    await until(() => errors.length > 0, 'the crash');
    assert.deepEqual(errors, ['miner: a thread crashed']);
    threads.setEpoch(epochMemory);
    await until(() => found.length > 0, 'a hash of the new thread');
    assert.equal(found[0]?.generation, generation);
    await threads.stop();
    assert.equal(errors.length, 1);
  });

  it('stops in the middle of a search', async () => {
    const threads = startThreads(2);
    threads.setEpoch(epochMemory);
    threads.search({ ...EVERY_HASH, targets: [new Uint8Array(32)] });
    await until(() => threads.hashes() > 2, 'some hashes');
    await threads.stop();
    const hashes = threads.hashes();
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(threads.hashes(), hashes);
    assert.throws(() => startThreads(0), RangeError);
    assert.throws(() => startThreads(MINER_THREADS_MAX + 1), RangeError);
  });

  it('take a scratch each, all or none, and the same ones when they come back to an epoch', async () => {
    const memoryOf = (epoch: number): EpochMemory => {
      return { pow: SMALL_POW, epoch, memory: createKernelMemory(epoch, SMALL_POW) };
    };
    const [first, second, full] = [memoryOf(0), memoryOf(1), memoryOf(2)];
    claimScratches(full.memory, SCRATCHES_MAX - 1);
    const threads = startThreads(2, SMALL_POW);
    assert.throws(() => threads.setEpoch(full), RangeError);
    assert.equal(claimScratch(full.memory), SCRATCHES_MAX - 1, 'the one that was left still is');
    for (const memory of [first, second, first]) threads.setEpoch(memory);
    assert.equal(claimScratch(first.memory), 2);
    await threads.stop();
  });

  it('takes items from the DAG it is given, and so does the one that replaces a crashed thread', async () => {
    const context = buildEpochContext(0, { pow: SMALL_POW });
    // A DAG of nothing but zeros shows that it is used.
    const dag = createDag(SMALL_POW, 0, 1);
    publishFinished(dag, 0, datasetReads(0, SMALL_POW));
    const isRight = ({ nonce, mixHash }: FromMinerThread): boolean =>
      equalBytes(hashReference(context, { ...EVERY_HASH, nonce }).mixHash, mixHash);
    const threads = startThreads(1, SMALL_POW);
    threads.setEpoch(context);
    threads.search(EVERY_HASH);
    await until(() => found.length > 0, 'a hash without it');
    assert.ok(found.every(isRight));
    threads.setDag(dag);
    const generation = threads.search(EVERY_HASH);
    await until(() => found.some((each) => each.generation === generation), 'a hash with it');
    assert.ok(!found.filter((each) => each.generation === generation).some(isRight));
    // A header hash of a wrong length is what crashes a thread.
    threads.search({ ...EVERY_HASH, headerHash: new Uint8Array(3) });
    await until(() => errors.length > 0, 'the crash');
    const after = threads.search(EVERY_HASH);
    await until(() => found.some((each) => each.generation === after), 'a hash of the new thread');
    assert.ok(!found.filter((each) => each.generation === after).some(isRight));
    await threads.stop();
  });
});
