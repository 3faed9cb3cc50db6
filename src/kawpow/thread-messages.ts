import type { KawPow } from './params.ts';
import type { HashRequest, HashResult } from './verifier.ts';

/** What passes between the pool and its threads. Everything here survives structured cloning. */

/** The caches of an epoch in memory that all threads share. */
export interface EpochMemory {
  readonly epoch: number;
  readonly lightCache: SharedArrayBuffer;
  readonly l1Cache: SharedArrayBuffer;
}

/** workerData of worker.ts. */
export interface WorkerSetup {
  readonly pow: KawPow;
}

export type ToWorker =
  | { readonly kind: 'prepare'; readonly memory: EpochMemory }
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
