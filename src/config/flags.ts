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
      write(only.value, only.path, flag, value, problems);
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

/** The flag that would set a missing setting, where there is no file to write it to. */
export function flagFor(path: Path): string {
  return OF_INSTANCE.find((flag) => flag.path[0] === path[0])?.label ?? pathText(path);
}

function write(target: Group, base: Path, flag: Flag, value: string | undefined, problems: Problems): void {
  if (value === undefined) return;
  let group = target;
  for (const step of flag.path.slice(0, -1)) {
    group[step] ??= {};
    const next = group[step];
    // Not a group: the file is wrong there, which is told in its own place.
    if (!isGroup(next)) return;
    group = next;
  }
  const isNumber = flag.name === 'port' && /^\d+$/.test(value);
  group[flag.path.at(-1) ?? ''] = isNumber ? Number(value) : value;
  problems.label([...base, ...flag.path], flag.label);
}
