import { FairQueue } from './fair-queue.ts';
import type { HashOutcome, HashRequest } from './verifier.ts';

/** A request on its way through the pool. */
export interface Task {
  readonly request: HashRequest;
  readonly epoch: number;
  readonly sessionId: string;
  readonly urgent: boolean;
  /** Threads that crashed while they had it. */
  crashes: number;
  readonly settle: (outcome: HashOutcome) => void;
}

/**
 * Requests that no thread has taken yet: a fair queue for each epoch, because an epoch whose cache is still being built
 * must not hold up another. Epochs take turns too.
 */
export class Waiting {
  /** In the order of their turns; an epoch without requests has no queue. */
  readonly #queues = new Map<number, FairQueue<Task>>();
  /** A crash may be the fault of one of these, so each goes alone, before all others. */
  #crashed: Task[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  count(epoch: number): number {
    const crashed = this.#crashed.filter((task) => task.epoch === epoch).length;
    return crashed + (this.#queues.get(epoch)?.length ?? 0);
  }

  push(task: Task): void {
    this.#length += 1;
    if (task.crashes > 0) {
      this.#crashed.push(task);
      return;
    }
    let queue = this.#queues.get(task.epoch);
    if (queue === undefined) {
      queue = new FairQueue();
      this.#queues.set(task.epoch, queue);
    }
    if (task.urgent) queue.pushUrgent(task);
    else queue.push(task.sessionId, task);
  }

  /**
   * What a thread should do next: requests of one epoch, in order.
   * @param isReady whether an epoch can be hashed in
   * @param batchMax requests that one thread takes at once
   * @param threads among which the waiting requests are spread, rather than one taking them all
   * @returns nothing if no request can be served
   */
  takeBatch(isReady: (epoch: number) => boolean, batchMax: number, threads: number): Task[] {
    const crashedAt = this.#crashed.findIndex((task) => isReady(task.epoch));
    if (crashedAt >= 0) {
      this.#length -= 1;
      return this.#crashed.splice(crashedAt, 1);
    }
    const epoch = this.#nextEpoch(isReady);
    const queue = epoch === undefined ? undefined : this.#queues.get(epoch);
    if (epoch === undefined || queue === undefined) return [];
    const size = Math.min(batchMax, Math.ceil(queue.length / threads));
    const batch: Task[] = [];
    while (batch.length < size) {
      const task = queue.take();
      if (task === undefined) break;
      batch.push(task);
    }
    this.#length -= batch.length;
    this.#queues.delete(epoch);
    if (queue.length > 0) this.#queues.set(epoch, queue);
    return batch;
  }

  #nextEpoch(isReady: (epoch: number) => boolean): number | undefined {
    let first: number | undefined;
    for (const [epoch, queue] of this.#queues) {
      if (!isReady(epoch)) continue;
      if (queue.hasUrgent) return epoch;
      first ??= epoch;
    }
    return first;
  }

  /** Takes out all requests, or all of one epoch. */
  drain(epoch?: number): Task[] {
    const wanted = (candidate: number): boolean => epoch === undefined || candidate === epoch;
    const drained = this.#crashed.filter((task) => wanted(task.epoch));
    this.#crashed = this.#crashed.filter((task) => !wanted(task.epoch));
    for (const [queueEpoch, queue] of this.#queues) {
      if (!wanted(queueEpoch)) continue;
      for (let task = queue.take(); task !== undefined; task = queue.take()) drained.push(task);
      this.#queues.delete(queueEpoch);
    }
    this.#length -= drained.length;
    return drained;
  }
}
