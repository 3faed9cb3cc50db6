import { posix, resolve, win32 } from 'node:path';
import type { Machine } from './data-folder.ts';

/** What a program keeps for its user: what it can make again, or what must not be lost. */
type FolderKind = 'cache' | 'data';

const XDG_VARIABLES = { cache: 'XDG_CACHE_HOME', data: 'XDG_DATA_HOME' };
const BELOW_HOME = {
  xdg: { cache: ['.cache'], data: ['.local', 'share'] },
  darwin: { cache: ['Library', 'Caches'], data: ['Library', 'Application Support'] },
};

/**
 * The user's folder for files of KPSS.
 * @returns an absolute path; undefined where the user has no home
 * Sources: XDG Base Directory Specification; Apple, File System Programming Guide; Microsoft, FOLDERID_LocalAppData
 */
export function userFolder({ platform, homeFolder, env }: Machine, kind: FolderKind): string | undefined {
  const { isAbsolute, join } = platform === 'win32' ? win32 : posix;
  const named = platform === 'win32' ? env.LOCALAPPDATA : env[XDG_VARIABLES[kind]];
  const below = platform === 'win32' ? ['kpss', kind] : ['kpss'];
  // The specification has relative paths ignored.
  if (platform !== 'darwin' && named !== undefined && isAbsolute(named)) return join(named, ...below);
  if (homeFolder === '') return undefined;
  if (platform === 'win32') return join(homeFolder, 'AppData', 'Local', ...below);
  return join(homeFolder, ...BELOW_HOME[platform === 'darwin' ? 'darwin' : 'xdg'][kind], ...below);
}

/**
 * A path as the file or the environment has it.
 * @param folder from which a relative one counts; one that begins with `~` counts from the user's home
 * @returns an absolute path; undefined where the user has no home and the path needs one
 */
export function pathFrom(path: string, folder: string, { homeFolder }: Machine): string | undefined {
  const below = /^~(?:[/\\](.*))?$/s.exec(path);
  if (below === null) return resolve(folder, path);
  return homeFolder === '' ? undefined : resolve(homeFolder, below[1] ?? '');
}
