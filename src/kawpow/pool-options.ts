import type { Clock } from '../mining/ports.ts';
import type { DagEvent, DagMode } from './dags.ts';
import type { KawPow } from './params.ts';
import type { CacheFileFault, CacheOrigin } from './thread-messages.ts';

/** What the pool is told, and what it tells. */

/** For logs and metrics. `pow` is the name of the proof of work. */
export type VerifierEvent =
  | DagEvent
  | { readonly kind: 'epoch-building'; readonly pow: string; readonly epoch: number }
  | {
      readonly kind: 'epoch-progress';
      readonly pow: string;
      readonly epoch: number;
      readonly fraction: number;
    }
  | ({ readonly kind: 'epoch-ready'; readonly pow: string; readonly epoch: number } & CacheOrigin)
  | { readonly kind: 'epoch-dropped'; readonly pow: string; readonly epoch: number }
  | { readonly kind: 'epoch-failed'; readonly pow: string; readonly epoch: number; readonly error: Error }
  /** Nothing is lost: the cache is built, this time or the next. */
  | ({ readonly kind: 'cache-file'; readonly pow: string; readonly epoch: number } & CacheFileFault)
  /** Shares go unverified for want of threads, and have for a while. `rate` is 0 … 1, of the last minute's shares. */
  | { readonly kind: 'overload'; readonly rate: number; readonly hashesPerS: number | undefined }
  /** Or it hung, and was ended: KPSS_VERIFIER_HUNG. */
  | {
      readonly kind: 'worker-crashed';
      readonly error: Error | undefined;
      /** Requests that are asked again, and those given up. */
      readonly again: number;
      readonly failed: number;
    };

export interface VerifierPoolOptions {
  /** Worker threads for hashing; 1 unless given. The building of caches has one of its own, when it happens. */
  readonly threads?: number;
  /** Finds threads that hang and measures how fast they are. Without it, neither. */
  readonly clock?: Clock;
  /** 0 … 1. Without it, or without a clock, no share is shed: the queue fills, and then refuses. */
  readonly random?: () => number;
  /** Requests that may wait; QUEUE_MAX unless given. A session's first urgent ones are not refused. */
  readonly queueMax?: number;
  /**
   * Epochs that are there besides those that owners keep: the latest that were asked for. EPOCHS_MAX unless given.
   */
  readonly epochsMax?: number;
  /** Where light caches are kept on disk, so that the next start need not build them; undefined for nowhere. */
  readonly cacheDirectory?: string | undefined;
  /** Whether the datasets of the epochs that owners mine in are generated; off unless given. */
  readonly dag?: {
    readonly mode: DagMode;
    /** Memory that the process can still get, now. */
    readonly availableBytes: () => number;
  };
  readonly onEvent?: (event: VerifierEvent) => void;
  /** The first proof of work; KAWPOW unless given. */
  readonly pow?: KawPow;
}
