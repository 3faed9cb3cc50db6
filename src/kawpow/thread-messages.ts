import type { KawPow } from './params.ts';
import type { HashRequest, HashResult } from './verifier.ts';
import type { WasmMemory } from './webassembly.ts';

/** What passes between the pool and its threads. Everything here survives structured cloning. */

/** The memory of an epoch, with its caches, which all threads share. */
export interface EpochMemory {
  readonly epoch: number;
  readonly memory: WasmMemory;
}

/** workerData of worker.ts. */
export interface WorkerSetup {
  readonly pow: KawPow;
}

export type ToWorker =
  | { readonly kind: 'prepare'; readonly memory: EpochMemory; readonly scratch: number }
  | { readonly kind: 'forget'; readonly epoch: number }
  /** One batch at a time: the next one follows the answer to this one. */
  | { readonly kind: 'hash'; readonly requests: readonly HashRequest[] };

/** Results in the order of the batch's requests. */
export interface FromWorker {
  readonly results: readonly HashResult[];
}

/** workerData of cache-builder.ts. */
export interface BuilderSetup {
  readonly pow: KawPow;
  readonly epoch: number;
}

export type FromBuilder =
  | { readonly kind: 'progress'; readonly fraction: number }
  | { readonly kind: 'built'; readonly memory: EpochMemory };
