import { DATASET_READ_BYTES, datasetReads } from './epoch.ts';
import type { Kernel } from './kernel.ts';
import { ITEM, JOB, KERNEL_BATCH_MAX, kernelLayout } from './kernel-layout.ts';
import type { KawPow } from './params.ts';
import type { WasmMemory } from './webassembly.ts';

/**
 * The whole dataset of an epoch in memory: a hash then reads its 64 items instead of computing each of them from 2048
 * reads of the light cache.
 *
 * It has a shared buffer of its own, because 32-bit WebAssembly memory ends at 4 GiB, and grows in stripes side by side,
 * one for each thread that generates. What is there already is used while the rest is still missing.
 */
export interface Dag {
  /** Items of DATASET_READ_BYTES by their number. */
  readonly items: SharedArrayBuffer;
  /** An int32 for each stripe: how many of its items are there, from its first on. Stored after their bytes. */
  readonly finished: SharedArrayBuffer;
}

/** The items that one thread generates, by number. */
export interface DagStripe {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
}

const WORDS = DATASET_READ_BYTES / 4;

/** Bytes of an epoch's dataset, as far as hashes read it. */
export function dagBytes(epoch: number, pow: KawPow): number {
  return datasetReads(epoch, pow) * DATASET_READ_BYTES;
}

/**
 * A dataset with nothing in it. The system gives it memory only as it is filled.
 * @param parts stripes, at least 1
 * @throws RangeError when there is not enough address space, or it is more than a buffer can hold
 */
export function createDag(pow: KawPow, epoch: number, parts: number): Dag {
  if (!Number.isInteger(parts) || parts < 1) throw new RangeError(`a DAG has 1 part or more, not ${parts}`);
  const items = new SharedArrayBuffer(dagBytes(epoch, pow));
  // V8 makes buffers that none of its arrays can span.
  new Int32Array(items);
  return { items, finished: new SharedArrayBuffer(4 * parts) };
}

/** How much of it is there: 0 … 1. */
export function dagProgress(dag: Dag): number {
  const finished = new Int32Array(dag.finished);
  const done = finished.reduce((sum, _, part) => sum + Atomics.load(finished, part), 0);
  return done / itemsOf(dag);
}

/** @param part 0 … parts − 1. With more parts than items, the last stripes are empty. */
export function dagStripe(dag: Dag, part: number): DagStripe {
  const items = itemsOf(dag);
  const first = Math.min(items, part * stripeItems(dag));
  return { first, end: Math.min(items, first + stripeItems(dag)) };
}

/** How many of a stripe's items are there. */
export function dagFinished(dag: Dag, part: number): number {
  return Atomics.load(new Int32Array(dag.finished), part);
}

/** Tells all threads so. Their bytes must be there. */
export function publishFinished(dag: Dag, part: number, items: number): void {
  Atomics.store(new Int32Array(dag.finished), part, items);
}

/**
 * What the kernel calls once a round: copies the items that its jobs want, as far as they are there, into its memory.
 *
 * All of them are touched before the first is copied, so that the memory is asked for all of them at once: among gigabytes
 * each waits for the page tables, too. In a batch of 32 that took 23 of 62 µs off a hash. Words are copied one by one,
 * without a view for each item, which would be an object to make and to collect; and not as 64-bit floats, because bits that
 * mean no number may change on their way.
 * @param memory the kernel's
 * @returns `(jobs, end, lastItem)`: takes places for items from lastItem down, and writes them into the jobs from `jobs` to
 * `end`; jobs whose item is not there stay as they are. What it gives is of no use, but that V8 leaves out no touch
 */
export function dagFetch(
  dag: Dag,
  memory: SharedArrayBuffer,
): (jobs: number, end: number, lastItem: number) => number {
  const items = new Int32Array(dag.items);
  const finished = new Int32Array(dag.finished);
  const words = new Int32Array(memory);
  const stripe = stripeItems(dag);
  return (jobs, end, lastItem) => {
    let touched = 0;
    let place = lastItem;
    for (let job = jobs; job < end; job += JOB.bytes) {
      const number = words[(job + JOB.number) >>> 2]!;
      const part = Math.floor(number / stripe);
      if (number - part * stripe >= Atomics.load(finished, part)) continue;
      words[(job + JOB.item) >>> 2] = place;
      place -= ITEM.bytes;
      const from = number * WORDS;
      touched ^= items[from]! ^ items[from + 16]! ^ items[from + 32]! ^ items[from + 48]!;
    }
    for (let job = jobs; job < end; job += JOB.bytes) {
      const to = words[(job + JOB.item) >>> 2]! >>> 2;
      if (to === 0) continue;
      const from = words[(job + JOB.number) >>> 2]! * WORDS;
      for (let i = 0; i < WORDS; i++) words[to + i] = items[from + i]!;
    }
    return touched;
  };
}

/** What generating a stripe works with. */
export interface StripeWork {
  readonly pow: KawPow;
  /** The kernel's, with the epoch's caches in it. */
  readonly memory: WasmMemory;
  /** Claimed for this thread. */
  readonly scratch: number;
  readonly dag: Dag;
  readonly part: number;
  /** Called after each batch. */
  readonly onBatch?: () => void;
}

/** Generates a stripe, from where it stands to its end: some 30 µs of processor time an item in epoch 598. Others may read it meanwhile. */
export function generateStripe(kernel: Kernel, work: StripeWork): void {
  const { pow, memory, scratch, dag, part, onBatch } = work;
  const layout = kernelLayout(pow);
  const from = layout.scratch + scratch * layout.scratchBytes + layout.items;
  const computed = new Uint8Array(memory.buffer);
  const items = new Uint8Array(dag.items);
  const { first, end } = dagStripe(dag, part);
  for (let next = first + dagFinished(dag, part); next < end; next += KERNEL_BATCH_MAX) {
    const count = Math.min(KERNEL_BATCH_MAX, end - next);
    kernel.datasetItems(from, count, next);
    for (let i = 0; i < count; i++) {
      const at = from + i * ITEM.bytes;
      items.set(computed.subarray(at, at + DATASET_READ_BYTES), (next + i) * DATASET_READ_BYTES);
    }
    publishFinished(dag, part, next + count - first);
    onBatch?.();
  }
}

function itemsOf({ items }: Dag): number {
  return items.byteLength / DATASET_READ_BYTES;
}

function stripeItems(dag: Dag): number {
  return Math.ceil(itemsOf(dag) / (dag.finished.byteLength / 4));
}
