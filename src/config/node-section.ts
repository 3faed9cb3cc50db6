import { isAbsolute, resolve } from 'node:path';
import type { z } from 'zod';
import type { Network } from '../chain/coins.ts';
import type { Credentials } from '../node/credentials.ts';
import { defaultCookiePath, type Machine } from './data-folder.ts';
import type { RpcLogin } from './environment.ts';
import { gotText, type Path, type Problems } from './problems.ts';
import type { nodeSchema } from './schema.ts';
import type { InstanceConfig } from './types.ts';

type NodeSection = z.output<typeof nodeSchema>;

export interface NodeContext {
  readonly network: Network;
  readonly login: RpcLogin;
  readonly machine: Machine;
  /** Relative paths count from here: the configuration file's folder. */
  readonly folder: string;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** The node's URL and how to log in to it, from the file, the environment and the defaults. */
export function resolveNode(
  section: NodeSection,
  path: Path,
  context: NodeContext,
  problems: Problems,
): InstanceConfig['node'] | undefined {
  const address = readUrl(section.url ?? '127.0.0.1', context.network);
  if (typeof address === 'string') {
    problems.add([...path, 'url'], address + gotText(['url'], section.url));
    return undefined;
  }
  const { url } = address;
  const credentials = readCredentials({ ...section, ...address.login }, url, path, context, problems);
  if (credentials === undefined) return undefined;
  return { name: url.host, url: url.href.replace(/\/$/, ''), credentials };
}

interface NodeAddress {
  readonly url: URL;
  /** What stood before the host, and is no part of the URL any more. */
  readonly login: { readonly user?: string; readonly password?: string };
}

/** @returns the URL, or what was expected */
function readUrl(text: string, network: Network): NodeAddress | string {
  const expected = `expected the address of the node, for example http://127.0.0.1:${network.rpcPort}`;
  const full = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(full)) return expected;
  const url = new URL(full);
  if (!['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '') return expected;
  // A URL drops a port that is its protocol's own, so whether one was written must be seen in the text.
  if (url.protocol === 'http:' && url.port === '' && !/:80(\/|$)/.test(full))
    url.port = String(network.rpcPort);
  try {
    const login = {
      ...(url.username !== '' && { user: decodeURIComponent(url.username) }),
      ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    };
    url.username = '';
    url.password = '';
    return { url, login };
  } catch {
    return `${expected}; user and password in it with % signs written as %25`;
  }
}

function readCredentials(
  section: NodeSection,
  url: URL,
  path: Path,
  { network, login, machine, folder }: NodeContext,
  problems: Problems,
): Credentials | undefined {
  const user = login.user?.value ?? section.user;
  const password = login.password?.value ?? section.password;
  if (section.cookie !== undefined) {
    if (user === undefined && password === undefined) {
      return {
        kind: 'cookie',
        path: isAbsolute(section.cookie) ? section.cookie : resolve(folder, section.cookie),
      };
    }
    const other = login.password?.variable ?? login.user?.variable ?? 'user and password';
    problems.add([...path, 'cookie'], `either the cookie or ${other}, not both`);
    return undefined;
  }
  if (user !== undefined && password !== undefined) return checkedLogin(user, password, path, problems);
  if (user !== undefined || password !== undefined) {
    const [there, missing] = user === undefined ? ['password', 'user'] : ['user', 'password'];
    problems.add([...path, missing], `is missing: there is a ${there}, and a node wants both`);
    return undefined;
  }
  const cookie = defaultCookiePath(network, machine);
  if (cookie !== undefined && LOOPBACK.test(url.hostname)) return { kind: 'cookie', path: cookie };
  const why =
    cookie === undefined
      ? `where ${network.coin} keeps its cookie is not known`
      : 'its cookie cannot be read, since the node is on another machine';
  problems.add([...path, 'user'], `is missing, and password too: ${why}`);
  return undefined;
}

function checkedLogin(
  user: string,
  password: string,
  path: Path,
  problems: Problems,
): Credentials | undefined {
  if (!user.includes(':')) return { kind: 'password', user, password };
  problems.add(
    [...path, 'user'],
    'expected a name without a colon: HTTP could not tell it from the password',
  );
  return undefined;
}
