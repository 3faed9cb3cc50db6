import type { z } from 'zod';
import type { PortOptions } from '../stratum/listener.ts';
import type { StratumServerOptions } from '../stratum/server.ts';
import { resolveBanning, resolveLimits } from './limits-section.ts';
import { type PlaceContext, type PortSection, resolvePort } from './port-section.ts';
import type { Path, Problems } from './problems.ts';
import { type Group, isGroup, readSection } from './section.ts';
import { PORT, PORTS_MAX, portSchema, type stratumSchema } from './stratum-schema.ts';
import { gotText } from './words.ts';

type StratumSection = Partial<z.output<typeof stratumSchema>>;

/** The miners' side of an instance, and where in the file each of its ports stands. */
export interface StratumResult {
  readonly stratum: StratumServerOptions;
  /** In the order of the ports: paths of the setting that names its number. */
  readonly portPaths: readonly Path[];
}

/** Where miners connect, how difficult their shares are, and what strangers may take. */
export function resolveStratum(
  section: StratumSection,
  path: Path,
  context: PlaceContext,
  problems: Problems,
): StratumResult {
  const entries = readPorts(section, path, problems);
  const ports: PortOptions[] = [];
  for (const { own, at } of entries) ports.push(resolvePort(own, at, { ...context, problems }));
  const limits = resolveLimits(section, path, problems);
  const banning = resolveBanning(section.banning, [...path, 'banning'], problems);
  return { stratum: { ports, limits, banning }, portPaths: entries.map(({ portPath }) => portPath) };
}

/** A port's settings, with where each group of them stands: in the port, or beside the list where it counts for all. */
interface PortEntry {
  readonly own: PortSection;
  readonly at: (key: keyof PortSection) => Path;
  readonly portPath: Path;
}

/** The short form, which is a single port; or the list `ports`; or the old server's group, in which numbers are names. */
function readPorts(section: StratumSection, path: Path, problems: Problems): PortEntry[] {
  const { ports } = section;
  if (ports === undefined) {
    return [{ own: section, at: (key) => [...path, key], portPath: [...path, 'port'] }];
  }
  const at = [...path, 'ports'];
  if (section.port !== undefined) {
    problems.add([...path, 'port'], 'either port or ports, not both: give each of ports its own');
  }
  const named = isGroup(ports) ? Object.entries(ports) : undefined;
  if (named === undefined && !Array.isArray(ports)) {
    problems.add(at, `expected a list of ports${gotText([], ports)}`);
    return [];
  }
  const values: readonly (readonly [string | number, unknown])[] =
    named ?? (ports as unknown[]).map((value, i) => [i, value]);
  if (values.length === 0) problems.add(at, 'expected at least one port');
  if (values.length > PORTS_MAX) {
    problems.add(at, `expected at most ${PORTS_MAX} ports, got ${values.length}`);
    return [];
  }
  return values.flatMap(([key, value]) => {
    const portAt = [...at, key];
    const given = named === undefined ? value : withNumber(String(key), value, portAt, problems);
    if (named !== undefined && given === undefined) {
      problems.add(portAt, `expected a group of settings${gotText([], value)}`);
      return [];
    }
    const own = readSection(portSchema, given, portAt, problems);
    if (own === undefined) return [];
    if (own.port === undefined && !hasKey(given, 'port')) {
      problems.add([...portAt, 'port'], 'is missing: each of several ports needs its number');
    }
    const portPath = named === undefined ? [...portAt, 'port'] : portAt;
    return [{ ...withCommon(own, section, portAt, path), portPath }];
  });
}

/** @returns the settings of a port whose number is its name; undefined where they are no group */
function withNumber(key: string, value: unknown, path: Path, problems: Problems): Group | undefined {
  if (!isGroup(value)) return undefined;
  const port = /^\d{1,5}$/.test(key) ? Number(key) : Number.NaN;
  if (!(port >= 1 && port <= 65535)) problems.add(path, `${PORT}, as the name of each`);
  if (Object.hasOwn(value, 'port')) problems.add([...path, 'port'], 'its name is its number: leave this out');
  return { ...value, port: port >= 1 && port <= 65535 ? port : 0 };
}

/** One says how difficult shares are: what is beside the list counts where the port has none of them. */
const DIFFICULTIES = ['difficulty', 'vardiff', 'diff', 'varDiff'] as const;

function withCommon(
  own: PortSection,
  common: StratumSection,
  portPath: Path,
  path: Path,
): Omit<PortEntry, 'portPath'> {
  const hasDifficulty = DIFFICULTIES.some((key) => own[key] !== undefined);
  const shared: (keyof PortSection)[] = ['host', 'tls', 'proxies'];
  if (!hasDifficulty) shared.push(...DIFFICULTIES);
  const inherited = shared.filter((key) => own[key] === undefined && common[key] !== undefined);
  return {
    own: { ...Object.fromEntries(inherited.map((key) => [key, common[key]])), ...own },
    at: (key) => (inherited.includes(key) ? [...path, key] : [...portPath, key]),
  };
}

function hasKey(value: unknown, key: string): boolean {
  return isGroup(value) && Object.hasOwn(value, key);
}
