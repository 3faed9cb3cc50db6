import { decodeAddress } from '../chain/address.ts';
import type { Network } from '../chain/coins.ts';
import type { Environment } from '../config/environment.ts';
import { isLoopback } from '../config/host.ts';
import type { InitLogin, LocalNode } from './find-nodes.ts';
import {
  DEFAULT_HOST,
  DEFAULT_PORT,
  hasLogin,
  type InitFlags,
  networkFromFlags,
  readNodeUrl,
} from './init-answers.ts';
import type { InitAnswers } from './init-file.ts';

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint?: string;
}

/** Questions to whoever sits at the terminal. Each rejects with PromptsCancelled at Ctrl+C. */
export interface Prompts {
  say(text: string): void;
  select(message: string, choices: readonly Choice[], initial: string): Promise<string>;
  /** @param validate what is wrong with an answer, which is then asked for again */
  text(
    message: string,
    options: {
      /** Shown, and taken where nothing is typed. */
      readonly initial?: string | undefined;
      readonly placeholder?: string;
      readonly validate?: (answer: string) => string | undefined;
    },
  ): Promise<string>;
  /** Not shown while it is typed. */
  secret(message: string): Promise<string>;
  confirm(message: string): Promise<boolean>;
}

/** Whoever was asked pressed Ctrl+C. */
export class PromptsCancelled extends Error {}

const EVERYWHERE = '0.0.0.0';

/** Asks for what the flags leave open, with what was found on this machine as defaults. */
export async function askAnswers(
  flags: InitFlags,
  local: readonly LocalNode[],
  prompts: Prompts,
  env: Environment,
): Promise<InitAnswers> {
  tellFound(local, prompts);
  const network = await askNetwork(flags, local, prompts);
  const found = local.find((node) => node.network === network);
  const node = await askNode(flags, network, found, prompts);
  const login = node.login ?? (await askLogin(node.url, network, found, prompts, env));
  const address = flags.address ?? (await askAddress(network, prompts));
  const host = flags.host ?? (await askHost(prompts));
  const blocksPerHour = network.name === 'test' ? await askThrottle(prompts) : undefined;
  const port = flags.port === undefined ? DEFAULT_PORT : Number(flags.port);
  return { network, url: node.url, login, address: address || undefined, host, port, blocksPerHour };
}

function tellFound(local: readonly LocalNode[], prompts: Prompts): void {
  const answering = local.filter(({ answers }) => answers);
  if (answering.length === 0) {
    prompts.say('No node answers on this machine at present. It may be started later, or be on another one.');
  }
  for (const { network, url, loginFrom } of answering) {
    const login = loginFrom === undefined ? '' : `, and its login in ${loginFrom}`;
    prompts.say(`Found what looks like a node of ${network.coin} ${network.name} at ${url}${login}.`);
  }
}

async function askNetwork(flags: InitFlags, local: readonly LocalNode[], prompts: Prompts): Promise<Network> {
  const usual = networkFromFlags(flags, local) ?? local[0]?.network;
  if (usual === undefined) throw new Error('the coin table has lost its networks');
  if (flags.coin !== undefined && flags.network !== undefined) return usual;
  const nameOf = ({ coin, name }: Network): string => `${coin} ${name}`;
  const choices = local.map(({ network, answers }) => ({
    value: nameOf(network),
    label: nameOf(network),
    ...(answers ? { hint: 'a node answers on this machine' } : {}),
  }));
  const chosen = await prompts.select('Which coin and network do you mine?', choices, nameOf(usual));
  return local.find(({ network }) => nameOf(network) === chosen)?.network ?? usual;
}

async function askNode(
  { node }: InitFlags,
  network: Network,
  found: LocalNode | undefined,
  prompts: Prompts,
): Promise<{ readonly url: string; readonly login: InitLogin | undefined }> {
  const given = node === undefined ? undefined : readNodeUrl(node, network);
  if (given !== undefined) return given;
  const answer = await prompts.text('Where is your node’s RPC?', {
    initial: found?.url ?? `http://127.0.0.1:${network.rpcPort}`,
    validate: (text) =>
      readNodeUrl(text, network) === undefined
        ? `That is no address of a node; one looks like http://192.168.1.10:${network.rpcPort}`
        : undefined,
  });
  const read = readNodeUrl(answer, network);
  if (read === undefined) throw new Error('an answer that was not validated');
  return read;
}

async function askLogin(
  url: string,
  network: Network,
  found: LocalNode | undefined,
  prompts: Prompts,
  env: Environment,
): Promise<InitLogin> {
  const own = found?.url === url ? found.login : undefined;
  const isLocal = isLoopback(new URL(url).hostname) && network.coin === 'ravencoin';
  const choices: Choice[] = [
    ...(own?.kind === 'password'
      ? [{ value: 'found', label: `user ${own.user} and the password of ${found?.loginFrom}` }]
      : []),
    ...(isLocal && own?.kind !== 'password'
      ? [
          {
            value: 'cookie',
            label: 'the cookie file that ravend writes',
            hint: 'when raven.conf has no rpcpassword',
          },
        ]
      : []),
    {
      value: 'type',
      label: 'a user and password that I type',
      hint: 'rpcuser and rpcpassword of raven.conf',
    },
    {
      value: 'environment',
      label: 'KPSS_RPC_USER and KPSS_RPC_PASSWORD of the environment',
      hint: hasLogin(env, network) ? 'set' : 'not set at present',
    },
  ];
  const initial = hasLogin(env, network) ? 'environment' : (choices[0]?.value ?? 'type');
  const chosen = await prompts.select('How does KPSS log in to it?', choices, initial);
  if (chosen === 'found' && own !== undefined) return own;
  if (chosen === 'cookie') return own ?? { kind: 'cookie', path: undefined };
  if (chosen === 'environment') return { kind: 'environment' };
  const user = await prompts.text('rpcuser', {
    validate: (text) => (text === '' || text.includes(':') ? 'A user name, without a colon' : undefined),
  });
  return { kind: 'password', user, password: await prompts.secret('rpcpassword') };
}

async function askAddress(network: Network, prompts: Prompts): Promise<string> {
  const answer = await prompts.text('Which address do your blocks pay?', {
    placeholder: 'leave it empty to pay each miner at its login address',
    validate: (text) => {
      const decoded = text.trim() === '' ? undefined : decodeAddress(text.trim(), network);
      if (decoded === undefined || decoded.ok) return undefined;
      return `Not an address of ${network.coin} ${network.name}: ${decoded.text}`;
    },
  });
  return answer.trim();
}

function askHost(prompts: Prompts): Promise<string> {
  const choices = [
    { value: DEFAULT_HOST, label: 'only this machine' },
    {
      value: EVERYWHERE,
      label: 'every machine in my network: whoever is in it can connect',
      hint: 'only in a network you trust; read docs/limits.md before the internet reaches this port',
    },
  ];
  return prompts.select('From where do miners connect?', choices, DEFAULT_HOST);
}

/** Blocks an hour as kpss.yaml takes them. */
const PER_HOUR = { min: 0.01, max: 3600 };

async function askThrottle(prompts: Prompts): Promise<number | undefined> {
  const answer = await prompts.text(
    'How many blocks an hour at the most, to keep the testnet’s difficulty low?',
    {
      placeholder: 'leave it empty for no limit',
      validate: (text) => {
        const number = Number(text);
        const isFine = text.trim() === '' || (number >= PER_HOUR.min && number <= PER_HOUR.max);
        return isFine ? undefined : `A number from ${PER_HOUR.min} to ${PER_HOUR.max}, or nothing`;
      },
    },
  );
  return answer.trim() === '' ? undefined : Number(answer);
}
