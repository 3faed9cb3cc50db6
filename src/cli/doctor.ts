import { lstatSync } from 'node:fs';
import { resolveConfig } from '../config/load.ts';
import type { Config, ConfigFlags } from '../config/types.ts';
import { type Check, type Finding, green, isFit, red, yellow } from '../doctor/check.ts';
import { type DoctorStyle, doctorJson, doctorText } from './doctor-text.ts';

export interface DoctorFlags extends ConfigFlags {
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
}

export interface DoctorIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly style: DoctorStyle;
  /** To standard output. */
  print(text: string): void;
  examine(config: Config): Promise<readonly Check[]>;
}

/** Taken when it is there and no other is named, as by kpss start. */
const DEFAULT_FILE = 'kpss.yaml';

/**
 * `kpss doctor`: everything between this configuration and a found block, looked at once.
 * @returns the exit code: 0 when nothing is red, 1 when something is, 2 when the configuration is wrong
 */
export async function runDoctor(
  { config: named, json = false, ...flags }: DoctorFlags,
  io: DoctorIo,
): Promise<number> {
  const show = (checks: readonly Check[]): void =>
    io.print(json ? doctorJson(checks) : doctorText(checks, io.style));
  const isThere = lstatSync(DEFAULT_FILE, { throwIfNoEntry: false }) !== undefined;
  const file = named ?? (isThere ? DEFAULT_FILE : undefined);
  const resolved = resolveConfig({ file, flags, env: io.env });
  if (!resolved.ok) {
    const cure = 'Mend it, and look again. README.md lists all settings.';
    show(resolved.problems.map((problem) => ofConfig(red('config', `${problem}.`, cure))));
    return 2;
  }
  const { config } = resolved;
  const checks = [ofConfig(judgeSource(file, flags, config)), ...(await io.examine(config))];
  show(checks);
  return isFit(checks) ? 0 : 1;
}

function judgeSource(file: string | undefined, flags: ConfigFlags, { instances }: Config): Finding {
  const nodes = instances.reduce((sum, instance) => sum + instance.nodes.length, 0);
  const count = `${counted(instances.length, 'instance')} with ${counted(nodes, 'node')}`;
  if (file !== undefined) return green('config', `${file} can be read: ${count}.`);
  if (Object.values(flags).some((flag) => flag !== undefined))
    return green('config', `Taken from the flags: ${count}.`);
  return yellow(
    'config',
    `There is no ${DEFAULT_FILE} in ${process.cwd()}, and no flag: looked at with the defaults, for a node on this machine.`,
    'kpss init asks for what is needed, and writes it. Without it, kpss start would run the devnet.',
  );
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function ofConfig(finding: Finding): Check {
  return { ...finding, instance: undefined, node: undefined };
}
