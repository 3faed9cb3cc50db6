import type { z } from 'zod';
import { type BanningRules, DEFAULT_BANNING, DEFAULT_LIMITS, type StratumLimits } from '../stratum/limits.ts';
import type { Path, Problems } from './problems.ts';
import { readSection } from './section.ts';
import { banningSchema, limitsSchema, type stratumSchema } from './stratum-schema.ts';

type LimitsSection = Partial<z.output<typeof limitsSchema>>;

/**
 * What strangers may take.
 * @param path of the group `stratum`
 */
export function resolveLimits(
  { limits, connectionTimeout }: Partial<z.output<typeof stratumSchema>>,
  path: Path,
  problems: Problems,
): StratumLimits {
  const at = [...path, 'limits'];
  const section = readSection(limitsSchema, limits, at, problems) ?? {};
  if (connectionTimeout !== undefined && section.idleTimeoutS !== undefined) {
    const text = 'is the old name of limits.idleTimeoutS, and both are given: keep one of them';
    problems.add([...path, 'connectionTimeout'], text);
  }
  const idleTimeoutS = section.idleTimeoutS ?? connectionTimeout;
  return {
    ...resolveConnections(section, at, problems),
    connectsPerSMax: section.connectsPerS ?? DEFAULT_LIMITS.connectsPerSMax,
    handshakeTimeoutMs: msOf(section.handshakeTimeoutS) ?? DEFAULT_LIMITS.handshakeTimeoutMs,
    loginTimeoutMs: msOf(section.loginTimeoutS) ?? DEFAULT_LIMITS.loginTimeoutMs,
    firstShareTimeoutMs: msOf(section.firstShareTimeoutS) ?? DEFAULT_LIMITS.firstShareTimeoutMs,
    idleTimeoutMs: msOf(idleTimeoutS) ?? DEFAULT_LIMITS.idleTimeoutMs,
    linesPerSMax: section.linesPerS ?? DEFAULT_LIMITS.linesPerSMax,
    backlogBytesMax: section.backlogBytes ?? DEFAULT_LIMITS.backlogBytesMax,
  };
}

type Connections = Pick<
  StratumLimits,
  'connectionsMax' | 'connectionsPerAddressMax' | 'connectionsPerSubnetMax'
>;

/** An address is in a subnet, and a subnet in the world: no bound may be above the one around it. */
function resolveConnections(section: LimitsSection, path: Path, problems: Problems): Connections {
  const { connections: all, connectionsPerSubnet: subnet, connectionsPerAddress: address } = section;
  const tell = (key: keyof LimitsSection, outer: keyof LimitsSection, bound: number, got: number): void => {
    if (got > bound) problems.add([...path, key], `expected at most ${outer}, ${bound}, got ${got}`);
  };
  // What is given moves the defaults out of its way.
  const connectionsMax = all ?? Math.max(DEFAULT_LIMITS.connectionsMax, subnet ?? 0, address ?? 0);
  const usualSubnet = Math.max(DEFAULT_LIMITS.connectionsPerSubnetMax, address ?? 0);
  const connectionsPerSubnetMax = subnet ?? Math.min(usualSubnet, connectionsMax);
  const connectionsPerAddressMax =
    address ?? Math.min(DEFAULT_LIMITS.connectionsPerAddressMax, connectionsPerSubnetMax);
  tell('connectionsPerSubnet', 'connections', connectionsMax, connectionsPerSubnetMax);
  if (subnet === undefined)
    tell('connectionsPerAddress', 'connections', connectionsMax, connectionsPerAddressMax);
  else
    tell('connectionsPerAddress', 'connectionsPerSubnet', connectionsPerSubnetMax, connectionsPerAddressMax);
  return { connectionsMax, connectionsPerSubnetMax, connectionsPerAddressMax };
}

/** When an address is shut out for a while. */
export function resolveBanning(value: unknown, path: Path, problems: Problems): BanningRules {
  const section = readSection(banningSchema, value, path, problems) ?? {};
  if (section.time !== undefined && section.timeS !== undefined) {
    problems.add([...path, 'time'], 'is the old name of timeS, and both are given: keep one of them');
  }
  return {
    isEnabled: section.enabled ?? DEFAULT_BANNING.isEnabled,
    timeMs: msOf(section.timeS ?? section.time) ?? DEFAULT_BANNING.timeMs,
    invalidPercent: section.invalidPercent ?? DEFAULT_BANNING.invalidPercent,
    checkThreshold: section.checkThreshold ?? DEFAULT_BANNING.checkThreshold,
    failedLoginsMax: section.failedLogins ?? DEFAULT_BANNING.failedLoginsMax,
    forgersMax: section.forgers ?? DEFAULT_BANNING.forgersMax,
  };
}

function msOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}
