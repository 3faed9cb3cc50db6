import { ENGINE_BATCH_MAX } from './engine.ts';
import { FairQueue } from './fair-queue.ts';
import { epochKey, type PowEpoch } from './thread-messages.ts';
import type { HashOutcome, HashRequest } from './verifier.ts';

/** A request on its way through the pool. */
export interface Task {
  readonly request: HashRequest;
  /** What it needs the caches of. */
  readonly of: PowEpoch;
  readonly sessionId: string;
  readonly urgent: boolean;
  /** Its session was, when it asked. */
  readonly isTrusted: boolean;
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
  readonly #queues = new Map<string, FairQueue<Task>>();
  /** A crash may be the fault of one of these, so each goes alone, before all others. */
  #crashed: Task[] = [];
  #length = 0;
  #untrusted = 0;
  /** By session; one without urgent requests has none. */
  readonly #urgent = new Map<string, number>();

  get length(): number {
    return this.#length;
  }

  /** Requests of sessions that were not trusted when they asked, urgent ones not among them. */
  get untrusted(): number {
    return this.#untrusted;
  }

  /** Urgent requests of one session. */
  urgentOf(sessionId: string): number {
    return this.#urgent.get(sessionId) ?? 0;
  }

  /** @param key of an epoch, as epochKey gives it */
  count(key: string): number {
    const crashed = this.#crashed.filter((task) => epochKey(task.of) === key).length;
    return crashed + (this.#queues.get(key)?.length ?? 0);
  }

  /** Requests of one session, urgent ones and those of crashed threads not among them. */
  countOf(sessionId: string): number {
    let count = 0;
    for (const queue of this.#queues.values()) count += queue.count(sessionId);
    return count;
  }

  /**
   * What is before a request that a session asks now: all requests that a thread could take, and those of them, or of
   * what comes meanwhile, whose turn comes first.
   * @param key of its epoch
   * @param isReady as for takeBatch
   */
  ahead(key: string, sessionId: string, isReady: (key: string) => boolean): { all: number; turns: number } {
    let others = this.#crashed.length;
    for (const [other, queue] of this.#queues) if (other !== key && isReady(other)) others += queue.length;
    const queue = this.#queues.get(key);
    const turns = queue?.turnsAhead(sessionId) ?? 0;
    // Epochs take turns by the batch.
    return { all: others + (queue?.length ?? 0), turns: turns + Math.min(others, turns + ENGINE_BATCH_MAX) };
  }

  push(task: Task): void {
    this.#count([task], 1);
    if (task.crashes > 0) {
      this.#crashed.push(task);
      return;
    }
    const key = epochKey(task.of);
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new FairQueue();
      this.#queues.set(key, queue);
    }
    if (task.urgent) queue.pushUrgent(task);
    else queue.push(task.sessionId, task);
  }

  /**
   * What a thread should do next: requests of one epoch, in order.
   * @param isReady whether an epoch can be hashed in, by its key
   * @param batchMax requests that one thread takes at once
   * @param threads among which the waiting requests are spread, rather than one taking them all
   * @returns nothing if no request can be served
   */
  takeBatch(isReady: (key: string) => boolean, batchMax: number, threads: number): Task[] {
    const crashedAt = this.#crashed.findIndex((task) => isReady(epochKey(task.of)));
    if (crashedAt >= 0) {
      const alone = this.#crashed.splice(crashedAt, 1);
      this.#count(alone, -1);
      return alone;
    }
    const key = this.#nextEpoch(isReady);
    const queue = key === undefined ? undefined : this.#queues.get(key);
    if (key === undefined || queue === undefined) return [];
    const size = Math.min(batchMax, Math.ceil(queue.length / threads));
    const batch: Task[] = [];
    while (batch.length < size) {
      const task = queue.take();
      if (task === undefined) break;
      batch.push(task);
    }
    this.#count(batch, -1);
    this.#queues.delete(key);
    if (queue.length > 0) this.#queues.set(key, queue);
    return batch;
  }

  #nextEpoch(isReady: (key: string) => boolean): string | undefined {
    let first: string | undefined;
    for (const [key, queue] of this.#queues) {
      if (!isReady(key)) continue;
      if (queue.hasUrgent) return key;
      first ??= key;
    }
    return first;
  }

  /** Takes out what a session asked, but for what is urgent. */
  removeSession(sessionId: string): Task[] {
    const isOurs = (task: Task): boolean => task.sessionId === sessionId && !task.urgent;
    const removed = this.#crashed.filter(isOurs);
    this.#crashed = this.#crashed.filter((task) => !isOurs(task));
    for (const [key, queue] of this.#queues) {
      removed.push(...queue.remove(sessionId));
      if (queue.length === 0) this.#queues.delete(key);
    }
    this.#count(removed, -1);
    return removed;
  }

  /** Takes out all requests, or all of one epoch. */
  drain(key?: string): Task[] {
    const wanted = (candidate: string): boolean => key === undefined || candidate === key;
    const drained = this.#crashed.filter((task) => wanted(epochKey(task.of)));
    this.#crashed = this.#crashed.filter((task) => !wanted(epochKey(task.of)));
    for (const [queueKey, queue] of this.#queues) {
      if (!wanted(queueKey)) continue;
      for (let task = queue.take(); task !== undefined; task = queue.take()) drained.push(task);
      this.#queues.delete(queueKey);
    }
    this.#count(drained, -1);
    return drained;
  }

  #count(tasks: readonly Task[], by: 1 | -1): void {
    for (const task of tasks) {
      this.#length += by;
      if (isOfUntrusted(task)) this.#untrusted += by;
      if (!task.urgent) continue;
      const urgent = this.urgentOf(task.sessionId) + by;
      if (urgent === 0) this.#urgent.delete(task.sessionId);
      else this.#urgent.set(task.sessionId, urgent);
    }
  }
}

/** Urgent ones do not count: they wait for nobody. */
export function isOfUntrusted({ isTrusted, urgent }: Task): boolean {
  return !isTrusted && !urgent;
}
