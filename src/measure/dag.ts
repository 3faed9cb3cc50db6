import { performance } from 'node:perf_hooks';
import {
  createDag,
  type Dag,
  dagBytes,
  dagFinished,
  generateStripe,
  publishFinished,
} from '../kawpow/dag.ts';
import { dagNeededBytes } from '../kawpow/dags.ts';
import { datasetReads } from '../kawpow/epoch.ts';
import type { EpochContext } from '../kawpow/epoch-context.ts';
import { compileKernel, openKernel } from '../kawpow/kernel.ts';
import { createKernelEngine } from '../kawpow/kernel-engine.ts';
import { KERNEL_BATCH_MAX } from '../kawpow/kernel-layout.ts';
import { claimScratch } from '../kawpow/kernel-memory.ts';
import { requestsOf } from './batches.ts';
import { median } from './median.ts';

const ROUNDS = 31;
/** Rounds before the first that counts: V8's optimising compiler takes that long. */
const WARM_UPS = 16;
/** Hashes of one measurement: some 40 ms. */
const HASHES = 1024;
/** What is generated to see how fast that goes: a second or two. */
const GENERATED_ITEMS = 65_536;

export interface DagFigures {
  /** Microseconds a hash in batches of 32, with the whole dataset in memory. */
  readonly hashUs: number;
  /** To generate the whole dataset in one thread. */
  readonly generateMinutes: number;
}

/**
 * How fast hashes are with the whole dataset in memory. It is filled with noise after its first items: to generate it
 * would take minutes, and what items hold is all the same to the time it takes to read them.
 * @param availableBytes memory that the process can still get
 * @returns undefined where the dataset does not fit
 */
export function measureDag(context: EpochContext, availableBytes: number): DagFigures | undefined {
  const { pow, epoch, memory } = context;
  if (dagNeededBytes('on', dagBytes(epoch, pow)) > availableBytes) return undefined;
  const dag = createDag(pow, epoch, 1);
  const itemUs = generate(context, dag);
  fillWithNoise(dag);
  publishFinished(dag, 0, datasetReads(epoch, pow));
  const engine = createKernelEngine(pow);
  engine.prepare(context, claimScratch(memory));
  engine.useDag(epoch, dag);
  const hashUs: number[] = [];
  for (let round = -WARM_UPS; round < ROUNDS; round++) {
    const requests = requestsOf(pow, epoch, HASHES, round * HASHES + WARM_UPS * HASHES);
    const startMs = performance.now();
    for (let i = 0; i < HASHES; i += KERNEL_BATCH_MAX) engine.hash(requests.slice(i, i + KERNEL_BATCH_MAX));
    if (round >= 0) hashUs.push(((performance.now() - startMs) * 1000) / HASHES);
  }
  const generateMinutes = (datasetReads(epoch, pow) * itemUs) / 60e6;
  return { hashUs: median(hashUs), generateMinutes };
}

/** @returns µs an item */
function generate({ pow, epoch, memory }: EpochContext, dag: Dag): number {
  const kernel = openKernel(compileKernel(pow), pow, epoch, memory);
  let fromMs = 0;
  let from = 0;
  const enough = new Error('enough');
  try {
    generateStripe(kernel, {
      ...{ pow, memory, scratch: claimScratch(memory), dag, part: 0 },
      onBatch: () => {
        const finished = dagFinished(dag, 0);
        // The first quarter is for V8's optimising compiler.
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
