import { createDag, type Dag, dagBytes, dagFinished, dagProgress, dagStripe } from './dag.ts';
import { collectGarbageSoon } from './garbage.ts';
import { releaseScratch } from './kernel-memory.ts';
import { claimScratches } from './scratches.ts';
import { type EpochMemory, epochKey, type PowEpoch } from './thread-messages.ts';
import type { Thread, ThreadStarter } from './threads.ts';

/** A builder that crashes is started once more where its stripe stands: a lack of memory may have passed. */
const STARTS_MAX = 2;
/** With `on`, what must be left for everything else that the machine does beside a dataset. */
const SPARE_BYTES = 512 * 2 ** 20;
/** With `auto`, nobody asked for it: so it is generated only where it takes no more than two thirds of what there is. */
const AUTO_FACTOR = 1.5;
const AUTO_SPARE_BYTES = 2 ** 30;

/** Whether datasets are generated: never, where there is plenty of memory, or wherever they fit. */
export type DagMode = 'off' | 'auto' | 'on';

export interface DagsOptions {
  readonly mode: DagMode;
  /** Threads that generate, at least 1. */
  readonly threads: number;
  /** Memory that the process can still get, now. */
  readonly availableBytes: () => number;
}

/**
 * Memory that must be available before a dataset is generated.
 * @param mode where it is `off`, the same as with `on`
 * @param bytes of the dataset
 */
export function dagNeededBytes(mode: DagMode, bytes: number): number {
  return mode === 'auto' ? AUTO_FACTOR * bytes + AUTO_SPARE_BYTES : bytes + SPARE_BYTES;
}

/** For logs and metrics. `pow` is the name of the proof of work. */
export type DagEvent = { readonly pow: string; readonly epoch: number } & (
  | { readonly kind: 'dag-refused'; readonly neededBytes: number; readonly availableBytes: number }
  | { readonly kind: 'dag-building'; readonly bytes: number }
  /** At most one for each percent. */
  | { readonly kind: 'dag-progress'; readonly progress: number }
  | { readonly kind: 'dag-ready' }
  /** It was not finished. What there is of it, `progress` (0 … 1), is used all the same. */
  | { readonly kind: 'dag-failed'; readonly progress: number; readonly error: Error }
  | { readonly kind: 'dag-dropped' }
);
/** Each member without what they have in common. */
type Happening<Event> = Event extends DagEvent ? Omit<Event, 'pow' | 'epoch'> : never;

interface DagsModules {
  readonly threads: Pick<ThreadStarter, 'startDagBuilder'>;
  /** There is something to hash with from now on: give it to all threads that hash in this epoch. */
  onDag(of: PowEpoch, dag: Dag): void;
  onEvent(event: DagEvent, of: PowEpoch): void;
}

interface Builder {
  readonly part: number;
  /** A builder that is started again gets the scratch of the one before. */
  readonly scratch: number;
  starts: number;
  /** Undefined once it is gone for good. */
  thread: Thread<never> | undefined;
}

interface Entry {
  readonly memory: EpochMemory;
  /** Undefined while it waits for another to be finished. */
  dag: Dag | undefined;
  builders: readonly Builder[];
  /** Of the last dag-progress. */
  percent: number;
  failed: boolean;
}

/** Which epochs' datasets there are, generated one at a time by several threads side by side. */
export class Dags {
  readonly #options: DagsOptions;
  readonly #modules: DagsModules;
  /** In the order in which they were begun, or are going to be. */
  readonly #entries = new Map<string, Entry>();
  /** Ends of threads that were stopped. */
  readonly #ending = new Set<Promise<void>>();
  #closed = false;

  constructor(options: DagsOptions, modules: DagsModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** The dataset of an epoch, as far as it has got; for a thread that is started later. */
  dag(of: PowEpoch): Dag | undefined {
    return this.#entries.get(epochKey(of))?.dag;
  }

  /**
   * Begins the dataset of an epoch, once no other is being generated, if it then fits: events tell. Nothing happens when
   * it is there or on its way.
   * @param memory with the epoch's caches
   */
  start(memory: EpochMemory): void {
    const key = epochKey(memory);
    if (this.#closed || this.#options.mode === 'off' || this.#entries.has(key)) return;
    this.#entries.set(key, { memory, dag: undefined, builders: [], percent: 0, failed: false });
    this.#next();
  }

  /**
   * Stops generating it, and lets go of it. Its memory comes back once all threads that had it have let go, too, and have
   * collected their garbage. This one does that by itself when the builders are gone, which hold the buffer until then.
   */
  drop(of: PowEpoch): void {
    const key = epochKey(of);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const wasRunning = entry.builders.some(isRunning);
    const gone = this.#stop(entry);
    if (wasRunning) void gone.then(collectGarbageSoon);
    if (entry.dag !== undefined) this.#tell(entry, { kind: 'dag-dropped' });
    this.#next();
  }

  /** @returns when all builders are gone */
  async close(): Promise<void> {
    this.#closed = true;
    const entries = [...this.#entries.values()];
    // First, so that none of their threads is taken for crashed.
    this.#entries.clear();
    for (const entry of entries) void this.#stop(entry);
    await Promise.all(this.#ending);
  }

  #next(): void {
    const entries = [...this.#entries];
    if (this.#closed || entries.some(([, { builders }]) => builders.some(isRunning))) return;
    for (const [key, entry] of entries) {
      if (entry.dag !== undefined) continue;
      if (this.#begin(entry)) return;
      this.#entries.delete(key);
    }
  }

  /** @returns whether it has begun */
  #begin(entry: Entry): boolean {
    const { pow, epoch } = entry.memory;
    const bytes = dagBytes(epoch, pow);
    const availableBytes = this.#options.availableBytes();
    const neededBytes = dagNeededBytes(this.#options.mode, bytes);
    if (availableBytes < neededBytes) {
      this.#tell(entry, { kind: 'dag-refused', neededBytes, availableBytes });
      return false;
    }
    try {
      const dag = createDag(pow, epoch, this.#options.threads);
      entry.builders = claimBuilders(entry.memory, this.#options.threads);
      entry.dag = dag;
    } catch (error) {
      this.#fail(entry, error instanceof Error ? error : new Error(String(error)));
      return false;
    }
    // Before anybody hears of it, so that who then asks for another one finds this one being generated.
    for (const builder of entry.builders) this.#run(entry, entry.dag, builder);
    this.#tell(entry, { kind: 'dag-building', bytes });
    this.#modules.onDag({ pow, epoch }, entry.dag);
    return true;
  }

  #run(entry: Entry, dag: Dag, builder: Builder): void {
    const { memory } = entry;
    const { part, scratch } = builder;
    builder.starts += 1;
    builder.thread = this.#modules.threads.startDagBuilder(
      { memory, scratch, dag, part },
      {
        onMessage: () => this.#progress(entry, dag),
        onExit: (error) => this.#gone(entry, dag, builder, error),
      },
    );
  }

  #progress(entry: Entry, dag: Dag): void {
    // After dag-failed nobody waits for more: what the other stripes still bring is used without a word.
    if (!this.#has(entry) || entry.failed) return;
    const progress = dagProgress(dag);
    const percent = Math.floor(100 * progress);
    if (percent === entry.percent) return;
    entry.percent = percent;
    this.#tell(entry, { kind: 'dag-progress', progress });
  }

  #gone(entry: Entry, dag: Dag, builder: Builder, error: Error | undefined): void {
    const { first, end } = dagStripe(dag, builder.part);
    const isWhole = first + dagFinished(dag, builder.part) >= end;
    if (this.#has(entry) && !isWhole && builder.starts < STARTS_MAX) {
      this.#run(entry, dag, builder);
      return;
    }
    builder.thread = undefined;
    releaseScratch(entry.memory.memory, builder.scratch);
    if (!this.#has(entry)) return;
    if (!isWhole && !entry.failed) {
      this.#fail(entry, error ?? new Error('a thread that generated the dataset was ended'));
    }
    if (entry.builders.some(isRunning)) return;
    if (!entry.failed) this.#tell(entry, { kind: 'dag-ready' });
    this.#next();
  }

  /** Whether it is still wanted. */
  #has(entry: Entry): boolean {
    return this.#entries.get(epochKey(entry.memory)) === entry;
  }

  #fail(entry: Entry, error: Error): void {
    entry.failed = true;
    const progress = entry.dag === undefined ? 0 : dagProgress(entry.dag);
    this.#tell(entry, { kind: 'dag-failed', progress, error });
  }

  /** @returns when its builders are gone */
  async #stop({ builders }: Entry): Promise<void> {
    const ends = builders.map(({ thread }) => thread?.stop());
    const end = Promise.all(ends).then(() => void this.#ending.delete(end));
    this.#ending.add(end);
    await end;
  }

  #tell({ memory: { pow, epoch } }: Entry, event: Happening<DagEvent>): void {
    this.#modules.onEvent({ pow: pow.name, epoch, ...event }, { pow, epoch });
  }
}

function isRunning({ thread }: Builder): boolean {
  return thread !== undefined;
}

/** @throws RangeError when too many threads use this memory */
function claimBuilders(memory: EpochMemory, count: number): Builder[] {
  const scratches = claimScratches(memory.memory, count);
  return scratches.map((scratch, part) => ({ part, scratch, starts: 0, thread: undefined }));
}
