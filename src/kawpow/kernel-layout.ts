import { DATASET_READ_BYTES, LIGHT_CACHE_ITEM_BYTES, lightCacheBytes } from './epoch.ts';
import type { KawPow } from './params.ts';
import { WASM_PAGE_BYTES } from './webassembly.ts';

/**
 * Where things are in the memory of one epoch, which all threads share: constants, the L1 cache, a scratch for each
 * thread, and the light cache. The light cache is last, because it alone grows from epoch to epoch: so all addresses are
 * the same in all epochs, and stand in the code as constants.
 */

/**
 * Hashes of one call at most. More in lock-step would still hide a little more of the memory's latency, but 32 take 50 ms
 * together, which is what the first of them waits.
 */
export const KERNEL_BATCH_MAX = 32;

/**
 * Threads that can use one memory. More than any machine of today has cores; a scratch that no thread uses takes up
 * addresses, but no memory.
 */
export const SCRATCHES_MAX = 256;

/** Bytes of a register in all 16 lanes, which stand side by side: four vectors. */
export const REGISTER_BYTES = 64;

/** Round constants of Keccak-f[1600]: 24 words of 64 bits. */
export const F1600_CONSTANTS = 0;
/** Round constants of Keccak-f[800]: 22 words of 32 bits. */
export const F800_CONSTANTS = 192;
/** For each scratch a word that says whether somebody has it. */
export const SCRATCH_CLAIMS = 320;
const CLAIMS_END = SCRATCH_CLAIMS + 4 * SCRATCHES_MAX;

/**
 * One hash of a batch, from its header to its result. `program` and `item` are addresses; `number` says which item of the
 * dataset a round wants, and `item` is where it stands, or 0 while it is not there.
 */
export const JOB = {
  header: 0,
  nonce: 32,
  program: 40,
  number: 44,
  item: 48,
  seed: 64,
  mix: 96,
  final: 128,
  bytes: 192,
} as const;
/** An item of the dataset in the making: its words, where in the light cache its four parts' next parents are, its number. */
export const ITEM = { words: 0, parents: DATASET_READ_BYTES, firstPart: 272, bytes: 320 } as const;
/** The random program: where it ends, then its steps. */
export const PROGRAM = { end: 0, steps: 16 } as const;
/** One step: numbers of operation and merge, and for registers and words their offsets in bytes. */
export const STEP = {
  operation: 0,
  a: 4,
  b: 8,
  to: 12,
  merge: 16,
  rotation: 20,
  word: 24,
  bytes: 32,
} as const;

export interface KernelLayout {
  readonly l1Cache: number;
  /** The first thread's scratch; the others' follow. */
  readonly scratch: number;
  readonly scratchBytes: number;
  /** Offsets in a scratch: KERNEL_BATCH_MAX of each. */
  readonly jobs: number;
  readonly items: number;
  readonly registers: number;
  readonly programs: number;
  /** Bytes of one hash's registers, and of one program. */
  readonly registersBytes: number;
  readonly programBytes: number;
  readonly lightCache: number;
}

export function kernelLayout(pow: KawPow): KernelLayout {
  const registersBytes = pow.registers * REGISTER_BYTES;
  const stepsMax = pow.cacheOps + pow.mathOps + DATASET_READ_BYTES / REGISTER_BYTES;
  const programBytes = roundUp(PROGRAM.steps + stepsMax * STEP.bytes, 64);
  const jobs = 0;
  const items = jobs + KERNEL_BATCH_MAX * JOB.bytes;
  const registers = items + KERNEL_BATCH_MAX * ITEM.bytes;
  const programs = registers + KERNEL_BATCH_MAX * registersBytes;
  // Whole pages, so that no two threads write to one line of the processor's caches.
  const scratchBytes = roundUp(programs + KERNEL_BATCH_MAX * programBytes, 4096);
  const l1Cache = roundUp(CLAIMS_END, 64);
  const scratch = roundUp(l1Cache + pow.l1CacheBytes, 4096);
  // Items must not straddle two lines of the processor's caches: that would be two reads instead of one.
  const lightCache = roundUp(scratch + SCRATCHES_MAX * scratchBytes, WASM_PAGE_BYTES);
  return {
    ...{ l1Cache, scratch, scratchBytes, jobs, items, registers, programs },
    ...{ registersBytes, programBytes, lightCache },
  };
}

/** Bytes of the memory for an epoch. */
export function kernelMemoryBytes(epoch: number, pow: KawPow): number {
  return kernelLayout(pow).lightCache + lightCacheBytes(epoch, pow);
}

/**
 * @throws RangeError on a variant that the kernel cannot compute: it takes lanes four at a time in vectors, and writes
 * out the 16 words of an item
 */
export function assertKernelCan(pow: KawPow): void {
  const words = pow.l1CacheBytes / 4;
  if (pow.lanes !== 16) throw new RangeError(`the kernel computes 16 lanes, not ${pow.lanes}`);
  if (pow.datasetParents % 16 !== 0) throw new RangeError('the kernel takes parents in sixteens');
  if ((words & (words - 1)) !== 0 || words < LIGHT_CACHE_ITEM_BYTES) {
    throw new RangeError('the kernel masks addresses in the L1 cache: its words are a power of two');
  }
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}
