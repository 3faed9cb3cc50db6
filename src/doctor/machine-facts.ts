import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../config/types.ts';
import { cacheFilePath } from '../kawpow/cache-file.ts';
import type { KawPow } from '../kawpow/params.ts';

/** A folder that KPSS writes into, or would make. */
export interface FolderFacts {
  readonly path: string;
  /** Undefined where it may be written to; else why not. */
  readonly obstacle: string | undefined;
  /** Undefined where the system does not tell. */
  readonly freeBytes: number | undefined;
}

/**
 * Whether a folder can be written to, and how much fits. Nothing is made or written: where there is no such folder, the
 * next one above it that is there is looked at.
 * @param path absolute
 * @param files in it that are written to: one that another user made may be closed where the folder is open
 */
export async function lookAtFolder(path: string, files: readonly string[] = []): Promise<FolderFacts> {
  try {
    const there = await existing(path);
    await access(there, constants.W_OK | constants.X_OK);
    for (const file of files) {
      const obstacle = await obstacleAt(file);
      if (obstacle !== undefined) return { path, obstacle: `${file}: ${obstacle}`, freeBytes: undefined };
    }
    const { bavail, bsize } = await statfs(there);
    return { path, obstacle: undefined, freeBytes: bavail * bsize };
  } catch (error) {
    return { path, obstacle: obstacleOf(error), freeBytes: undefined };
  }
}

/** @returns why a file cannot be read and added to; one that is not there yet will be made */
async function obstacleAt(file: string): Promise<string | undefined> {
  try {
    if (!(await stat(file)).isFile()) return 'it is no file';
    await access(file, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : obstacleOf(error);
  }
}

async function existing(path: string): Promise<string> {
  try {
    if (!(await stat(path)).isDirectory()) throw new NotFolder(`${path} is a file`);
    return path;
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error;
    return existing(parent);
  }
}

class NotFolder extends Error {}

function obstacleOf(error: unknown): string {
  if (error instanceof NotFolder) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not write there';
  if (code === 'EROFS') return 'it is on a file system that can only be read';
  return code === undefined ? String(error) : `the system says ${code}`;
}

/** Whether the light cache of an epoch is kept on disk already. */
export async function hasLightCache(
  { cacheDirectory }: Config['verifier'],
  pow: KawPow,
  epoch: number,
): Promise<boolean> {
  if (cacheDirectory === undefined) return false;
  try {
    return (await stat(cacheFilePath(cacheDirectory, { pow, epoch }))).isFile();
  } catch {
    return false;
  }
}
