import { availableParallelism, cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import {
  createDag,
  type Dag,
  dagBytes,
  dagFinished,
  generateStripe,
  publishFinished,
} from '../src/kawpow/dag.ts';
import { datasetReads } from '../src/kawpow/epoch.ts';
import { buildEpochContext, type EpochContext } from '../src/kawpow/epoch-context.ts';
import { compileKernel, openKernel } from '../src/kawpow/kernel.ts';
import { createKernelEngine } from '../src/kawpow/kernel-engine.ts';
import { claimScratch } from '../src/kawpow/kernel-memory.ts';
import { KAWPOW } from '../src/kawpow/params.ts';
import type { HashRequest } from '../src/kawpow/verifier.ts';
import { median, printTable } from './support-table.ts';

const BATCHES = [1, 2, 4, 8, 16, 32];
const ROUNDS = 15;
/** Hashes of one measurement: some 40 ms. */
const HASHES = 1024;
/** What is generated to see how fast that goes: a second or two. */
const GENERATED_ITEMS = 65_536;

export const purpose = 'the KawPoW kernel with a whole dataset in memory (--epoch N)';

/** µs a hash, with a dataset of noise: what the items hold is all the same to the time it takes to read them. */
export function run(args: readonly string[]): void {
  const at = args.indexOf('--epoch');
  const epoch = at < 0 ? 598 : Number(args[at + 1]);
  const context = buildEpochContext(epoch, { pow: KAWPOW });
  const dag = createDag(KAWPOW, epoch, 1);
  const itemUs = generate(context, dag);
  fillWithNoise(dag);
  publishFinished(dag, 0, datasetReads(epoch, KAWPOW));
  const engine = createKernelEngine();
  engine.prepare(context, claimScratch(context.memory));
  engine.useDag(epoch, dag);
  const times = new Map(BATCHES.map((batch) => [batch, [] as number[]]));
  let nonce = 0;
  for (let round = -4; round < ROUNDS; round++) {
    for (const [batch, figures] of times) {
      const batches = Array.from({ length: HASHES / batch }, () =>
        Array.from({ length: batch }, () => requestOf(epoch, nonce++)),
      );
      const startMs = performance.now();
      for (const requests of batches) engine.hash(requests);
      // The first rounds are for V8's optimising compiler.
      if (round >= 0) figures.push(((performance.now() - startMs) * 1000) / HASHES);
    }
  }
  const minutes = (datasetReads(epoch, KAWPOW) * itemUs) / 60e6;
  printTable(
    `KawPoW with the dataset of epoch ${epoch}, ${(dagBytes(epoch, KAWPOW) / 2 ** 30).toFixed(1)} GiB, one thread (medians of ${ROUNDS}; ${cpus()[0]?.model}, ${availableParallelism()} cores)`,
    ['figure', 'µs', 'least'],
    [
      ...Array.from(times, ([batch, figures]) => [
        `one hash of a batch of ${batch}`,
        median(figures).toFixed(1),
        Math.min(...figures).toFixed(1),
      ]),
      [`one item generated: ${minutes.toFixed(1)} minutes for all`, itemUs.toFixed(1), ''],
    ],
  );
}

/** @returns µs an item */
function generate(context: EpochContext, dag: Dag): number {
  const { pow, epoch, memory } = context;
  const kernel = openKernel(compileKernel(pow), pow, epoch, memory);
  const scratch = claimScratch(memory);
  let fromMs = 0;
  let from = 0;
  const enough = new Error('enough');
  try {
    generateStripe(kernel, {
      ...{ pow, memory, scratch, dag, part: 0 },
      onBatch: () => {
        const finished = dagFinished(dag, 0);
        if (fromMs === 0 && finished >= GENERATED_ITEMS / 4) {
          fromMs = performance.now();
          from = finished;
        }
        if (finished >= GENERATED_ITEMS) throw enough;
      },
    });
  } catch (error) {
    if (error !== enough) throw error;
  }
  return ((performance.now() - fromMs) * 1000) / (dagFinished(dag, 0) - from);
}

/** By xorshift: zeros would do for the reads, but would be one page for them all. */
function fillWithNoise(dag: Dag): void {
  const words = new Uint32Array(dag.items);
  let word = 1;
  for (let i = 0; i < words.length; i++) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    words[i] = word;
  }
}

function requestOf(epoch: number, nonce: number): HashRequest {
  return {
    height: epoch * KAWPOW.epochLength,
    headerHash: new Uint8Array(32).fill(nonce),
    nonce: BigInt(nonce),
  };
}
