import { DATASET_READ_BYTES, LIGHT_CACHE_ITEM_BYTES, lightCacheItems, seedHashOf } from './epoch.ts';
import { keccak512 } from './keccak.ts';
import { roundConstants } from './keccak-tables.ts';
import type { Kernel } from './kernel.ts';
import {
  F800_CONSTANTS,
  F1600_CONSTANTS,
  ITEM,
  KERNEL_BATCH_MAX,
  kernelLayout,
  kernelMemoryBytes,
  SCRATCH_CLAIMS,
  SCRATCHES_MAX,
} from './kernel-layout.ts';
import type { KawPow } from './params.ts';
import { createSharedMemory, type WasmMemory } from './webassembly.ts';

/** Passes of RandMemoHash over the light cache. */
const PASSES = 3;
/**
 * Items of one call. V8 optimises a WebAssembly function that runs much, but does not put the faster code in the place of
 * a call that is running: one call for the whole cache would stay in the baseline code to its end. 4096 items are 2 ms.
 */
const CHUNK_ITEMS = 4096;

/**
 * A memory for all threads of one epoch, with the constants in it and the caches still empty.
 * @throws RangeError on an epoch beyond epochMax, or when there is not enough address space
 */
export function createKernelMemory(epoch: number, pow: KawPow): WasmMemory {
  const memory = createSharedMemory(kernelMemoryBytes(epoch, pow));
  const view = new DataView(memory.buffer);
  for (const [i, word] of roundConstants(24).entries()) view.setUint32(F1600_CONSTANTS + 4 * i, word, true);
  for (const [i, word] of roundConstants(22).entries()) {
    if (i % 2 === 0) view.setUint32(F800_CONSTANTS + 2 * i, word, true);
  }
  return memory;
}

/**
 * Takes a scratch for a thread. Its owner does that, not the thread itself: so the one that replaces a crashed thread
 * gets the scratch of the crashed one, and none is lost.
 * @returns its number
 * @throws RangeError when all are taken
 */
export function claimScratch(memory: WasmMemory): number {
  const claims = new Int32Array(memory.buffer, SCRATCH_CLAIMS, SCRATCHES_MAX);
  for (let scratch = 0; scratch < SCRATCHES_MAX; scratch++) {
    if (Atomics.compareExchange(claims, scratch, 0, 1) === 0) return scratch;
  }
  throw new RangeError(`at most ${SCRATCHES_MAX} threads hash in one memory`);
}

/** Gives a scratch back. No thread may use it any more. */
export function releaseScratch(memory: WasmMemory, scratch: number): void {
  Atomics.store(new Int32Array(memory.buffer, SCRATCH_CLAIMS, SCRATCHES_MAX), scratch, 0);
}

/** @returns the light cache in a memory: items of 16 words */
export function lightCacheIn(memory: WasmMemory, epoch: number, pow: KawPow): Uint32Array<SharedArrayBuffer> {
  const words = (lightCacheItems(epoch, pow) * LIGHT_CACHE_ITEM_BYTES) / 4;
  return new Uint32Array(memory.buffer, kernelLayout(pow).lightCache, words);
}

/** @returns the L1 cache in a memory */
export function l1CacheIn(memory: WasmMemory, pow: KawPow): Uint32Array<SharedArrayBuffer> {
  return new Uint32Array(memory.buffer, kernelLayout(pow).l1Cache, pow.l1CacheBytes / 4);
}

/**
 * Builds both caches of an epoch where they are used. It takes two seconds these years.
 * @param onProgress called with 0 < fraction ≤ 1, and with 1 at the end
 */
export function fillKernelMemory(
  kernel: Kernel,
  memory: WasmMemory,
  { epoch, pow, onProgress }: { epoch: number; pow: KawPow; onProgress?: (fraction: number) => void },
): void {
  const { lightCache } = kernelLayout(pow);
  const items = lightCacheItems(epoch, pow);
  const end = lightCache + items * LIGHT_CACHE_ITEM_BYTES;
  const last = end - LIGHT_CACHE_ITEM_BYTES;
  let done = 0;
  const inChunks = (from: number, build: (at: number, chunkEnd: number) => void): void => {
    for (let at = from; at < end; at += CHUNK_ITEMS * LIGHT_CACHE_ITEM_BYTES) {
      const chunkEnd = Math.min(end, at + CHUNK_ITEMS * LIGHT_CACHE_ITEM_BYTES);
      build(at, chunkEnd);
      done += (chunkEnd - at) / LIGHT_CACHE_ITEM_BYTES;
      onProgress?.(Math.min(1, done / ((PASSES + 1) * items)));
    }
  };
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(keccak512(seedHashOf(epoch)), lightCache);
  done += 1;
  inChunks(lightCache + LIGHT_CACHE_ITEM_BYTES, (at, chunkEnd) => kernel.fillChain(at, chunkEnd));
  for (let pass = 0; pass < PASSES; pass++) {
    inChunks(lightCache, (at, chunkEnd) => {
      kernel.mixCache(at, chunkEnd, at === lightCache ? last : at - LIGHT_CACHE_ITEM_BYTES);
    });
  }
  fillL1Cache(kernel, memory, pow);
}

/**
 * Computes the L1 cache from the light cache: the first items of the dataset. It happens in the first scratch, since
 * nobody hashes in an epoch that is being built.
 */
export function fillL1Cache(kernel: Kernel, memory: WasmMemory, pow: KawPow): void {
  const layout = kernelLayout(pow);
  const items = layout.scratch + layout.items;
  const bytes = new Uint8Array(memory.buffer);
  const count = pow.l1CacheBytes / DATASET_READ_BYTES;
  for (let first = 0; first < count; first += KERNEL_BATCH_MAX) {
    const batch = Math.min(KERNEL_BATCH_MAX, count - first);
    kernel.datasetItems(items, batch, first);
    for (let i = 0; i < batch; i++) {
      const from = items + i * ITEM.bytes;
      bytes.copyWithin(layout.l1Cache + (first + i) * DATASET_READ_BYTES, from, from + DATASET_READ_BYTES);
    }
  }
}
