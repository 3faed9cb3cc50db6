import type { Machine } from './data-folder.ts';
import { cacheVariableOf, type Environment } from './environment.ts';
import { pathFrom, userFolder } from './user-folder.ts';

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
  return given === undefined ? userFolder(machine, 'cache') : pathOf(given.path, given.folder, machine);
}

function pathOf(path: string, folder: string, machine: Machine): string | undefined {
  return path === CACHE_OFF ? undefined : pathFrom(path, folder, machine);
}
