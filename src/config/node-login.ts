import { resolve } from 'node:path';
import type { z } from 'zod';
import type { Network } from '../chain/coins.ts';
import type { Credentials } from '../node/credentials.ts';
import { defaultCookiePath, type Machine } from './data-folder.ts';
import { type Environment, loginVariables, rpcLoginOf } from './environment.ts';
import { isLoopback } from './host.ts';
import type { Path, Problems } from './problems.ts';
import type { nodeSchema } from './schema.ts';
import { pathFrom } from './user-folder.ts';

export type NodeSection = z.output<typeof nodeSchema>;

/** What stands in a URL before the host. */
export interface UrlLogin {
  readonly user?: string;
  readonly password?: string;
}

export interface LoginContext {
  readonly network: Network;
  /** The instance's. */
  readonly name: string;
  /** Whether the configuration has no other instance. */
  readonly isOnly: boolean;
  /** Whether the instance has other nodes: then a login in the environment is theirs, too. */
  readonly isOneOfSeveral: boolean;
  readonly env: Environment;
  readonly machine: Machine;
  /** Relative paths count from here: the configuration file's folder; undefined without a file. */
  readonly folder: string | undefined;
}

/** User or password, and the flag or variable that it came from: undefined for the file. */
interface LoginPart {
  readonly value: string;
  readonly label: string | undefined;
}

/**
 * How to log in to the node: by the flag's URL, else by the environment, else by the file, else by the cookie. Of several
 * nodes each goes by the file first: what the environment has cannot be meant for all whose logins differ.
 */
export function resolveCredentials(
  section: NodeSection,
  { url, login }: { readonly url: URL; readonly login: UrlLogin },
  path: Path,
  context: LoginContext,
  problems: Problems,
): Credentials | undefined {
  const flag = problems.labelOf([...path, 'url']);
  const env = rpcLoginOf(context.env, context.name, context.isOnly);
  const part = (key: 'user' | 'password'): LoginPart | undefined => {
    const ofUrl = partOf(login[key], flag);
    const ofFile = partOf(section[key], undefined);
    const ofEnv = partOf(env[key]?.value, env[key]?.variable);
    const found = context.isOneOfSeveral
      ? (ofUrl ?? ofFile ?? (section.cookie === undefined ? ofEnv : undefined))
      : ((flag === undefined ? (ofEnv ?? ofUrl) : (ofUrl ?? ofEnv)) ?? ofFile);
    if (found?.label !== undefined) problems.label([...path, key], found.label);
    return found;
  };
  const user = part('user');
  const password = part('password');
  if (section.cookie !== undefined) {
    if (user === undefined && password === undefined) {
      const folder = context.folder ?? '.';
      const path = pathFrom(section.cookie, folder, context.machine) ?? resolve(folder, section.cookie);
      return { kind: 'cookie', path };
    }
    if ([user, password].every((given) => given?.label === undefined)) {
      problems.add([...path, 'cookie'], 'either the cookie or user and password, not both');
      return undefined;
    }
  }
  if (user !== undefined && password !== undefined) return checkedLogin(user, password, path, problems);
  if (user !== undefined || password !== undefined) {
    tellHalf(user, password, path, context, problems);
    return undefined;
  }
  return defaultCookie(url, path, context, problems);
}

function partOf(value: string | undefined, label: string | undefined): LoginPart | undefined {
  return value === undefined ? undefined : { value, label };
}

function checkedLogin(
  user: LoginPart,
  password: LoginPart,
  path: Path,
  problems: Problems,
): Credentials | undefined {
  if (!user.value.includes(':')) return { kind: 'password', user: user.value, password: password.value };
  problems.add(
    [...path, 'user'],
    'expected a user name without a colon: HTTP could not tell it from the password',
  );
  return undefined;
}

function tellHalf(
  user: LoginPart | undefined,
  password: LoginPart | undefined,
  path: Path,
  { name, isOnly }: LoginContext,
  problems: Problems,
): void {
  const [there, missing] =
    user === undefined ? (['password', 'user'] as const) : (['user', 'password'] as const);
  const label = (user ?? password)?.label;
  const variable = loginVariables(name, isOnly)[missing];
  if (label === undefined) {
    const cure = `write it too, or set ${variable}`;
    problems.add([...path, missing], `is missing: there is a ${there}, and a node wants both; ${cure}`);
  } else if (label.startsWith('--')) {
    const cure = `write http://user:password@host, or set ${variable}`;
    problems.addTo(label, `has a ${there} and no ${missing}, and a node wants both; ${cure}`);
  } else {
    problems.addTo(variable, `is missing: ${label} is set, and a node wants both`);
  }
}

function defaultCookie(
  url: URL,
  path: Path,
  { network, machine, name, isOnly, folder }: LoginContext,
  problems: Problems,
): Credentials | undefined {
  const cookie = defaultCookiePath(network, machine);
  if (cookie !== undefined && isLoopback(url.hostname)) return { kind: 'cookie', path: cookie };
  const why =
    cookie === undefined
      ? `where ${network.coin} keeps its cookie is not known`
      : 'its cookie cannot be read, since the node is on another machine';
  const variables = loginVariables(name, isOnly);
  const set = `set ${variables.user} and ${variables.password}`;
  const isFlag = problems.labelOf([...path, 'url']) !== undefined;
  if (folder === undefined || isFlag) {
    const text = `user and password are missing: ${why}; ${set}, or write http://user:password@${url.host}`;
    problems.add([...path, 'url'], text);
  } else {
    problems.add([...path, 'user'], `is missing, and password too: ${why}; write both, or ${set}`);
  }
  return undefined;
}
