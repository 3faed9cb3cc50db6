import type { Dag } from './dag.ts';
import { type DagEvent, Dags, type DagsOptions } from './dags.ts';
import { type EpochMemory, epochKey, type PowEpoch } from './thread-messages.ts';
import type { ThreadStarter } from './threads.ts';

interface PresentDagsModules {
  readonly threads: Pick<ThreadStarter, 'startDagBuilder'>;
  /** The memory of an epoch, by its key, if its caches are there. */
  memory(key: string): EpochMemory | undefined;
  /** Threads that hash in this epoch should use it: undefined, and not any more. */
  onDag(of: PowEpoch, dag: Dag | undefined): void;
  onEvent(event: DagEvent): void;
}

/**
 * The datasets of the epochs that are mined now, and of no others: each has gigabytes. One is begun when its epoch's caches
 * are there, and dropped as soon as nobody mines in that epoch, long before its light cache goes.
 */
export class PresentDags {
  readonly #modules: PresentDagsModules;
  readonly #dags: Dags;
  /** What each owner mines in. */
  readonly #present = new Map<string, PowEpoch>();
  /** Datasets that did not fit: told once, and tried again, since memory comes and goes. */
  readonly #refused = new Set<string>();
  /** Those that failed: that no buffer can hold them, or that a thread crashes over them, does not pass by itself. */
  readonly #failed = new Set<string>();

  constructor(options: DagsOptions, modules: PresentDagsModules) {
    this.#modules = modules;
    this.#dags = new Dags(options, {
      threads: modules.threads,
      onDag: (of, dag) => modules.onDag(of, dag),
      onEvent: (event, of) => this.#tell(event, epochKey(of)),
    });
  }

  /** Of an epoch, as far as it has got. */
  dag(of: PowEpoch): Dag | undefined {
    return this.#dags.dag(of);
  }

  /**
   * To be called again and again, as new work comes.
   * @param of what the owner mines in; undefined when it stops
   */
  mine(owner: string, of: PowEpoch | undefined): void {
    const before = this.#present.get(owner);
    if (of === undefined) this.#present.delete(owner);
    else this.#present.set(owner, of);
    const isLeft = before !== undefined && !this.#isPresent(epochKey(before));
    if (isLeft) this.drop(before);
    // Memory that was just let go comes back when the threads have collected their garbage: by the next call.
    else if (of !== undefined) this.#start(epochKey(of));
  }

  /** The caches of an epoch are there. */
  ready(memory: EpochMemory): void {
    this.#start(epochKey(memory));
  }

  /** The epoch's memory goes. */
  drop(of: PowEpoch): void {
    const key = epochKey(of);
    this.#refused.delete(key);
    this.#failed.delete(key);
    const had = this.#dags.dag(of) !== undefined;
    this.#dags.drop(of);
    if (had) this.#modules.onDag(of, undefined);
  }

  /** @returns when no thread generates any more */
  close(): Promise<void> {
    return this.#dags.close();
  }

  #start(key: string): void {
    if (this.#failed.has(key)) return;
    const memory = this.#isPresent(key) ? this.#modules.memory(key) : undefined;
    if (memory !== undefined) this.#dags.start(memory);
  }

  #isPresent(key: string): boolean {
    for (const of of this.#present.values()) if (epochKey(of) === key) return true;
    return false;
  }

  #tell(event: DagEvent, key: string): void {
    if (event.kind === 'dag-failed') this.#failed.add(key);
    if (event.kind === 'dag-refused') {
      if (this.#refused.has(key)) return;
      this.#refused.add(key);
    }
    this.#modules.onEvent(event);
  }
}
