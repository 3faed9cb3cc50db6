import { resolveConfig } from '../config/load.ts';
import type { Config, ConfigFlags } from '../config/types.ts';
import { type Check, type Finding, green, isFit, red, yellow } from '../doctor/check.ts';
import { CONFIG_FILE, configFile } from './config-file.ts';
import { withoutControlCodes } from './control-codes.ts';
import { type DoctorStyle, doctorJson, doctorText } from './doctor-text.ts';
import { manyText } from './status-words.ts';

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

/**
 * `kpss doctor`: everything between this configuration and a found block, looked at once.
 * @returns the exit code: 0 when nothing is red, 1 when something is, 2 when the configuration is wrong
 */
export async function runDoctor(
  { config: named, json = false, ...flags }: DoctorFlags,
  io: DoctorIo,
): Promise<number> {
  const show = (found: readonly Check[]): void => {
    const checks = found.map(shown);
    io.print(json ? doctorJson(checks) : doctorText(checks, io.style));
  };
  const file = configFile(named);
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
  const count = `${manyText(instances.length, 'instance')} with ${manyText(nodes, 'node')}`;
  if (file !== undefined) return green('config', `${file} can be read: ${count}.`);
  if (Object.values(flags).some((flag) => flag !== undefined))
    return green('config', `Taken from the flags: ${count}.`);
  return yellow(
    'config',
    `There is no ${CONFIG_FILE} in ${process.cwd()}, and no flag: looked at with the defaults, for a node on this machine.`,
    'kpss init asks for what is needed, and writes it. Without it, kpss start would run the devnet.',
  );
}

/** What a node says of itself, and a path, are free text. */
function shown(check: Check): Check {
  const { sentence, cure } = check;
  return {
    ...check,
    sentence: withoutControlCodes(sentence),
    cure: cure === undefined ? undefined : withoutControlCodes(cure),
  };
}

function ofConfig(finding: Finding): Check {
  return { ...finding, instance: undefined, node: undefined };
}
