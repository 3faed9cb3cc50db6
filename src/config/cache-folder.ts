import { posix, resolve, win32 } from 'node:path';
import type { Machine } from './data-folder.ts';
import { cacheVariableOf, type Environment } from './environment.ts';

/** Instead of a path: no files. */
export const CACHE_OFF = 'off';

/**
 * Where light caches are kept between runs: as the environment says, else as the file says, else in the user's folder for
 * what programs can make again.
 * @param given what stands in the file, and the file's folder, from which its path counts
 * @returns an absolute path; undefined for no files, also where the user has no folder
 */
export function cacheDirectory(
  env: Environment,
  machine: Machine,
  given?: { readonly path: string; readonly folder: string },
): string | undefined {
  const variable = cacheVariableOf(env);
  if (variable !== undefined) return pathOf(variable, '.', machine);
  return given === undefined ? userCacheFolder(machine) : pathOf(given.path, given.folder, machine);
}

function pathOf(path: string, folder: string, { homeFolder }: Machine): string | undefined {
  if (path === CACHE_OFF) return undefined;
  const below = /^~(?:[/\\](.*))?$/s.exec(path);
  if (below === null) return resolve(folder, path);
  return homeFolder === '' ? undefined : resolve(homeFolder, below[1] ?? '');
}

/** Sources: XDG Base Directory Specification; Apple, File System Programming Guide; Microsoft, FOLDERID_LocalAppData */
function userCacheFolder({ platform, homeFolder, env }: Machine): string | undefined {
  const { isAbsolute, join } = platform === 'win32' ? win32 : posix;
  const named = platform === 'win32' ? env.LOCALAPPDATA : env.XDG_CACHE_HOME;
  const below = platform === 'win32' ? ['kpss', 'cache'] : ['kpss'];
  // The specification has relative paths ignored.
  if (platform !== 'darwin' && named !== undefined && isAbsolute(named)) return join(named, ...below);
  if (homeFolder === '') return undefined;
  if (platform === 'win32') return join(homeFolder, 'AppData', 'Local', ...below);
  return join(homeFolder, ...(platform === 'darwin' ? ['Library', 'Caches'] : ['.cache']), ...below);
}
