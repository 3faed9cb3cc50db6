import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Environment } from '../config/environment.ts';
import { resolveConfig } from '../config/load.ts';
import { CONFIG_FILE, isThere } from './config-file.ts';
import { withoutControlCodes } from './control-codes.ts';
import type { LocalNode } from './find-nodes.ts';
import { answersFromFlags, type InitFlags } from './init-answers.ts';
import { type InitAnswers, initFileText } from './init-file.ts';
import { askAnswers, type Prompts, PromptsCancelled } from './init-questions.ts';

export interface InitIo {
  readonly env: Environment;
  /** Undefined without a terminal. */
  readonly prompts: Prompts | undefined;
  /** What this machine has; each network that can be mined. */
  findNodes(): Promise<readonly LocalNode[]>;
  /** To standard output. */
  print(line: string): void;
  /** To standard error. */
  complain(line: string): void;
  /** Runs kpss doctor over the file. */
  examine(file: string): Promise<void>;
}

/** What a shell calls a process that Ctrl+C ended. */
const EXIT_CANCELLED = 130;

/**
 * `kpss init`: asks what is needed, writes kpss.yaml and has the doctor look at it. Nothing is written before the last
 * answer, nor over a file that is there unless its owner said so, nor anything that kpss start would not take.
 * @returns the exit code: 0 once the file is written, 1 when it cannot be or the one that is there is to stay, 2 for wrong use or a wrong flag, 130 after
 * Ctrl+C
 */
export async function runInit(flags: InitFlags, io: InitIo): Promise<number> {
  const { prompts } = io;
  const file = flags.file ?? CONFIG_FILE;
  const isTaken = isThere(file);
  if (!flags.yes && prompts === undefined) {
    io.complain('kpss init: there is no terminal to ask in; --yes takes the flags and the defaults instead');
    return 2;
  }
  if (flags.yes && isTaken && !flags.force) {
    io.complain(`kpss init: ${file} is there already, and stays as it is; --force writes over it`);
    return 2;
  }
  try {
    const local = await io.findNodes();
    const mayReplace = flags.force === true;
    if (flags.yes || prompts === undefined)
      return await finish(answersFromFlags(flags, local, io.env), file, io);
    if (
      isTaken &&
      !mayReplace &&
      !(await prompts.confirm(`${file} is there already. Write a new one over it?`))
    ) {
      io.complain(`kpss init: ${file} stays as it is`);
      return 1;
    }
    return await finish(await askAnswers(flags, local, prompts, io.env), file, io);
  } catch (error) {
    if (!(error instanceof PromptsCancelled)) throw error;
    io.complain('kpss init: nothing was written');
    return EXIT_CANCELLED;
  }
}

/** @param answers or what is wrong with the flags */
async function finish(answers: InitAnswers | string, file: string, io: InitIo): Promise<number> {
  const problems = typeof answers === 'string' ? [answers] : write(answers, file, io.env);
  if (typeof problems === 'string') {
    io.complain(`kpss init: ${file} cannot be written: ${problems}`);
    return 1;
  }
  if (problems.length > 0) {
    for (const problem of problems) io.complain(`kpss init: ${withoutControlCodes(problem)}`);
    io.complain('kpss init: nothing was written');
    return 2;
  }
  io.print(`${file} is written. What the doctor says of it:\n`);
  await io.examine(file);
  io.print(`\nkpss start begins to mine (in a checkout: npm run kpss -- start).`);
  return 0;
}

/** With a password in it, the file is its owner's alone. */
const MODE_SECRET = 0o600;
const MODE_OPEN = 0o644;

/**
 * Writes the file beside its place, reads it as kpss start would, and only then moves it there.
 * @returns the problems that kpss start would have; a text when it cannot be written
 */
function write(answers: InitAnswers, file: string, env: Environment): readonly string[] | string {
  const temporary = join(dirname(file), `.${basename(file)}.new`);
  try {
    rmSync(temporary, { force: true });
    const mode = answers.login.kind === 'password' ? MODE_SECRET : MODE_OPEN;
    writeFileSync(temporary, initFileText(answers), { flag: 'wx', mode });
    const resolved = resolveConfig({ file: temporary, flags: {}, env });
    if (resolved.ok) renameSync(temporary, file);
    return resolved.ok ? [] : resolved.problems.map((problem) => withoutPlace(problem, temporary));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    // It may have a password in it.
    rmSync(temporary, { force: true });
  }
}

/** The lines of a file that never was would only confuse. */
function withoutPlace(problem: string, file: string): string {
  return problem.startsWith(file) ? problem.slice(file.length).replace(/^:\d+: /, '') : problem;
}
