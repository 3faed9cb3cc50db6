import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Environment } from '../config/environment.ts';
import type { ImportReport } from '../config/import-report.ts';
import { importServer } from '../config/import-server.ts';
import { type ReadBeside, readOldSource, SOURCE_BYTES_MAX } from '../config/import-source.ts';
import { importedText } from '../config/import-text.ts';
import { resolveConfig } from '../config/load.ts';
import { isThere } from './config-file.ts';
import { withoutControlCodes } from './control-codes.ts';

export interface ImportFlags {
  /** The old server.js, or its configuration in JSON. */
  readonly file: string;
  /** Where kpss.yaml goes; standard output when left out. */
  readonly output?: string | undefined;
}

export interface ImportIo {
  readonly env: Environment;
  /** To standard output, as it is. */
  print(text: string): void;
  /** A line to standard error. */
  complain(line: string): void;
}

/** It may hold the node's password. */
const MODE_SECRET = 0o600;

/**
 * `kpss import server.js`: makes kpss.yaml of the file of the old server, and says what each option became. Nothing of
 * the old file is run.
 * @returns the exit code: 0 when kpss start would take the result, 1 when something in it is to be mended first, 2 when
 * there is no result
 */
export function runImport({ file, output }: ImportFlags, io: ImportIo): number {
  const complain = (text: string): void => io.complain(`kpss import: ${withoutControlCodes(text)}`);
  if (output !== undefined && isThere(output)) {
    complain(`${output} is there already, and stays as it is: name another file`);
    return 2;
  }
  const opened = readSource(file);
  if ('problem' in opened) {
    complain(`${file}: ${opened.problem}`);
    return 2;
  }
  const folder = dirname(resolve(file));
  const read = readOldSource(opened.text, basename(file), (path) => readSource(join(folder, path)));
  if (!read.ok) {
    complain(read.problem);
    return 2;
  }
  const { instances, report } = importServer(read.source, folder);
  if (instances.length === 0) {
    tellReport(report, io);
    complain(
      read.source.pools.length === 0
        ? `${file} has no call of createPool, and no object with the options of a pool`
        : 'there is no pool that KPSS could run; nothing was written',
    );
    return 2;
  }
  const text = importedText(instances, basename(file));
  const problems = problemsOf(text, io.env);
  try {
    if (output === undefined) io.print(text);
    else writeFileSync(output, text, { flag: 'wx', mode: MODE_SECRET });
  } catch (error) {
    complain(`${output} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
  tellReport(report, io);
  tellEnd(problems, output, io);
  return problems.length === 0 ? 0 : 1;
}

function readSource(path: string): ReturnType<ReadBeside> {
  try {
    const stats = statSync(path);
    // Opening a pipe would wait for somebody to write into it.
    if (!stats.isFile()) return { problem: 'it is no file' };
    const most = SOURCE_BYTES_MAX / 1024;
    if (stats.size > SOURCE_BYTES_MAX)
      return { problem: `too long for a configuration: ${most} KiB are the most` };
    return { text: readFileSync(path, 'utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      problem: code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? String(error)})`,
    };
  }
}

/** What kpss start would say of it. */
function problemsOf(text: string, env: Environment): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'kpss-import-'));
  try {
    const file = join(folder, 'kpss.yaml');
    writeFileSync(file, text, { flag: 'wx', mode: MODE_SECRET });
    const resolved = resolveConfig({ file, flags: {}, env });
    return resolved.ok ? [] : resolved.problems.map((problem) => problem.replaceAll(file, 'kpss.yaml'));
  } finally {
    // It may have a password in it.
    rmSync(folder, { recursive: true, force: true });
  }
}

const SECTIONS = [
  ['became', 'What became of the options:'],
  ['gone', 'What is gone, and why:'],
  ['look', 'What you should look at:'],
] as const;

function tellReport(report: ImportReport, { complain }: ImportIo): void {
  for (const [kind, title] of SECTIONS) {
    if (report[kind].length === 0) continue;
    complain(title);
    for (const line of report[kind]) complain(`  ${withoutControlCodes(line)}`);
    complain('');
  }
}

function tellEnd(problems: readonly string[], output: string | undefined, { complain }: ImportIo): void {
  const name = output ?? 'kpss.yaml';
  if (problems.length > 0) {
    const written = output === undefined ? '' : `${output} is written, but `;
    complain(`${written}kpss start will not take it before this is mended:`);
    for (const problem of problems) {
      const text = problem.startsWith('kpss.yaml') ? name + problem.slice('kpss.yaml'.length) : problem;
      complain(`  ${withoutControlCodes(text)}`);
    }
    return;
  }
  const check = `kpss doctor --config ${name}`;
  complain(
    output === undefined
      ? 'That is kpss.yaml; --output kpss.yaml writes it into a file that only you can read.'
      : `${name} is written. ${check} looks whether a block found with it would count, and kpss start begins to mine.`,
  );
}
