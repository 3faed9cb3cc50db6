import { findNetwork, NETWORKS, type Network } from '../chain/coins.ts';
import type { Machine } from './data-folder.ts';
import type { Environment } from './environment.ts';
import { resolveLogin } from './login-section.ts';
import { readNodes, resolveNodes } from './nodes-section.ts';
import { resolvePayout } from './payout-section.ts';
import type { Path, Problems } from './problems.ts';
import { instanceSchema, payoutSchema, rootSchema } from './schema.ts';
import { type Group, isGroup, readSection } from './section.ts';
import { stratumSchema } from './stratum-schema.ts';
import { resolveStratum } from './stratum-section.ts';
import { resolveThrottle } from './throttle-section.ts';
import { resolveTips } from './tips-section.ts';
import type { InstanceConfig } from './types.ts';
import { gotText } from './words.ts';

const DEFAULT_COIN = 'ravencoin';
const DEFAULT_NETWORK = 'main';

export interface InstanceContext {
  readonly env: Environment;
  readonly machine: Machine;
  /** The configuration file's; undefined without a file. */
  readonly folder: string | undefined;
  /** Whether the configuration has no other instance. */
  readonly isOnly: boolean;
}

export interface InstanceResult {
  /** Undefined where it cannot be known, since what makes it is wrong. */
  readonly name: string | undefined;
  /** Undefined when something in it is wrong; `problems` then has every fault that can be seen at once. */
  readonly instance: InstanceConfig | undefined;
  /** Where the numbers of its ports stand, in their order. */
  readonly portPaths: readonly Path[];
}

/**
 * Reads one instance.
 * @param path empty where its settings stand at the top of the file
 */
export function resolveInstance(
  value: unknown,
  path: Path,
  context: InstanceContext,
  problems: Problems,
): InstanceResult {
  const faultsBefore = problems.count;
  const base = readSection(path.length === 0 ? rootSchema : instanceSchema, value, path, problems);
  const groups = isGroup(value) ? value : {};
  const entries = readNodes(groups, path, problems);
  const tips = resolveTips(groups.tips, base ?? {}, path, problems);
  const throttle = resolveThrottle(groups.throttle, path, problems);
  const payout = readSection(payoutSchema, groups.payout, [...path, 'payout'], problems);
  const stratum = readSection(stratumSchema, groups.stratum, [...path, 'stratum'], problems);
  const miners = stratum && resolveStratum(stratum, [...path, 'stratum'], context, problems);
  const portPaths = miners?.portPaths ?? [];
  const network = resolveNetwork(groups, path, problems);
  const paid = payout && resolvePayout(payout, [...path, 'payout'], network, problems);
  const isPaidByLogin = paid !== undefined && paid.payout.mainScript === undefined;
  const loginPath = [...path, 'stratum', 'login'];
  const login = resolveLogin(stratum?.login, loginPath, { network, isPaidByLogin }, problems);
  if (network === undefined) return { name: base?.name, instance: undefined, portPaths };
  const name = base?.name ?? `${network.coin}-${network.name}`;
  const nodes = entries && resolveNodes(entries, { ...context, network, name }, problems);
  if (problems.count > faultsBefore || !nodes || !paid || !miners) {
    return { name: base?.name === groups.name ? name : undefined, instance: undefined, portPaths };
  }
  const { stratum: side } = miners;
  return {
    name,
    instance: { name, network, nodes, tips, throttle, ...paid, login, stratum: side },
    portPaths,
  };
}

/** The network, or undefined with a problem noted; a misspelt word is the schema's to report. */
function resolveNetwork(groups: Group, path: Path, problems: Problems): Network | undefined {
  const coin = groups.coin ?? DEFAULT_COIN;
  const name = groups.network ?? DEFAULT_NETWORK;
  const ofCoin = NETWORKS.filter((network) => network.coin === coin);
  if (ofCoin.length === 0 || !NETWORKS.some((network) => network.name === name)) return undefined;
  const network = findNetwork(String(coin), String(name));
  if (network === undefined) {
    const names = ofCoin.map((known) => known.name).join(' or ');
    problems.add([...path, 'network'], `expected ${names} for ${coin}${gotText(['network'], name)}`);
    return undefined;
  }
  return network;
}
