import { resolve } from 'node:path';
import type { Machine } from './data-folder.ts';
import { DATA_VARIABLE, dataVariableOf, type Environment } from './environment.ts';
import type { Problems } from './problems.ts';
import { placesSchema } from './schema.ts';
import { type Group, readSection } from './section.ts';
import { pathFrom, userFolder } from './user-folder.ts';

/** Below the folder that KPSS is started in, where the user has no other. */
const FOLDER_OF_THE_HOMELESS = 'kpss-data';
const PATH = ['dataDirectory'];

interface DataContext {
  readonly env: Environment;
  readonly machine: Machine;
  /** The configuration file's; undefined without a file. */
  readonly folder: string | undefined;
}

/**
 * Where found blocks are written down: as the environment says, else as the file says, else in the user's folder for
 * what must not be lost.
 * @returns an absolute path
 */
export function resolveDataDirectory(
  root: Group,
  { env, machine, folder = '.' }: DataContext,
  problems: Problems,
): string {
  const variable = dataVariableOf(env);
  if (variable !== undefined) problems.label(PATH, DATA_VARIABLE);
  const given = { dataDirectory: variable ?? root.dataDirectory };
  const path = readSection(placesSchema, given, [], problems)?.dataDirectory;
  if (path === undefined) return userFolder(machine, 'data') ?? resolve(FOLDER_OF_THE_HOMELESS);
  const directory = pathFrom(path, variable === undefined ? folder : '.', machine);
  if (directory !== undefined) return directory;
  problems.add(PATH, 'this user has no home folder that ~ could stand for: write the whole path');
  return resolve(FOLDER_OF_THE_HOMELESS);
}
