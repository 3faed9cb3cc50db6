import { posix, win32 } from 'node:path';
import type { Network } from '../chain/coins.ts';
import type { Environment } from './environment.ts';

/** What the place of a node's data depends on. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly homeFolder: string;
  readonly env: Environment;
}

/**
 * Where ravend writes its RPC cookie when raven.conf has no `datadir` and no `rpcpassword`.
 * @returns undefined for coins whose nodes' folders were never seen
 * Source: Ravencoin Core, GetDefaultDataDir and CBaseChainParams
 */
export function defaultCookiePath(network: Network, machine: Machine): string | undefined {
  if (network.coin !== 'ravencoin') return undefined;
  const { join } = machine.platform === 'win32' ? win32 : posix;
  const below = { main: '', test: 'testnet7', regtest: 'regtest' }[network.name];
  return join(dataFolder(machine, join), below, '.cookie');
}

function dataFolder({ platform, homeFolder, env }: Machine, join: (...parts: string[]) => string): string {
  if (platform === 'win32') return join(env.APPDATA ?? join(homeFolder, 'AppData', 'Roaming'), 'Raven');
  if (platform === 'darwin') return join(homeFolder, 'Library', 'Application Support', 'Raven');
  return join(homeFolder, '.raven');
}
