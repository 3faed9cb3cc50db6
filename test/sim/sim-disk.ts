import { KpssError } from '../../src/error.ts';
import type { JournalStore } from '../../src/store/journal-store.ts';
import type { SeededRandom } from './random.ts';
import type { OwnedClock } from './sim-clock.ts';

/** As long as the journal waits before it tries a disk again, and a little more. */
const TRIED_AGAIN_WITHIN_MS = 7_000;

/** A disk with one file on it, which outlives whoever writes to it. */
export class SimDisk {
  readonly syncMs: number;
  text = '';
  /** Half a line stands at the end, left by a write that failed. */
  isTorn = false;
  #isFailing = false;
  /** From when on whatever is written is sure to be written at once: the disk is well, and KPSS found out. */
  readyMs = Number.POSITIVE_INFINITY;

  constructor(syncMs: number) {
    this.syncMs = syncMs;
  }

  get isFailing(): boolean {
    return this.#isFailing;
  }

  setFailing(isFailing: boolean, nowMs: number): void {
    if (isFailing === this.#isFailing) return;
    this.#isFailing = isFailing;
    this.readyMs = isFailing ? Number.POSITIVE_INFINITY : nowMs + TRIED_AGAIN_WITHIN_MS;
  }

  /** KPSS was started: it reads first. */
  started(nowMs: number): void {
    if (!this.#isFailing) this.readyMs = nowMs + TRIED_AGAIN_WITHIN_MS;
  }
}

interface SimJournalStoreModules {
  readonly disk: SimDisk;
  /** Its process's. */
  readonly clock: OwnedClock;
  readonly random: SeededRandom;
}

/** A journal on a simulated disk: durable a while after it is written, and lost from there on when its process is killed. */
export class SimJournalStore implements JournalStore {
  readonly #modules: SimJournalStoreModules;
  #pending: string[] = [];

  constructor(modules: SimJournalStoreModules) {
    this.#modules = modules;
  }

  /** Whether a text is on its way to the disk, or there. */
  hasBegun(part: string): boolean {
    return this.#pending.some((text) => text.includes(part)) || this.#modules.disk.text.includes(part);
  }

  read(): Promise<string> {
    return this.#work(() => this.#modules.disk.text);
  }

  append(text: string): Promise<void> {
    this.#pending.push(text);
    return this.#work(() => {
      this.#write(text);
      this.#pending.shift();
    }).catch((error: unknown) => {
      const { disk, random } = this.#modules;
      this.#pending.shift();
      const part = text.slice(0, random.int(0, text.length - 1));
      if (part !== '') this.#write(part);
      disk.isTorn = disk.isTorn || part !== '';
      throw error;
    });
  }

  replace(text: string): Promise<void> {
    return this.#work(() => {
      const { disk } = this.#modules;
      disk.text = text;
      disk.isTorn = false;
    });
  }

  close(): Promise<void> {
    return this.#pending.length === 0 ? Promise.resolve() : this.#work(() => {});
  }

  /** What was on its way may have got there, wholly or in part. */
  kill(): void {
    const { disk, random } = this.#modules;
    const text = this.#pending.join('');
    this.#pending = [];
    const part = text.slice(0, random.int(0, text.length));
    if (part !== '' && !disk.isFailing) this.#write(part);
    // The next process reads the file, and finds out by itself how it ends.
    disk.isTorn = false;
  }

  #write(text: string): void {
    const { disk } = this.#modules;
    disk.text += disk.isTorn ? `\n${text}` : text;
    disk.isTorn = false;
  }

  #work<T>(then: () => T): Promise<T> {
    const { disk, clock } = this.#modules;
    return new Promise((resolve, reject) => {
      clock.setTimer(disk.syncMs, () => {
        if (disk.isFailing) reject(new KpssError('KPSS_JOURNAL_FULL', 'the simulated disk is full'));
        else resolve(then());
      });
    });
  }
}
