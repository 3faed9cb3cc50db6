import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KpssError } from '../error.ts';
import type { Clock, Log, Timer } from '../mining/ports.ts';
import { BANS_MAX, type Ban } from '../stratum/bans.ts';
import { decodeBans, encodeBans } from './ban-records.ts';
import { codeOf, replaceFile, textOf } from './files.ts';

/** Who is hit by a flood bans many a second: the last state is what counts. */
const WRITE_GAP_MS = 1_000;
/** As for the journal: a disk that was full may have room again soon. */
const RETRY_MS = 5_000;
/** At the end: a disk that takes longer than this does not come back for a shutdown. */
const CLOSE_WITHIN_MS = 3_000;
/** A line takes 150 bytes; what is larger is no file of ours. */
const FILE_BYTES_MAX = BANS_MAX * 256;

const ENDING = '.bans.json';

/** Where an instance's bans are kept: one small text. */
export interface BanFile {
  /** For the owner. */
  readonly path: string;
  /**
   * @returns all of it; undefined where there is none
   * @throws KpssError KPSS_BANS_UNREADABLE
   */
  read(): string | undefined;
  /**
   * Puts this text in its place, wholly or not at all.
   * @throws KpssError KPSS_BANS_UNWRITABLE
   */
  write(text: string): Promise<void>;
  /**
   * Keeps what is there under another name.
   * @returns which; undefined where that failed
   */
  keepCopy(): string | undefined;
}

/** The bans of one instance beyond the end of its process. Nothing here throws or rejects: mining goes on. */
export interface BanStore {
  /** Those of before that are still in force. */
  readonly initial: readonly Ban[];
  /** @param bans all that are in force; written within a second */
  save(bans: readonly Ban[]): void;
  /** Waits until the last state is written, but not for long. */
  close(): Promise<void>;
}

/**
 * Where an instance's bans are, beside its journal.
 * @param name free text
 */
export function bansPath(dataDirectory: string, name: string): string {
  return join(dataDirectory, `${encodeURIComponent(name)}${ENDING}`);
}

/**
 * @param file its name in the data folder
 * @returns the name of the instance whose bans it holds; undefined for any other file
 */
export function bannedInstance(file: string): string | undefined {
  if (!file.endsWith(ENDING)) return undefined;
  try {
    return decodeURIComponent(file.slice(0, -ENDING.length));
  } catch {
    return undefined;
  }
}

/** @param path absolute; made with its folder at the first ban */
export function createBanFile(path: string): BanFile {
  return {
    path,
    read: () => readBans(path),
    write: async (text) => {
      try {
        await replaceFile(path, text);
      } catch (cause) {
        const message = `${path} cannot be written: ${textOf(cause)}`;
        throw new KpssError('KPSS_BANS_UNWRITABLE', message, { context: { path }, cause });
      }
    },
    keepCopy: () => {
      const copy = `${path}.damaged`;
      try {
        copyFileSync(path, copy);
        return copy;
      } catch {
        return undefined;
      }
    },
  };
}

/** Reads it at once, before a port is open: nobody that is shut out slips in. What is wrong with it is logged. */
export function openBanStore(file: BanFile, modules: BanStoreModules): BanStore {
  return new FileBanStore(file, modules);
}

interface BanStoreModules {
  readonly clock: Clock;
  readonly log: Log;
}

class FileBanStore implements BanStore {
  readonly initial: readonly Ban[];
  readonly #file: BanFile;
  readonly #modules: BanStoreModules;
  /** Not written yet. */
  #owed: readonly Ban[] | undefined;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #writtenMs = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  #isClosed = false;

  constructor(file: BanFile, modules: BanStoreModules) {
    this.#file = file;
    this.#modules = modules;
    this.initial = this.#read();
  }

  save(bans: readonly Ban[]): void {
    if (this.#isClosed) return;
    this.#owed = bans;
    if (this.#writing === undefined && this.#timer === undefined) this.#writeSoon(WRITE_GAP_MS);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    const over = Promise.withResolvers<void>();
    const timer = this.#modules.clock.setTimer(CLOSE_WITHIN_MS, over.resolve);
    await Promise.race([this.#finish(), over.promise]);
    timer.cancel();
  }

  async #finish(): Promise<void> {
    await this.#writing;
    if (this.#owed !== undefined) await this.#write();
  }

  #read(): readonly Ban[] {
    const { clock, log } = this.#modules;
    const { path } = this.#file;
    try {
      const text = this.#file.read();
      if (text === undefined) return [];
      const { bans, isDamaged } = decodeBans(text, clock.nowMs());
      if (isDamaged) {
        const copy = this.#file.keepCopy();
        const where = copy === undefined ? '' : `; the file as it was is kept as ${copy}`;
        const text = `the file of banned addresses is damaged: ${bans.length} could be read in it, the rest is left out`;
        log.warn({ path, copy }, `${text}${where}`);
      }
      return bans;
    } catch (error) {
      log.warn(
        { path, ...whyOf(error) },
        `${textOf(error)}; who was banned before may come in again, and is banned again if it misbehaves`,
      );
      return [];
    }
  }

  /** @param gapMs since the last one was written, at the least */
  #writeSoon(gapMs: number): void {
    const { clock } = this.#modules;
    const inMs = Math.max(0, this.#writtenMs + gapMs - clock.nowMs());
    this.#timer = clock.setTimer(inMs, () => {
      this.#timer = undefined;
      this.#writing = this.#write();
    });
  }

  async #write(): Promise<void> {
    const { clock, log } = this.#modules;
    const { path } = this.#file;
    const bans = this.#owed ?? [];
    this.#owed = undefined;
    try {
      await this.#file.write(encodeBans(bans));
      if (this.#isFailing) log.info({ path }, 'banned addresses are written down again');
      this.#isFailing = false;
    } catch (error) {
      this.#owed ??= bans;
      const text = `${textOf(error)}; bans hold all the same, but a restart of KPSS would end them`;
      if (!this.#isFailing) log.warn({ path, ...whyOf(error) }, text);
      this.#isFailing = true;
    }
    this.#writing = undefined;
    this.#writtenMs = clock.nowMs();
    if (this.#owed !== undefined && !this.#isClosed) {
      this.#writeSoon(this.#isFailing ? RETRY_MS : WRITE_GAP_MS);
    }
  }
}

function readBans(path: string): string | undefined {
  try {
    const status = statSync(path);
    // A pipe would be waited for without end.
    if (!status.isFile()) throw new Error('it is no file');
    if (status.size > FILE_BYTES_MAX) throw new Error('it is too large for a file of bans');
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    const message = `${path} cannot be read: ${textOf(cause)}`;
    throw new KpssError('KPSS_BANS_UNREADABLE', message, { context: { path }, cause });
  }
}

function whyOf(error: unknown): object {
  return error instanceof KpssError ? { code: error.code } : { err: error };
}
