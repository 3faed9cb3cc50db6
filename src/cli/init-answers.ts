import { findNetwork, type Network } from '../chain/coins.ts';
import { type Environment, rpcLoginOf } from '../config/environment.ts';
import { parseNodeUrl } from '../config/node-section.ts';
import type { InitLogin, LocalNode } from './find-nodes.ts';
import type { InitAnswers } from './init-file.ts';

/** As typed. */
export interface InitFlags {
  readonly yes?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly file?: string | undefined;
  readonly coin?: string | undefined;
  readonly network?: string | undefined;
  readonly node?: string | undefined;
  readonly address?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
}

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 3333;
const DEFAULT_COIN = 'ravencoin';

/**
 * The answers without a question: the flags, and else what was found or is usual. Addresses and the like are checked
 * with the whole file, afterwards.
 * @returns or what is wrong with the flags
 */
export function answersFromFlags(
  flags: InitFlags,
  local: readonly LocalNode[],
  env: Environment,
): InitAnswers | string {
  const network = networkFromFlags(flags, local);
  if (network === undefined)
    return `KPSS knows no network ${flags.network ?? 'main'} of ${flags.coin ?? DEFAULT_COIN}`;
  const found = local.find((node) => node.network === network);
  const given = readNodeUrl(flags.node ?? found?.url ?? `http://127.0.0.1:${network.rpcPort}`, network);
  if (given === undefined)
    return '--node: expected the address of the node, for example http://127.0.0.1:8766';
  const port = flags.port === undefined ? DEFAULT_PORT : Number(flags.port);
  if (!/^\d+$/.test(String(port))) return `--port: expected a port number, got ${flags.port}`;
  return {
    network,
    url: given.url,
    login: given.login ?? knownLogin(given.url, found, env),
    address: flags.address,
    host: flags.host ?? DEFAULT_HOST,
    port,
    blocksPerHour: undefined,
  };
}

/** @returns undefined where there is no such network; without flags, that of a node which answers here, else ravencoin's main */
export function networkFromFlags(
  { coin, network }: Pick<InitFlags, 'coin' | 'network'>,
  local: readonly LocalNode[],
): Network | undefined {
  const fits = local.filter(
    (node) =>
      (coin === undefined || node.network.coin === coin) &&
      (network === undefined || node.network.name === network),
  );
  const usual = findNetwork(coin ?? DEFAULT_COIN, network ?? 'main');
  const answering = fits.find(({ answers }) => answers);
  return answering?.network ?? fits.find((node) => node.network === usual)?.network;
}

/** The environment's login wins at every start anyway; then what was found for this very node; else its cookie. */
export function knownLogin(url: string, found: LocalNode | undefined, env: Environment): InitLogin {
  if (hasLogin(env, found?.network)) return { kind: 'environment' };
  if (found?.login !== undefined && found.url === url) return found.login;
  return { kind: 'cookie', path: undefined };
}

/** Whether user and password are set in the environment. */
export function hasLogin(env: Environment, network: Network | undefined): boolean {
  const { user, password } = rpcLoginOf(env, network ? `${network.coin}-${network.name}` : '', true);
  return user !== undefined && password !== undefined;
}

/**
 * @param text a URL, or host and port; user and password may stand before the host
 * @returns undefined when it is none
 */
export function readNodeUrl(
  text: string,
  network: Network,
): { readonly url: string; readonly login: InitLogin | undefined } | undefined {
  const parsed = parseNodeUrl(text, network);
  if (typeof parsed === 'string') return undefined;
  const { user, password } = parsed.login;
  const url = parsed.url.href.replace(/\/$/, '');
  if (user === undefined || password === undefined)
    return user === password ? { url, login: undefined } : undefined;
  return { url, login: { kind: 'password', user, password } };
}
