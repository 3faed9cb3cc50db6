import { type Path, type Problems, pathText } from './problems.ts';
import { type Group, isGroup } from './section.ts';
import type { ConfigFlags } from './types.ts';

/** One instance as the file has it, and where. */
export interface InstanceEntry {
  readonly value: unknown;
  readonly path: Path;
}

interface Flag {
  readonly label: string;
  readonly value: string | undefined;
  /** Below the instance. */
  readonly path: Path;
}

/**
 * Writes the flags over what the file says.
 * @param labels gets, for each setting written, the flag that a problem with it is to name
 */
export function applyFlags(
  root: Group,
  entries: readonly InstanceEntry[],
  flags: ConfigFlags,
  labels: Map<string, string>,
  problems: Problems,
): void {
  const ofInstance: readonly Flag[] = [
    { label: '--node', value: flags.node, path: ['node', 'url'] },
    { label: '--address', value: flags.address, path: ['payout', 'address'] },
    { label: '--port', value: flags.port, path: ['stratum', 'port'] },
    { label: '--coin', value: flags.coin, path: ['coin'] },
    { label: '--network', value: flags.network, path: ['network'] },
  ];
  const ofAll: readonly Flag[] = [
    { label: '--log-level', value: flags.logLevel, path: ['log', 'level'] },
    { label: '--log-format', value: flags.logFormat, path: ['log', 'format'] },
  ];
  for (const flag of ofAll) write(root, [], flag, labels);
  const [only, ...others] = entries;
  for (const flag of ofInstance) {
    if (flag.value === undefined || only === undefined) continue;
    if (others.length === 0) {
      if (isGroup(only.value)) write(only.value, only.path, flag, labels);
    } else {
      labels.set(flag.label, flag.label);
      problems.add([flag.label], `the file has ${entries.length} instances, and a flag changes a single one`);
    }
  }
}

function write(target: Group, base: Path, flag: Flag, labels: Map<string, string>): void {
  if (flag.value === undefined) return;
  let group = target;
  for (const step of flag.path.slice(0, -1)) {
    group[step] ??= {};
    const next = group[step];
    // Not a group: the file is wrong there, which is told in its own place.
    if (!isGroup(next)) return;
    group = next;
  }
  const isNumber = flag.label === '--port' && /^\d+$/.test(flag.value);
  group[flag.path.at(-1) ?? ''] = isNumber ? Number(flag.value) : flag.value;
  labels.set(pathText([...base, ...flag.path]), flag.label);
}
