import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { equalBytes } from '../chain/bytes.ts';
import { lightCacheBytes } from './epoch.ts';
import type { CacheFileFault, PowEpoch } from './thread-messages.ts';

/**
 * Light caches on disk, a file each: built once in seconds, they are read in a tenth of one. A file is never trusted: what
 * is not whole is told, and its reader builds the cache anew.
 */

/** Some coins, each with its present and next epoch: under a gigabyte these years. */
const CACHE_FILES_MAX = 8;
/** A writer touches its file with every chunk: one that did not for so long was ended half-way. */
const TEMPORARY_IDLE_MS_MAX = 60_000;
/** Those of writers that are still at work, and of a program that is started over and over and ended while it writes. */
const TEMPORARIES_MAX = 4;
/** Of one read or write: systems take at most 2 GiB at once, and a reader learns early that a disk fails. */
const CHUNK_BYTES = 16 * 2 ** 20;

/** Another way to make light caches, or to write them down, is another number. */
const FORMAT = 1;
/** A JSON text filled up with spaces, then the digest of that text and of the contents. */
const HEADER_BYTES = 256;
/**
 * Of what Node.js offers it is the fastest that is still sound: 52 ms for 86 MiB where the processor has instructions for
 * it, as most of today have; there SHA-1 takes 50, BLAKE2b 95, SHA-512 110, SHA3-256 190.
 */
const DIGEST = 'sha256';
const DIGEST_BYTES = 32;

/** What each of our files begins with, in every format. */
const BEGINNING = '{"file":"KPSS light cache"';
const OWN_FILE = /^[a-z0-9-]+-\d+\.lightcache$/;
const OWN_TEMPORARY = /^[a-z0-9-]+-\d+\.lightcache\.[0-9a-f]{16}\.tmp$/;

/**
 * `damaged`: not the bytes that were written for this cache. `unreadable`: the system does not give them out, or what is
 * there is no file.
 */
export type CacheFileRead =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'missing' }
  | ({ readonly ok: false } & CacheFileFault & { readonly reason: 'damaged' | 'unreadable' });

export type CacheFileWritten =
  | { readonly ok: true }
  | ({ readonly ok: false } & CacheFileFault & { readonly reason: 'unwritable' });

/** @throws Error on a variant whose name is no file's */
export function cacheFilePath(directory: string, { pow, epoch }: PowEpoch): string {
  const name = `${pow.name}-${epoch}.lightcache`;
  if (!OWN_FILE.test(name))
    throw new Error(`a variant is called in small letters and digits, not ${pow.name}`);
  return join(directory, name);
}

/**
 * Reads a light cache, and marks its file as used. It blocks its thread.
 * @param into all of the cache, in a shared memory if need be; unless the outcome is ok, it may hold anything afterwards
 * @param nowMs milliseconds since 1970
 */
export function readCacheFile(
  directory: string,
  key: PowEpoch,
  into: Uint8Array,
  nowMs: number,
): CacheFileRead {
  const path = cacheFilePath(directory, key);
  assertWhole(key, into);
  try {
    // Not through a link, which may lead anywhere; and without waiting for the other end of a pipe. Windows knows neither.
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!fstatSync(file).isFile())
        return { ok: false, reason: 'unreadable', path, detail: 'it is no file' };
      const detail = readInto(file, key, into);
      if (detail !== undefined) return { ok: false, reason: 'damaged', path, detail };
      attempt(() => futimesSync(file, nowMs / 1000, nowMs / 1000));
      return { ok: true };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { ok: false, reason: 'missing' };
    const detail = code === 'ELOOP' ? 'it is a link' : errorText(error);
    return { ok: false, reason: 'unreadable', path, detail };
  }
}

/**
 * Writes a light cache under another name and then gives it its own: whoever reads it meanwhile, or after a crash, finds
 * it whole or not at all. Then it has the files that were longest unused make room. It blocks its thread.
 * @param bytes all of the cache; nobody may change it meanwhile
 * @param nowMs milliseconds since 1970
 */
export function writeCacheFile(
  directory: string,
  key: PowEpoch,
  bytes: Uint8Array,
  nowMs: number,
): CacheFileWritten {
  const path = cacheFilePath(directory, key);
  assertWhole(key, bytes);
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    makeDirectory(resolve(directory));
    attempt(() => removeTemporaries(directory, nowMs));
    const file = openSync(temporary, 'wx', 0o600);
    try {
      const text = headerText(key);
      writeWhole(file, text);
      writeWhole(file, digestOf(text, bytes));
      writeWhole(file, bytes);
      // Else a machine that loses its power might keep the name without the contents.
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    attempt(() => unlinkSync(temporary));
    return { ok: false, reason: 'unwritable', path, detail: errorText(error) };
  }
  attempt(() => prune(directory, path));
  return { ok: true };
}

function assertWhole({ pow, epoch }: PowEpoch, cache: Uint8Array): void {
  const bytes = lightCacheBytes(epoch, pow);
  if (cache.length !== bytes) throw new Error(`the light cache has ${bytes} bytes, not ${cache.length}`);
}

/** @returns what is wrong with the file, undefined when nothing is */
function readInto(file: number, key: PowEpoch, into: Uint8Array): string | undefined {
  const { size } = fstatSync(file);
  const expected = HEADER_BYTES + into.length;
  if (size !== expected) return `it has ${size} bytes instead of ${expected}`;
  const header = new Uint8Array(HEADER_BYTES);
  const text = headerText(key);
  if (!readWhole(file, header)) return 'it ends early';
  if (!equalBytes(header.subarray(0, text.length), text)) return 'its header is not that of this light cache';
  if (!readWhole(file, into)) return 'it ends early';
  if (!equalBytes(header.subarray(text.length), digestOf(text, into))) return 'its digest is wrong';
  return undefined;
}

/**
 * All that decides the contents: how they are made, the epoch, which their seed comes from, and how many they are, which
 * is what the variant's numbers come to. A header is right when it is this one, byte for byte.
 */
function headerText({ pow, epoch }: PowEpoch): Uint8Array {
  const bytes = lightCacheBytes(epoch, pow);
  const text = JSON.stringify({ file: 'KPSS light cache', format: FORMAT, pow: pow.name, epoch, bytes });
  return new TextEncoder().encode(`${text.padEnd(HEADER_BYTES - DIGEST_BYTES - 1)}\n`);
}

function digestOf(text: Uint8Array, contents: Uint8Array): Uint8Array {
  return createHash(DIGEST).update(text).update(contents).digest();
}

/** @returns whether there was enough to fill it */
function readWhole(file: number, into: Uint8Array): boolean {
  for (let at = 0; at < into.length; ) {
    const read = readSync(file, into, at, Math.min(CHUNK_BYTES, into.length - at), null);
    if (read === 0) return false;
    at += read;
  }
  return true;
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(file, bytes, at, Math.min(CHUNK_BYTES, bytes.length - at), null);
  }
}

/** What writers left that were ended half-way; a writer that loses its file here only fails to write it. */
function removeTemporaries(directory: string, nowMs: number): void {
  for (const [i, { path, usedAtMs }] of newestFirst(directory, OWN_TEMPORARY).entries()) {
    if (i >= TEMPORARIES_MAX - 1 || nowMs - usedAtMs > TEMPORARY_IDLE_MS_MAX) attempt(() => unlinkSync(path));
  }
}

/**
 * One after the other: Node's own way of making several never returns where one cannot be made in a folder that is there,
 * as below /proc, and a thread that is caught in it cannot be ended.
 */
function makeDirectory(directory: string): void {
  const parent = dirname(directory);
  if (parent !== directory && lstatSync(directory, { throwIfNoEntry: false }) === undefined) {
    makeDirectory(parent);
    try {
      mkdirSync(directory, { mode: 0o700 });
    } catch (error) {
      // Another process may have been first.
      if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) throw error;
    }
  }
}

/** @param written the file that stays, whatever the clock says */
function prune(directory: string, written: string): void {
  const others = newestFirst(directory, OWN_FILE).filter(({ path }) => path !== written && isOurs(path));
  for (const { path } of others.slice(CACHE_FILES_MAX - 1)) attempt(() => unlinkSync(path));
}

/** Somebody else may call a file like one of ours. */
function isOurs(path: string): boolean {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const beginning = new Uint8Array(BEGINNING.length);
      return readWhole(file, beginning) && new TextDecoder().decode(beginning) === BEGINNING;
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}

/** Files, never folders or links, by the time of their last use. */
function newestFirst(directory: string, names: RegExp): { path: string; usedAtMs: number }[] {
  return readdirSync(directory)
    .filter((name) => names.test(name))
    .flatMap((name) => {
      const path = join(directory, name);
      // Another process may have removed it by now.
      const found = lstatSync(path, { throwIfNoEntry: false });
      return found?.isFile() ? [{ path, usedAtMs: found.mtimeMs }] : [];
    })
    .sort((a, b) => b.usedAtMs - a.usedAtMs);
}

/** For what is good to have done, and no harm if not. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // A directory that cannot be written to is told where a cache is written.
  }
}

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
