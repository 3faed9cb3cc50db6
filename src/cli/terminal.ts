import { systemClock } from '../clock.ts';
import type { Log } from '../mining/ports.ts';
import type { ProgramLog } from './log.ts';
import { canStand, createOutput } from './output.ts';
import { createProgressBar, createProgressLines, type Progress } from './progress.ts';
import { ASCII, BLOCKS, type Glyphs } from './progress-text.ts';
import { LinesAndStatus, type StatusLine } from './status-line.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a terminal without a width of its own is taken for. */
export const USUAL_COLUMNS = 80;

/** Progress of a server: a bar below its log in a terminal, lines of the log otherwise. */
export function logProgress(log: ProgramLog): Progress {
  return log.status === undefined
    ? createProgressLines({ log, clock: systemClock })
    : createBar(log.status, process.stdout);
}

/**
 * Progress of a tool: as a server's, but where the log goes into a file or a pipe and standard error to a terminal, the
 * bar is there.
 */
export function toolProgress(log: ProgramLog): Progress {
  const isBeside = log.status === undefined && !process.stdout.isTTY && canStand(process.stderr);
  return isBeside ? createBar(createOutput(2).lines, process.stderr) : logProgress(log);
}

/** Standard output for results, standard error for all else, where progress is shown. */
export interface Streams {
  /** To standard output. @returns false when nobody reads it any more */
  print(line: string): Promise<boolean>;
  /** To standard error. */
  complain(line: string): void;
  readonly progress: Progress;
}

/** Those of the process, whose owner waits for it: writing to a terminal or a file waits for it too. */
export function processStreams(): Streams {
  const { stdout, stderr } = process;
  // A closed pipe is told to print()'s callback too, where it is dealt with.
  stdout.on('error', () => {});
  const errors = new LinesAndStatus((text) => {
    stderr.write(text, () => errors.caughtUp());
    return true;
  });
  const leave = (signal: NodeJS.Signals): void => {
    errors.end();
    process.kill(process.pid, signal);
  };
  // Gone after the first, so that the second time the signal does what it always does: it ends the process.
  if (canStand(stderr)) process.once('SIGINT', leave).once('SIGTERM', leave);
  process.on('exit', () => errors.end());
  const complain = (line: string): void => errors.write(`${line}\n`);
  const log: Pick<Log, 'info'> = { info: (_fields, message) => complain(message) };
  return {
    print(line) {
      // Standard output has results only: what makes room for them goes to standard error.
      if (stdout.isTTY) errors.hide();
      return new Promise((resolve) => stdout.write(`${line}\n`, (error) => resolve(!error)));
    },
    complain,
    progress: canStand(stderr) ? createBar(errors, stderr) : createProgressLines({ log, clock: systemClock }),
  };
}

/** Whether what goes there may have colours: a terminal that knows them, whose user did not ask for none. */
export function canColour(stream: { readonly isTTY?: boolean }, env: Environment): boolean {
  return stream.isTTY === true && env.TERM !== 'dumb' && !env.NO_COLOR;
}

/**
 * Blocks where the locale has them. Not where terminals may draw them two columns wide (Unicode's East Asian width
 * `ambiguous`): the bar would wrap.
 */
export function glyphsFor(env: Environment): Glyphs {
  return hasUnicode(env) ? BLOCKS : ASCII;
}

/** Whether signs beyond ASCII are one column wide there. */
export function hasUnicode(env: Environment): boolean {
  const locale =
    [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '') ?? '';
  return /utf-?8/i.test(locale) && !/^(zh|ja|ko)/.test(locale);
}

function createBar(status: StatusLine, stream: { readonly columns?: number }): Progress {
  const columns = (): number => stream.columns || USUAL_COLUMNS;
  return createProgressBar({ columns, glyphs: glyphsFor(process.env) }, { status, clock: systemClock });
}
