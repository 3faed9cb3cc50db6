import type { Dag } from './dag.ts';
import type { KawPow } from './params.ts';
import type { HashRequest, HashResult } from './verifier.ts';
import type { WasmMemory } from './webassembly.ts';

/** What passes between the pool and its threads. Everything here survives structured cloning. */

/** An epoch of a proof of work. */
export interface PowEpoch {
  readonly pow: KawPow;
  readonly epoch: number;
}

/** The memory of an epoch, with its caches, which all threads share. */
export interface EpochMemory extends PowEpoch {
  readonly memory: WasmMemory;
}

/** @returns what tells epochs apart as keys of a map */
export function epochKey({ pow, epoch }: PowEpoch): string {
  return `${pow.name}/${epoch}`;
}

export type ToWorker =
  | { readonly kind: 'expect'; readonly pow: KawPow }
  | { readonly kind: 'prepare'; readonly memory: EpochMemory; readonly scratch: number }
  | { readonly kind: 'forget'; readonly powName: string; readonly epoch: number }
  /** Of an epoch that was prepared; undefined ends its use. */
  | {
      readonly kind: 'dag';
      readonly powName: string;
      readonly epoch: number;
      readonly dag: Dag | undefined;
    }
  /** One batch at a time: the next one follows the answer to this one. All of one epoch. */
  | { readonly kind: 'hash'; readonly powName: string; readonly requests: readonly HashRequest[] };

/** Results in the order of the batch's requests. */
export interface FromWorker {
  readonly results: readonly HashResult[];
}

/** workerData of cache-builder.ts. */
export interface BuilderSetup extends PowEpoch {
  /** Where light caches are kept on disk; undefined for nowhere. */
  readonly cacheDirectory: string | undefined;
}

/** Where a light cache came from. */
export type CacheSource = 'disk' | 'built';

export interface CacheOrigin {
  readonly source: CacheSource;
  /** What its thread needed for it. */
  readonly tookMs: number;
}

/** Why a file did not spare the building, now or the next time. */
export interface CacheFileFault {
  readonly reason: 'damaged' | 'unreadable' | 'unwritable';
  readonly path: string;
  /** For people. */
  readonly detail: string;
}

export type FromBuilder =
  /** The cache is being built: no file had it. */
  | { readonly kind: 'progress'; readonly fraction: number }
  /** The thread may be busy with the file for a while yet. */
  | ({ readonly kind: 'built'; readonly memory: EpochMemory } & CacheOrigin)
  | { readonly kind: 'cache-file'; readonly fault: CacheFileFault };

/** workerData of dag-builder.ts. */
export interface DagBuilderSetup {
  readonly memory: EpochMemory;
  /** The builder's, in that memory. */
  readonly scratch: number;
  readonly dag: Dag;
  /** Which of its stripes. */
  readonly part: number;
}

/** How far it is stands in the DAG. */
export interface FromDagBuilder {
  readonly kind: 'progress';
}
