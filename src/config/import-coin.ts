import { decodeAddress } from '../chain/address.ts';
import { findNetwork, NETWORKS, type Network } from '../chain/coins.ts';
import { type Options, what } from './import-options.ts';
import { type ReportWriter, shown } from './import-report.ts';
import type { OldMember, Spot } from './import-value.ts';
import { listText } from './words.ts';

/** Other names that configurations have for a coin, in small letters. */
const OTHER_NAMES: Readonly<Record<string, Network['coin']>> = {
  raven: 'ravencoin',
  trvn: 'ravencoin',
  satox: 'satoxcoin',
  'ai power grid': 'aipg',
  aipowergrid: 'aipg',
};

/** Members of a coin that said how to speak to its nodes, or which reward it has. */
const KNOWN_ANYWAY = 'KPSS knows it of each coin that it can mine';

/**
 * Which coin and network a pool is of: by the coin's name, then by address and ports.
 * @returns undefined, with the reason reported, where KPSS cannot mine it
 */
export function resolveOldNetwork(options: Options, at: Spot, report: ReportWriter): Network | undefined {
  const named = coinOf(options, report);
  if (named === undefined) return undefined;
  const address = scalarText(options.group.members.get('address'));
  const ofCoin = NETWORKS.filter(({ coin }) => named === 'unknown' || coin === named);
  const fitting = address === undefined ? [] : ofCoin.filter((known) => decodeAddress(address, known).ok);
  const candidates = fitting.length > 0 ? fitting : ofCoin;
  const network = byPort(options, candidates) ?? byFlag(options, candidates) ?? candidates[0];
  if (network === undefined) return undefined;
  tellAssumption({ network, fitting, address, isNamed: named !== 'unknown' }, at, report);
  return network;
}

/** @returns `unknown` where nothing names the coin; undefined where KPSS cannot mine it */
function coinOf(options: Options, report: ReportWriter): Network['coin'] | 'unknown' | undefined {
  const member = options.take('coin');
  if (member === undefined) return 'unknown';
  const { at, value } = member;
  if (value.kind === 'scalar')
    return knownCoin([String(value.value).replace(/\.json$/, '')], undefined, at, report);
  if (value.kind !== 'group') {
    report.look(at, `coin: ${what(value, at.line)}: the address and the ports say which it is`);
    return 'unknown';
  }
  const words = ['symbol', 'name'].flatMap((name) => scalarText(value.members.get(name)) ?? []);
  const coin = knownCoin(words, scalarText(value.members.get('algorithm')), at, report);
  for (const [name, inner] of value.members) {
    if (!['name', 'symbol', 'algorithm'].includes(name))
      report.gone(inner.at, `coin.${shown(name)}`, KNOWN_ANYWAY);
  }
  return coin;
}

/** @param words what it is called, the surest first */
function knownCoin(
  words: readonly string[],
  algorithm: string | undefined,
  at: Spot,
  report: ReportWriter,
): Network['coin'] | 'unknown' | undefined {
  const found = words.flatMap((word) => coinCalled(word) ?? []);
  const [coin] = found;
  const work = NETWORKS.find((known) => known.coin === coin)?.proofOfWork;
  if (algorithm !== undefined && algorithm.toLowerCase() !== (work ?? 'kawpow')) {
    const expected = work === undefined || work === 'kawpow' ? 'kawpow' : `${work} for ${coin}`;
    report.look(
      at,
      `coin.algorithm: ${shown(algorithm)} is refused: KPSS mines ${expected}; this pool is left out`,
    );
    return undefined;
  }
  if (coin === undefined) {
    if (words.length === 0) return 'unknown';
    const names = listText([...new Set(NETWORKS.map((known) => known.coin))]);
    report.look(
      at,
      `coin: ${words.map(shown).join(', ')} is no coin KPSS can mine (${names}): this pool is left out`,
    );
    return undefined;
  }
  if (found.some((other) => other !== coin)) {
    report.look(
      at,
      `coin: symbol and name are of two coins, ${listText([...new Set(found)])}: ${coin} was taken`,
    );
  }
  return coin;
}

function coinCalled(word: string): Network['coin'] | undefined {
  const small = word
    .trim()
    .toLowerCase()
    .replace(/[-_ ]?(testnet|test|regtest|mainnet|main)$/, '');
  const known = NETWORKS.find(({ coin, ticker }) => coin === small || ticker.toLowerCase() === small);
  return known?.coin ?? (Object.hasOwn(OTHER_NAMES, small) ? OTHER_NAMES[small] : undefined);
}

/** Two networks may have the same addresses; a node's or its P2P's usual port tells them apart. */
function byPort(options: Options, candidates: readonly Network[]): Network | undefined {
  const daemons = options.group.members.get('daemons')?.value;
  const nodes = daemons?.kind === 'list' ? daemons.items : [];
  const p2p = options.group.members.get('p2p')?.value;
  const ports = [...nodes, p2p].map((node) =>
    node?.kind === 'group' ? Number(scalarText(node.members.get('port'))) : Number.NaN,
  );
  for (const port of ports) {
    const known = candidates.find(({ rpcPort, p2pPort }) => rpcPort === port || p2pPort === port);
    if (known !== undefined) return known;
  }
  return undefined;
}

/** `testnet: true`, or the coin's own name: `Ravencoin Testnet`. */
function byFlag(options: Options, candidates: readonly Network[]): Network | undefined {
  for (const name of ['regtest', 'testnet'] as const) {
    const value = options.group.members.get(name)?.value;
    if (value?.kind !== 'scalar' || !value.value) continue;
    const known = candidates.find((network) => network.name === (name === 'testnet' ? 'test' : name));
    if (known !== undefined) return known;
  }
  return undefined;
}

interface Assumption {
  readonly network: Network;
  /** Whose addresses the pool's is. */
  readonly fitting: readonly Network[];
  readonly address: string | undefined;
  readonly isNamed: boolean;
}

function tellAssumption(
  { network, fitting, address, isNamed }: Assumption,
  at: Spot,
  report: ReportWriter,
): void {
  const taken = `${network.coin} ${network.name}`;
  if (address === undefined)
    report.look(at, `no address says of which network the pool is: ${taken} was assumed`);
  else if (fitting.length > 1 || (!isNamed && fitting.length > 0)) {
    const all = listText(fitting.map(({ coin, name }) => `${coin} ${name}`));
    const text =
      fitting.length > 1 ? `can be of ${all}: ${taken} was assumed` : `is of ${taken}: that was taken`;
    report.look(at, `the address ${text}`);
  } else if (fitting.length === 0) {
    const decoded = decodeAddress(address, findNetwork(network.coin, network.name) ?? network);
    const why = decoded.ok ? '' : `: ${decoded.text}`;
    report.look(at, `the address ${shown(address)} is none of ${network.coin}${why}; ${taken} was assumed`);
  }
}

/** @returns the text or number there, as text */
export function scalarText(member: OldMember | undefined): string | undefined {
  const value = member?.value;
  return value?.kind === 'scalar' && value.value !== null ? String(value.value) : undefined;
}
