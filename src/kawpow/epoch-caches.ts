import type { Clock } from '../mining/ports.ts';
import { KeptEpochs } from './kept-epochs.ts';
import {
  type CacheFileFault,
  type CacheOrigin,
  type EpochMemory,
  epochKey,
  type FromBuilder,
  type PowEpoch,
} from './thread-messages.ts';
import type { Thread, ThreadStarter } from './threads.ts';
import type { EpochStatus } from './verifier.ts';

/** A builder that crashes is started once more: a lack of memory may have passed. */
const BUILDS_MAX = 2;
/**
 * Threads that sent their cache and still write it to disk, each with its memory. When a disk is that far behind, the
 * next epochs do without it.
 */
const WRITERS_MAX = 2;
/** At the end, for those that still write: 90 MB take the slowest disk some seconds, and one that hangs for ever. */
export const WRITE_WITHIN_MS = 5_000;

interface Entry {
  readonly of: PowEpoch;
  /** Set when it is ready. */
  memory?: EpochMemory;
  progress: number;
  builds: number;
  isBuildingTold: boolean;
  /** Place in the order of use: the lowest is the least recently used. */
  usedAt: number;
  /** Requests that must be served before this epoch may make room for another. */
  owed: number;
  /** Somebody said to keep it, now or once: it goes when nobody does any more. */
  wasKept: boolean;
}

/** What happens to epochs, and what is asked of their user. */
interface EpochCachesModules {
  readonly threads: Pick<ThreadStarter, 'startBuilder'>;
  /** Requests that wait for an epoch now. */
  waiting(of: PowEpoch): number;
  /** Somebody waits to hear that it is ready. */
  isWatched(of: PowEpoch): boolean;
  onBuilding(of: PowEpoch): void;
  /** @param fraction 0 to 1; told once a percent, and from the beginning when a builder crashed */
  onProgress(of: PowEpoch, fraction: number): void;
  onReady(memory: EpochMemory, origin: CacheOrigin): void;
  /** It was ready or on its way. Whoever has its memory should let go of it. */
  onDropped(of: PowEpoch): void;
  onFailed(of: PowEpoch, error: Error): void;
  onFileFault(of: PowEpoch, fault: CacheFileFault): void;
}

interface EpochCachesOptions {
  readonly epochsMax: number;
  /** Where light caches are kept on disk; undefined for nowhere. */
  readonly cacheDirectory: string | undefined;
  /** Bounds how long closing takes. */
  readonly clock: Clock | undefined;
}

/**
 * Which epochs' caches there are, built one at a time in a thread of their own.
 *
 * An epoch that an owner keeps stays until no owner does; then it goes, once the requests that wait for it are with a
 * thread. Of others, which were only asked for, epochsMax are there. To make room, the least recently used of those
 * goes, but not before the requests are served that were there when the room was asked for: so nobody waits for ever,
 * however many epochs are asked for in turn.
 */
export class EpochCaches {
  readonly #options: EpochCachesOptions;
  readonly #modules: EpochCachesModules;
  readonly #kept = new KeptEpochs();
  /** Those without memory are built by their urgency, and else in the order in which they were first wanted. */
  readonly #entries = new Map<string, Entry>();
  #builder: Thread<never> | undefined;
  /** What it is at work on. */
  #building: Entry | undefined;
  /** When the builders that have sent their cache will be gone. */
  readonly #writers = new Map<Promise<void>, Thread<never>>();
  #uses = 0;
  #closed = false;

  constructor(options: EpochCachesOptions, modules: EpochCachesModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** @param key as epochKey gives it */
  memory(key: string): EpochMemory | undefined {
    return this.#entries.get(key)?.memory;
  }

  status(): EpochStatus[] {
    return Array.from(this.#entries.values(), ({ of, memory, progress }) => ({
      pow: of.pow.name,
      epoch: of.epoch,
      state: memory === undefined ? 'building' : 'ready',
      progress,
    }));
  }

  /**
   * Which epochs an owner needs from now on, the most urgent first, in place of what it said before.
   * @returns whether one of them was neither there nor on its way
   */
  keep(owner: string, epochs: readonly PowEpoch[]): boolean {
    this.#kept.set(owner, epochs.map(epochKey));
    let isNew = false;
    for (const of of epochs) {
      const known = this.#entries.get(epochKey(of));
      isNew ||= known === undefined;
      const entry = known ?? this.#insert(of);
      entry.wasKept = true;
    }
    this.settle();
    return isNew;
  }

  /** Drops what nobody needs any more, and builds what is missing. To be called when requests are gone. */
  settle(): void {
    for (const [key, entry] of this.#entries) {
      // What a session that ended had asked will not be served: it would be owed for ever.
      entry.owed = Math.min(entry.owed, this.#modules.waiting(entry.of));
      const isOver = entry.wasKept && this.#kept.rank(key) === undefined;
      if (!isOver || this.#modules.waiting(entry.of) > 0 || this.#modules.isWatched(entry.of)) continue;
      this.#entries.delete(key);
      if (this.#building === entry) void this.#builder?.stop();
      if (entry.builds > 0) this.#modules.onDropped(entry.of);
    }
    this.#buildNext();
  }

  /**
   * Has an epoch built, unless it is there or on its way.
   * @returns whether it was neither
   */
  want(of: PowEpoch): boolean {
    const entry = this.#entries.get(epochKey(of));
    if (entry !== undefined) {
      entry.usedAt = ++this.#uses;
      return false;
    }
    this.#add(of);
    this.#buildNext();
    return true;
  }

  /** Tells that requests of an epoch went to a thread. */
  served(of: PowEpoch, count: number): void {
    const entry = this.#entries.get(epochKey(of));
    if (entry === undefined) return;
    entry.usedAt = ++this.#uses;
    entry.owed = Math.max(0, entry.owed - count);
    this.settle();
  }

  /**
   * Ends the builder, if one is at work, and lets those that write come to their end: a command that ends as soon as it
   * has its hash would never leave a file for the next one.
   * @returns when all are gone
   */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#builder?.stop(), this.#writersGone()]);
  }

  async #writersGone(): Promise<void> {
    const gone = Promise.all(this.#writers.keys());
    const { clock } = this.#options;
    if (clock === undefined || this.#writers.size === 0) {
      await gone;
      return;
    }
    const tooLong = Promise.withResolvers<void>();
    const timer = clock.setTimer(WRITE_WITHIN_MS, () => {
      // Nobody waits for this either: a thread that its system holds cannot be ended.
      for (const writer of this.#writers.values()) void writer.stop();
      tooLong.resolve();
    });
    await Promise.race([gone, tooLong.promise]);
    timer.cancel();
  }

  #add(of: PowEpoch): void {
    const entries = Array.from(this.#entries.values()).filter((entry) => !entry.wasKept);
    // Only the first in line makes the others owe: else a run of new epochs could put off its turn for ever.
    if (entries.every((entry) => entry.memory !== undefined)) {
      for (const entry of entries) this.#oweWaiting(entry);
    }
    this.#insert(of);
  }

  #insert(of: PowEpoch): Entry {
    const entry = {
      of,
      progress: 0,
      builds: 0,
      isBuildingTold: false,
      usedAt: ++this.#uses,
      owed: 0,
      wasKept: false,
    };
    this.#entries.set(epochKey(of), entry);
    return entry;
  }

  #oweWaiting(entry: Entry): void {
    if (entry.memory !== undefined) entry.owed = this.#modules.waiting(entry.of);
  }

  #buildNext(): void {
    if (this.#closed || this.#builder !== undefined) return;
    // For what is only asked for, somebody waits: that is as urgent as an owner's first.
    const rank = (entry: Entry): number => this.#kept.rank(epochKey(entry.of)) ?? 0;
    const missing = Array.from(this.#entries.values()).filter((entry) => entry.memory === undefined);
    for (const entry of missing.toSorted((a, b) => rank(a) - rank(b))) {
      if (!entry.wasKept && !this.#makeRoom()) continue;
      this.#build(entry);
      return;
    }
  }

  /** @returns whether fewer than epochsMax epochs are ready that nobody keeps, possibly because one was dropped */
  #makeRoom(): boolean {
    const ready = Array.from(this.#entries.values()).filter(
      (entry) => entry.memory !== undefined && !entry.wasKept,
    );
    if (ready.length < this.#options.epochsMax) return true;
    const [leastUsed] = ready.filter((entry) => entry.owed === 0).sort((a, b) => a.usedAt - b.usedAt);
    if (leastUsed === undefined) return false;
    const { of } = leastUsed;
    this.#entries.delete(epochKey(of));
    this.#modules.onDropped(of);
    // Requests that came later than the one that wanted the room: the epoch is built for them again, after that one.
    if (this.#modules.waiting(of) > 0) this.#add(of);
    return true;
  }

  #build(entry: Entry): void {
    const { of } = entry;
    entry.builds += 1;
    entry.progress = 0;
    this.#building = entry;
    const cacheDirectory = this.#writers.size < WRITERS_MAX ? this.#options.cacheDirectory : undefined;
    const exited = Promise.withResolvers<void>();
    this.#builder = this.#modules.threads.startBuilder(
      { ...of, cacheDirectory },
      {
        onMessage: (message) => {
          // What became of its file is told by a writer that close() waits for, too.
          if (message.kind === 'cache-file') this.#modules.onFileFault(of, message.fault);
          else if (!this.#closed) this.#take(message, entry, exited.promise);
        },
        onExit: (error) => {
          exited.resolve();
          if (!this.#writers.delete(exited.promise)) this.#builderGone(entry, error);
        },
      },
    );
    // Else it is told when no file had it.
    if (cacheDirectory === undefined) this.#tellBuilding(entry);
  }

  #tellBuilding(entry: Entry): void {
    if (entry.isBuildingTold) return;
    entry.isBuildingTold = true;
    this.#modules.onBuilding(entry.of);
  }

  /** @param gone when the thread that sent the message will be */
  #take(message: Exclude<FromBuilder, { kind: 'cache-file' }>, entry: Entry, gone: Promise<void>): void {
    if (!this.#isThere(entry)) return;
    if (message.kind === 'progress') {
      this.#tellBuilding(entry);
      this.#proceed(entry, message.fraction);
      return;
    }
    // What it still does with the file, it does beside the next builder: no epoch waits for a slow disk.
    if (this.#builder !== undefined) this.#writers.set(gone, this.#builder);
    this.#builder = undefined;
    this.#building = undefined;
    this.#finish(entry, message.memory, message);
  }

  #proceed(entry: Entry, fraction: number): void {
    const isNews = Math.floor(fraction * 100) > Math.floor(entry.progress * 100);
    entry.progress = fraction;
    if (isNews) this.#modules.onProgress(entry.of, fraction);
  }

  #finish(entry: Entry, memory: EpochMemory, origin: CacheOrigin): void {
    entry.memory = memory;
    entry.progress = 1;
    entry.usedAt = ++this.#uses;
    this.#oweWaiting(entry);
    this.#modules.onReady(memory, origin);
    // Its owner may have gone meanwhile; and there is another one to build.
    this.settle();
  }

  /** It was not dropped. */
  #isThere(entry: Entry): boolean {
    return this.#entries.get(epochKey(entry.of)) === entry;
  }

  /** Without having sent its cache. */
  #builderGone(entry: Entry, error: Error | undefined): void {
    this.#builder = undefined;
    this.#building = undefined;
    if (this.#closed) return;
    if (!this.#isThere(entry)) {
      this.#buildNext();
      return;
    }
    if (entry.builds < BUILDS_MAX) {
      this.#build(entry);
      return;
    }
    this.#entries.delete(epochKey(entry.of));
    this.#modules.onFailed(entry.of, error ?? new Error('the thread that built the light cache was ended'));
    this.#buildNext();
  }
}
