import { constants, copyFile, type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KpssError } from '../error.ts';
import { codeOf, FILE_MODE, makeDirectory, replaceFile, syncDirectory, textOf } from './files.ts';
import { JournalLock } from './journal-lock.ts';

/** Where a journal is kept: one growing text. A simulation brings one that loses at a crash what is not durable yet. */
export interface JournalStore {
  /** For the owner; undefined where it is no file. */
  readonly path?: string | undefined;
  /**
   * Asks for the right to replace it; called before it is read. Whoever has not got it only appends. Never rejects.
   * @returns the number of the living process that has it, undefined when it is ours
   */
  claim?(): Promise<number | undefined>;
  /** @returns all of it (of one that is too long for a text, its end), empty when there is none yet */
  read(): Promise<string>;
  /**
   * Adds to the end, in the order of the calls, begun before it returns to the event loop. Durable when it resolves; when
   * it rejects, the text may be there in part, and what is added next still begins a line of its own.
   * @param text whole lines
   */
  append(text: string): Promise<void>;
  /** Puts this text in the place of all of it: wholly, or not at all. Not while an append is under way. */
  replace(text: string): Promise<void>;
  /**
   * Puts a copy of it aside, as it is.
   * @returns where
   */
  keepCopy?(): Promise<string>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** A disk that damages a journal more often is not one to keep it on; the journal then stays as it is. */
const COPIES_MAX = 100;

/**
 * A text cannot be longer (V8: 2^29 characters, less 24). The journal is tidied up at each start, so only a chain with a
 * block a second, mined for days, gets there.
 */
const WHOLE_BYTES_MAX = 2 ** 29 - 24;
/** What is read of a longer one: thirty of the largest blocks there can be, or tens of thousands of usual ones. */
const END_BYTES = 128 * 1024 * 1024;

/**
 * Where an instance's journal is.
 * @param name free text
 */
export function journalPath(dataDirectory: string, name: string): string {
  return join(dataDirectory, `${encodeURIComponent(name)}.blocks.jsonl`);
}

/**
 * A journal in a file, made with its folder at the first append.
 * Every failure of its calls is a KpssError: KPSS_JOURNAL_UNREADABLE, KPSS_JOURNAL_FULL, KPSS_JOURNAL_UNWRITABLE.
 * @param path absolute
 */
export function createFileJournalStore(path: string): JournalStore {
  return new FileJournalStore(path);
}

interface Waiting {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class FileJournalStore implements JournalStore {
  readonly path: string;
  readonly #lock: JournalLock;
  #file: FileHandle | undefined;
  /** Appended in one write, with one fsync: whoever comes while one is under way waits for the next. Bounded by callers. */
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  /** A write failed, perhaps half-way. */
  #isTorn = false;
  /** The folder that names the file is on the disk. */
  #isNameDurable = false;

  constructor(path: string) {
    this.path = path;
    this.#lock = new JournalLock(path);
  }

  async claim(): Promise<number | undefined> {
    // Without a folder the second one would not see the first; that it cannot be made is told when it is written to.
    await makeDirectory(dirname(this.path)).catch(() => {});
    return this.#lock.take();
  }

  async read(): Promise<string> {
    try {
      const status = await stat(this.path);
      // A pipe would keep a thread of Node's waiting for ever, and with it the end of the program.
      if (!status.isFile()) throw new Error('it is no file');
      const isLong = status.size > WHOLE_BYTES_MAX;
      const text = isLong ? await readEnd(this.path, status.size) : await readFile(this.path, 'utf8');
      await this.#openAhead();
      return text;
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return '';
      throw new KpssError('KPSS_JOURNAL_UNREADABLE', `${this.path} cannot be read: ${textOf(cause)}`, {
        context: { path: this.path },
        cause,
      });
    }
  }

  append(text: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ text, resolve, reject });
    this.#writing ??= this.#writeAll();
    return promise;
  }

  async replace(text: string): Promise<void> {
    await this.#writing;
    try {
      await replaceFile(this.path, text);
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
    await this.#closeFile();
    this.#isTorn = false;
    await this.#openAhead();
  }

  async keepCopy(): Promise<string> {
    for (let number = 1; ; number += 1) {
      // One of before is all there is of what was left out then.
      const copy = `${this.path}.damaged${number === 1 ? '' : `-${number}`}`;
      try {
        await copyFile(this.path, copy, constants.COPYFILE_EXCL);
        await syncFile(copy);
        await syncDirectory(dirname(copy));
        return copy;
      } catch (cause) {
        if (codeOf(cause) !== 'EEXIST' || number >= COPIES_MAX) throw unwritable(copy, cause);
      }
    }
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#closeFile();
    await this.#lock.release();
  }

  async #writeAll(): Promise<void> {
    // Behind what is about to be written to sockets in this turn of the event loop: a block goes to the nodes first.
    await undefined;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(batch.map(({ text }) => text).join(''));
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        this.#isTorn = true;
        // The next write opens it again: the folder may be another by then, as when a disk was mounted.
        await this.#closeFile();
        const error = unwritable(this.path, cause);
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #write(text: string): Promise<void> {
    await this.#give(text);
    // Moved or deleted by somebody: what was added to it would be found by nobody. Not asked before the text is given to
    // the system, since what it was given outlives a killed process.
    if ((await this.#file?.stat())?.nlink === 0) {
      await this.#closeFile();
      await this.#give(text);
    }
    await this.#file?.datasync();
    if (!this.#isNameDurable) await syncDirectory(dirname(this.path));
    this.#isNameDurable = true;
    this.#isTorn = false;
  }

  async #give(text: string): Promise<void> {
    if (this.#file === undefined) {
      await makeDirectory(dirname(this.path));
      await this.#openFile();
    }
    await this.#file?.appendFile(this.#isTorn ? `\n${text}` : text);
  }

  /** So that the first block finds it open. That it cannot be opened is told when it is written. */
  async #openAhead(): Promise<void> {
    if (this.#file === undefined) await this.#openFile().catch(() => {});
  }

  async #openFile(): Promise<void> {
    this.#isNameDurable = false;
    this.#file = await open(this.path, 'a', FILE_MODE);
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => {});
  }
}

/** From the first line that begins there: blocks before it were settled long ago. */
async function readEnd(path: string, size: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(END_BYTES), 0, END_BYTES, size - END_BYTES);
    const end = buffer.subarray(0, bytesRead);
    return end.subarray(end.indexOf(0x0a) + 1).toString('utf8');
  } finally {
    await file.close();
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function unwritable(path: string, cause: unknown): KpssError {
  const context = { path };
  const code = codeOf(cause);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new KpssError('KPSS_JOURNAL_FULL', `${path} cannot be written: the disk is full`, {
      context,
      cause,
    });
  }
  const message = `${path} cannot be written: ${textOf(cause)}`;
  return new KpssError('KPSS_JOURNAL_UNWRITABLE', message, { context, cause });
}
