import { type Path, type Problems, pathText } from './problems.ts';
import { type Group, isGroup } from './section.ts';
import type { ConfigFlags } from './types.ts';

/** One instance as the file has it, and where. */
export interface InstanceEntry {
  readonly value: unknown;
  readonly path: Path;
}

interface Flag {
  readonly name: keyof ConfigFlags;
  readonly label: string;
  /** Where its setting stands, below the instance or at the top. */
  readonly path: Path;
}

const OF_INSTANCE: readonly Flag[] = [
  { name: 'node', label: '--node', path: ['node', 'url'] },
  { name: 'address', label: '--address', path: ['payout', 'address'] },
  { name: 'host', label: '--host', path: ['stratum', 'host'] },
  { name: 'port', label: '--port', path: ['stratum', 'port'] },
  { name: 'coin', label: '--coin', path: ['coin'] },
  { name: 'network', label: '--network', path: ['network'] },
];
const OF_ALL: readonly Flag[] = [
  { name: 'logLevel', label: '--log-level', path: ['log', 'level'] },
  { name: 'logFormat', label: '--log-format', path: ['log', 'format'] },
];

/** Writes the flags over what the file says, and has the problems of what was written name the flag. */
export function applyFlags(
  root: Group,
  entries: readonly InstanceEntry[],
  flags: ConfigFlags,
  problems: Problems,
): void {
  for (const flag of OF_ALL) write(root, [], flag, flags[flag.name], problems);
  const [only, ...others] = entries;
  for (const flag of OF_INSTANCE) {
    const value = flags[flag.name];
    if (value === undefined || only === undefined) continue;
    if (others.length > 0) {
      const text = `the file has ${entries.length} instances, and a flag changes a single one`;
      problems.addTo(flag.label, text);
    } else if (isGroup(only.value)) {
      if (flag.name === 'node') dropOtherNodes(only.value);
      const target = flag.path[0] === 'stratum' ? toThePort(only, flag, value, problems) : flag;
      if (target !== undefined) write(only.value, only.path, target, value, problems);
    }
  }
}

/**
 * `--node` is the only node then. Of a list nothing is left; of a single one stays how to log in, and goes what says where
 * another machine has its other ports.
 */
function dropOtherNodes(instance: Group): void {
  if (Array.isArray(instance.nodes)) delete instance.nodes;
  if (!isGroup(instance.node)) return;
  for (const key of ['name', 'zmq']) delete instance.node[key];
  if (instance.node.p2p !== 'off') delete instance.node.p2p;
}

/**
 * Where the file has a list of ports, its single one is meant.
 * @returns undefined when there are several, which is noted
 */
function toThePort(
  { value: instance, path: base }: InstanceEntry,
  flag: Flag,
  value: string,
  problems: Problems,
): Flag | undefined {
  const ports = isGroup(instance) && isGroup(instance.stratum) ? instance.stratum.ports : undefined;
  const setting = flag.path.at(-1) ?? '';
  if (isGroup(ports) && Object.keys(ports).length === 1) {
    const [[number = '', settings] = []] = Object.entries(ports);
    if (flag.name !== 'port') return { ...flag, path: ['stratum', 'ports', number, setting] };
    // Its number is its name.
    delete ports[number];
    ports[value] = settings;
    problems.label([...base, 'stratum', 'ports', value], flag.label);
    return undefined;
  }
  if (Array.isArray(ports) && ports.length === 1) {
    return isGroup(ports[0]) ? { ...flag, path: ['stratum', 'ports', 0, setting] } : undefined;
  }
  if (!Array.isArray(ports) && !isGroup(ports)) return flag;
  const count = Object.keys(ports).length;
  problems.addTo(flag.label, `the file has ${count} ports, and a flag changes a single one`);
  return undefined;
}

/** The flag that would set a missing setting, where there is no file to write it to. */
export function flagFor(path: Path): string {
  return OF_INSTANCE.find((flag) => flag.path[0] === path[0])?.label ?? pathText(path);
}

function write(target: Group, base: Path, flag: Flag, value: string | undefined, problems: Problems): void {
  if (value === undefined) return;
  let group = target;
  for (const [i, step] of flag.path.slice(0, -1).entries()) {
    group[step] ??= {};
    const next = group[step];
    const isList = Array.isArray(next) && typeof flag.path[i + 1] === 'number';
    // Not a group: the file is wrong there, which is told in its own place.
    if (!isGroup(next) && !isList) return;
    group = next as Group;
  }
  const isNumber = flag.name === 'port' && /^\d+$/.test(value);
  group[flag.path.at(-1) ?? ''] = isNumber ? Number(value) : value;
  problems.label([...base, ...flag.path], flag.label);
}
