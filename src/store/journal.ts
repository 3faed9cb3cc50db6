import { KpssError } from '../error.ts';
import type { Clock, Log, Timer } from '../mining/ports.ts';
import {
  compactJournal,
  decodeLongJournal,
  encodeRecord,
  isCompact,
  type JournalContents,
  type JournaledBlock,
  type JournalRecord,
} from './journal-records.ts';
import type { JournalStore } from './journal-store.ts';

/** A disk that was full may have room again soon, and one that hangs is not to be pressed. */
const RETRY_MS = 5_000;
/** A disk that wakes up, or is busy, answers within seconds; one that is silent for longer fails, for all we know. */
const HUNG_AFTER_MS = 10_000;
/**
 * Characters of records that wait for a disk: four blocks of the largest size, thousands of usual ones. What is beyond
 * goes, oldest first.
 */
const OWED_CHARACTERS_MAX = 64 * 2 ** 20;
/** At the end: a disk that takes longer than this does not come back for a shutdown. */
const CLOSE_WITHIN_MS = 3_000;

export interface JournalStatus {
  readonly state: 'ok' | 'failing';
  /** Since when it fails, milliseconds since 1970. */
  readonly sinceMs?: number;
  readonly path?: string;
}

/** Where found blocks are written down. Nothing here throws or rejects: submission goes on whatever the disk does. */
export interface BlockJournal {
  /** What was in it at the start, once it could be read. Never settles while the disk fails, or once it was closed. */
  readonly opened: Promise<readonly JournaledBlock[]>;
  /** Begins to write it down before it returns; again every few seconds if the disk refuses it. */
  write(record: JournalRecord): void;
  status(): JournalStatus;
  /** Waits for what is being written, and tries once more what could not be, but not for long. */
  close(): Promise<void>;
}

interface JournalModules {
  readonly clock: Clock;
  readonly log: Log;
}

/** Opens it in the background; what is written meanwhile follows. */
export function openJournal(store: JournalStore, modules: JournalModules): BlockJournal {
  return new StoredJournal(store, modules);
}

class StoredJournal implements BlockJournal {
  readonly #store: JournalStore;
  readonly #modules: JournalModules;
  readonly #opening = Promise.withResolvers<readonly JournaledBlock[]>();
  #isOpen = false;
  /** What is added begins a line of its own. */
  #isEnded = true;
  /** Lines that are not written, oldest first. */
  #owed: string[] = [];
  #owedCharacters = 0;
  #dropped = 0;
  readonly #underWay = new Set<Promise<void>>();
  /** What the disk was asked and has not answered. */
  #asked = 0;
  #hungTimer: Timer | undefined;
  #failingSinceMs: number | undefined;
  #retryTimer: Timer | undefined;
  #isClosed = false;

  constructor(store: JournalStore, modules: JournalModules) {
    this.#store = store;
    this.#modules = modules;
    this.#track(this.#open());
  }

  get opened(): Promise<readonly JournaledBlock[]> {
    return this.#opening.promise;
  }

  write(record: JournalRecord): void {
    if (this.#isClosed) return;
    const line = encodeRecord(record);
    if (this.#isOpen && this.#failingSinceMs === undefined) this.#append([line]);
    else this.#owe([line]);
  }

  status(): JournalStatus {
    const { path } = this.#store;
    const sinceMs = this.#failingSinceMs;
    return {
      ...(sinceMs === undefined ? { state: 'ok' } : { state: 'failing', sinceMs }),
      ...(path !== undefined && { path }),
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#retryTimer?.cancel();
    const over = Promise.withResolvers<void>();
    const timer = this.#modules.clock.setTimer(CLOSE_WITHIN_MS, over.resolve);
    await Promise.race([this.#finish(), over.promise]);
    timer.cancel();
    this.#isClosed = true;
    this.#retryTimer?.cancel();
    this.#hungTimer?.cancel();
    const records = this.#owed.filter((line) => line !== '').length;
    if (records === 0 && this.#underWay.size === 0) return;
    const { path } = this.#store;
    this.#modules.log.error(
      { path, records },
      'the journal of found blocks could not be written to the end; what is missing in it is lost',
    );
  }

  async #finish(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#isOpen) this.#payOff();
    await Promise.all(this.#underWay);
    await this.#store.close().catch((error: unknown) => this.#fail(error));
  }

  async #open(): Promise<void> {
    this.#watch(1);
    try {
      const holder = await this.#store.claim?.();
      const contents = await decodeLongJournal(await this.#store.read());
      if (holder === undefined) await this.#tidyUp(contents);
      else this.#share(holder, contents);
      this.#watch(-1);
      this.#isOpen = true;
      this.#opening.resolve(contents.blocks);
      // Nothing, but written: a folder that refuses is told now, and not with the first block.
      this.#owe(['']);
      this.#goOn();
    } catch (error) {
      this.#watch(-1);
      this.#fail(error);
    }
  }

  /** Written anew, it would lose what the other adds in between. */
  #share(holder: number, { isEnded }: JournalContents): void {
    this.#isEnded = isEnded;
    this.#modules.log.error(
      { path: this.#store.path, holder, code: 'KPSS_JOURNAL_SHARED' },
      `another KPSS (process ${holder}) uses the same journal of found blocks. Both mine on and write to it, but it is ` +
        'not tidied up; end one of them, or give this one another dataDirectory or instance name',
    );
  }

  /** Nothing that is in it may be lost: where it cannot be written anew, it stays as it is. */
  async #tidyUp(contents: JournalContents): Promise<void> {
    const { blocks, corruptLines, newerLines, isTorn, isEnded } = contents;
    const { log } = this.#modules;
    const { path } = this.#store;
    const strangeLines = corruptLines + newerLines;
    this.#isEnded = isEnded;
    if (isTorn) {
      log.warn({ path }, 'the last record of the journal is cut off: KPSS ended while it was being written');
    }
    if (strangeLines === 0 && isEnded && isCompact(blocks)) return;
    try {
      if (strangeLines > 0 && !(await this.#keepStrange(contents))) return;
      await this.#store.replace(compactJournal(blocks));
      this.#isEnded = true;
    } catch (error) {
      log.warn(
        { path, err: error },
        'the journal of found blocks could not be tidied up; it is used as it is',
      );
    }
  }

  /** @returns whether they may be left out now */
  async #keepStrange({ corruptLines, newerLines, newerVersion }: JournalContents): Promise<boolean> {
    const { log } = this.#modules;
    const { path } = this.#store;
    const copy = await this.#store.keepCopy?.();
    const where = copy === undefined ? '' : `; the journal as it was is kept as ${copy}`;
    const are = (lines: number): string =>
      lines === 1 ? '1 line of the journal is' : `${lines} lines of the journal are`;
    if (newerLines > 0) {
      log.error(
        { path, lines: newerLines, version: newerVersion, copy },
        `${are(newerLines)} written by a newer KPSS (version ${newerVersion} of the journal), and left out${where}. ` +
          'If it was on its way with a block, start the newer one with that copy as its journal',
      );
    }
    if (corruptLines > 0) {
      log.error(
        { path, lines: corruptLines, copy },
        `${are(corruptLines)} damaged, and left out${where}. All others are whole; if the disk is, too, please report this`,
      );
    }
    return copy !== undefined;
  }

  #append(lines: readonly string[]): void {
    const text = lines.length === 1 ? (lines[0] ?? '') : lines.join('');
    const whole = this.#isEnded ? text : `\n${text}`;
    this.#isEnded = true;
    this.#watch(1);
    this.#track(
      this.#store.append(whole).then(
        () => {
          this.#watch(-1);
          this.#goOn();
        },
        (error: unknown) => {
          this.#watch(-1);
          this.#owe(lines);
          this.#fail(error);
        },
      ),
    );
  }

  /** The disk is asked for something, or answered: it has so long for the next answer. */
  #watch(change: 1 | -1): void {
    this.#asked += change;
    this.#hungTimer?.cancel();
    if (this.#asked === 0 || this.#isClosed) return;
    this.#hungTimer = this.#modules.clock.setTimer(HUNG_AFTER_MS, () => {
      this.#fail(new KpssError('KPSS_JOURNAL_UNWRITABLE', 'the disk does not answer'));
    });
  }

  #payOff(): void {
    if (this.#owed.length === 0) return;
    const lines = this.#owed;
    this.#owed = [];
    this.#owedCharacters = 0;
    this.#append(lines);
  }

  #owe(lines: readonly string[]): void {
    this.#owed.push(...lines);
    for (const line of lines) this.#owedCharacters += line.length;
    while (this.#owedCharacters > OWED_CHARACTERS_MAX && this.#owed.length > 1) {
      this.#owedCharacters -= this.#owed.shift()?.length ?? 0;
      this.#dropped += 1;
    }
  }

  #fail(error: unknown): void {
    const { clock, log } = this.#modules;
    if (this.#failingSinceMs === undefined) {
      this.#failingSinceMs = clock.nowMs();
      const message = error instanceof Error ? error.message : String(error);
      const why = error instanceof KpssError ? { code: error.code } : { err: error };
      log.error(
        { path: this.#store.path, ...why },
        `found blocks cannot be written down: ${message}. They are submitted all the same, but a crash before they are answered would lose them`,
      );
    }
    if (this.#isClosed) return;
    this.#retryTimer?.cancel();
    this.#retryTimer = clock.setTimer(RETRY_MS, () => {
      // More is not put upon a disk that is silent; its answer sets it off.
      if (this.#asked > 0) return;
      if (this.#isOpen) this.#payOff();
      else this.#track(this.#open());
    });
  }

  /** The disk did what it was asked to. */
  #goOn(): void {
    // Begun first, so that it stands before what comes from now on; with records all the time there is no better moment.
    this.#payOff();
    if (this.#failingSinceMs === undefined) return;
    this.#retryTimer?.cancel();
    this.#failingSinceMs = undefined;
    const dropped = this.#dropped;
    this.#dropped = 0;
    const text = 'found blocks are written down again';
    const { path } = this.#store;
    if (dropped === 0) this.#modules.log.info({ path }, text);
    else this.#modules.log.warn({ path, dropped }, `${text}, but for ${dropped} records that were too many`);
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }
}
