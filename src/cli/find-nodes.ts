import { accessSync, constants } from 'node:fs';
import { NETWORKS, type Network } from '../chain/coins.ts';
import { defaultCookiePath, type Machine, ravenConfPath } from '../config/data-folder.ts';
import { readRavenConf } from '../config/raven-conf.ts';
import type { TcpAnswer } from '../doctor/tcp.ts';

/** How KPSS is to log in to a node. */
export type InitLogin =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** Undefined: where ravend usually has it. */
  | { readonly kind: 'cookie'; readonly path: string | undefined }
  /** KPSS_RPC_USER and KPSS_RPC_PASSWORD: nothing stands in the file. */
  | { readonly kind: 'environment' };

/** A network, and what this machine has of it. */
export interface LocalNode {
  readonly network: Network;
  /** Of the RPC, on this machine. */
  readonly url: string;
  /** Whether something answers there. */
  readonly answers: boolean;
  /** Undefined where none was found. */
  readonly login: InitLogin | undefined;
  /** The file that the login was found in. */
  readonly loginFrom: string | undefined;
}

const LOOPBACK = '127.0.0.1';

/**
 * Looks for nodes on this machine: at each network's RPC port, in ravend's raven.conf, and for its cookie. Nothing is
 * sent to what answers.
 * @param tryPort opens a connection and closes it
 * @returns one for each network, those that answer first
 */
export async function findNodes(
  machine: Machine,
  tryPort: (host: string, port: number) => Promise<TcpAnswer>,
): Promise<LocalNode[]> {
  const confPath = ravenConfPath(machine);
  const conf = readRavenConf(confPath);
  const found = await Promise.all(
    NETWORKS.map(async (network): Promise<LocalNode> => {
      const ownConf = network.coin === 'ravencoin' ? conf : undefined;
      const port = (ownConf?.network === network.name && ownConf.rpcPort) || network.rpcPort;
      const { ok: answers } = await tryPort(LOOPBACK, port);
      const url = `http://${LOOPBACK}:${port}`;
      if (ownConf?.rpcUser !== undefined && ownConf.rpcPassword !== undefined) {
        const login = { kind: 'password', user: ownConf.rpcUser, password: ownConf.rpcPassword } as const;
        return { network, url, answers, login, loginFrom: confPath };
      }
      const cookie = defaultCookiePath(network, machine, ownConf?.dataDir);
      if (cookie === undefined || !isReadable(cookie))
        return { network, url, answers, login: undefined, loginFrom: undefined };
      const path = ownConf?.dataDir === undefined ? undefined : cookie;
      return { network, url, answers, login: { kind: 'cookie', path }, loginFrom: cookie };
    }),
  );
  return found.sort((a, b) => Number(b.answers) - Number(a.answers));
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
