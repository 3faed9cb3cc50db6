import type { Dag } from './dag.ts';
import { epochOf } from './epoch.ts';
import type { EpochContext } from './epoch-context.ts';
import { KERNEL_BATCH_MAX } from './kernel-layout.ts';
import { KAWPOW, type KawPow } from './params.ts';
import { hashReference } from './reference.ts';
import type { HashRequest, HashResult } from './verifier.ts';

/** What computes hashes inside a worker thread. Not thread-safe, knows no queue. */
export interface Engine {
  /**
   * Takes in an epoch's caches. They are shared with other threads and stay as they are.
   * @param scratch claimed for this engine in the context's memory (claimScratch)
   */
  prepare(context: EpochContext, scratch: number): void;
  /** Lets go of them, and of the DAG. */
  forget(epoch: number): void;
  /**
   * From now on hashes of this epoch take from the DAG what it has. It may still grow; undefined ends its use.
   * @throws RangeError when the epoch is not prepared
   */
  useDag(epoch: number, dag: Dag | undefined): void;
  /**
   * @param requests any number, all of epochs that are prepared
   * @returns one result for each, in order
   * @throws RangeError when an epoch is not prepared
   */
  hash(requests: readonly HashRequest[]): HashResult[];
}

/** Requests that are worth handing to the engine at once. The reference takes one after the other anyway. */
export const ENGINE_BATCH_MAX = KERNEL_BATCH_MAX;

/** The plain implementation, for the tests that hold others against it. */
export function createReferenceEngine(pow: KawPow = KAWPOW): Engine {
  const contexts = new Map<number, EpochContext>();
  return {
    prepare(context) {
      contexts.set(context.epoch, context);
    },
    forget(epoch) {
      contexts.delete(epoch);
    },
    useDag() {},
    hash(requests) {
      return requests.map((request) => {
        const epoch = epochOf(request.height, pow);
        const context = contexts.get(epoch);
        if (context === undefined) throw new RangeError(`epoch ${epoch} is not prepared`);
        return hashReference(context, request);
      });
    },
  };
}
