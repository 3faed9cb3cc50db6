import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

// What the files of the data folder have in common.

/** Only the owner: whom a block pays, and who is shut out, is nobody else's business. */
export const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/**
 * Puts this text in the place of a file, wholly or not at all, and makes its folder where there is none. Durable when it
 * resolves. Not while another call for the same file is under way.
 * @throws what the system says
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  try {
    await makeDirectory(dirname(path));
    const file = await open(temporary, 'w', FILE_MODE);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (cause) {
    await unlink(temporary).catch(() => {});
    throw cause;
  }
}

/**
 * Makes a folder and those above it, one after the other: Node's own way of making several never returns in some places,
 * as below /proc.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const parent = dirname(resolve(directory));
  try {
    await mkdir(directory, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT' || parent === directory) throw error;
    await makeDirectory(parent);
    await mkdir(directory, { mode: DIRECTORY_MODE });
  }
  await syncDirectory(parent);
}

/** Has a folder's names last: a machine that loses its power might else keep a file's contents without its name. */
export async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows knows no such thing, and a folder that cannot be written to is told where its file is written.
  }
}

/** @returns the system's word for what failed, such as `ENOENT` */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** What failed, in the system's words. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
