import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';
import type { Network } from '../chain/coins.ts';
import type { Environment } from './environment.ts';

/** What the places of a user's data depend on. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Empty where the user has none. */
  readonly homeFolder: string;
  readonly env: Environment;
}

/** @param env of the process */
export function thisMachine(env: Environment): Machine {
  return { platform: process.platform, homeFolder: homeFolderOrNone(), env };
}

/** In a container a user need not be known to the system, which then knows no home either. */
function homeFolderOrNone(): string {
  try {
    return homedir();
  } catch {
    return '';
  }
}

/** Below ravend's data folder. Source: Ravencoin Core, CBaseChainParams */
const FOLDER_OF_NETWORK = { main: '', test: 'testnet7', regtest: 'regtest' };

/**
 * Where ravend writes its RPC cookie when raven.conf has no `rpcpassword`.
 * @param datadir as raven.conf has it; without it, the usual folder
 * @returns undefined for coins whose nodes' folders were never seen
 * Source: Ravencoin Core, GetDefaultDataDir
 */
export function defaultCookiePath(
  network: Network,
  machine: Machine,
  datadir?: string | undefined,
): string | undefined {
  if (network.coin !== 'ravencoin') return undefined;
  const { join } = machine.platform === 'win32' ? win32 : posix;
  return join(datadir ?? dataFolder(machine, join), FOLDER_OF_NETWORK[network.name], '.cookie');
}

/** Where ravend reads its raven.conf, unless it was started with another. */
export function ravenConfPath(machine: Machine): string {
  const { join } = machine.platform === 'win32' ? win32 : posix;
  return join(dataFolder(machine, join), 'raven.conf');
}

function dataFolder({ platform, homeFolder, env }: Machine, join: (...parts: string[]) => string): string {
  if (platform === 'win32') return join(env.APPDATA ?? join(homeFolder, 'AppData', 'Roaming'), 'Raven');
  if (platform === 'darwin') return join(homeFolder, 'Library', 'Application Support', 'Raven');
  return join(homeFolder, '.raven');
}
