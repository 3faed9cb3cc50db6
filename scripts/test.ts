// `npm test`, `npm run check`, `npm run test:slow`: types, lint and tests, with one line for what is well, everything
// for what is not, and the count as the last line. `npm test -- WORD…` runs the test files whose path has such a word.

import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Failure, killAll, type Limits, runTestFile } from './run-file.ts';

interface Suite {
  /** The folder's checks besides its tests. */
  readonly checks: boolean;
  /** Test files that share the cores. */
  readonly together: readonly string[];
  /** Test files that run alone, after the others, since they measure time or start whole servers. */
  readonly alone: readonly string[];
  readonly limits: Limits;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const limits: Limits = { testTimeoutMs: 120_000, fileTimeoutMs: 200_000, quietMs: 20_000 };
const aloneFolders = ['test/e2e/**', 'test/load/**'];

const suites: Record<string, Suite> = {
  all: {
    checks: true,
    together: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    alone: aloneFolders.map((folder) => `${folder}/*.test.ts`),
    limits,
  },
  check: {
    checks: true,
    together: ['test/tidy*.test.ts', 'src/{chain,mining,stratum,config}/**/*.test.ts'],
    alone: [],
    limits,
  },
  slow: {
    checks: false,
    together: [],
    alone: ['test/slow/**/*.slow.ts'],
    limits: { testTimeoutMs: 480_000, fileTimeoutMs: 540_000, quietMs: 20_000 },
  },
};

let passed = 0;
const failures: Failure[] = [];
const slowest: { name: string; durationMs: number }[] = [];

function find(patterns: readonly string[], exclude: readonly string[] = []): string[] {
  return globSync([...patterns], { cwd: root, exclude: [...exclude] }).sort();
}

function line(mark: 'ok' | 'FAILED', name: string, note: string, durationMs: number): void {
  console.log(
    `${mark.padEnd(6)} ${name.padEnd(58)} ${note.padStart(11)} ${(durationMs / 1000).toFixed(1).padStart(6)} s`,
  );
}

/** One of the checks that are programs of their own; it counts as one test. */
function runCheck(name: string, program: string, args: readonly string[]): Promise<void> {
  const startedMs = performance.now();
  let output = '';
  const file = join(root, 'node_modules', '.bin', program);
  const isWindows = process.platform === 'win32';
  const child = spawn(isWindows ? `"${file}.cmd"` : file, args, { cwd: root, shell: isWindows });
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return new Promise((resolve) => {
    child.on('error', (error) => collect(Buffer.from(error.message)));
    child.on('close', (code) => {
      const good = code === 0;
      line(good ? 'ok' : 'FAILED', name, '', performance.now() - startedMs);
      if (good) passed++;
      else {
        console.log(output.trimEnd());
        failures.push({ name, reason: '' });
      }
      resolve();
    });
  });
}

async function runOne(file: string, limits: Limits): Promise<void> {
  const name = relative(root, join(root, file)).replaceAll('\\', '/');
  const result = await runTestFile(join(root, file), limits);
  passed += result.passed;
  slowest.push({ name, durationMs: result.durationMs });
  const good = result.failures.length === 0;
  const count = result.passed + result.failures.length;
  line(good ? 'ok' : 'FAILED', name, `${count} ${count === 1 ? 'test' : 'tests'}`, result.durationMs);
  if (good) return;
  if (result.output.trim() !== '') console.log(indent(`it printed:\n${result.output.trimEnd()}`));
  for (const failure of result.failures) {
    console.log(indent(`${failure.name}:\n${indent(failure.reason)}`));
    failures.push({ name: `${name}: ${failure.name}`, reason: failure.reason });
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}

async function runFiles(files: readonly string[], parallel: number, limits: Limits): Promise<void> {
  const waiting = [...files];
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await runOne(file, limits);
  };
  await Promise.all(Array.from({ length: parallel }, work));
}

async function runSuite(suite: Suite, words: readonly string[]): Promise<void> {
  const wanted = (file: string): boolean => words.length === 0 || words.some((word) => file.includes(word));
  if (suite.checks && words.length === 0) {
    const colours = process.stdout.isTTY ? [] : ['--colors=off'];
    await Promise.all([
      runCheck('types (tsc)', 'tsc', ['--noEmit']),
      runCheck('lint and format (biome)', 'biome', ['ci', '--error-on-warnings', ...colours]),
    ]);
  }
  await runFiles(
    find(suite.together, aloneFolders).filter(wanted),
    Math.min(availableParallelism(), 4),
    suite.limits,
  );
  await runFiles(find(suite.alone).filter(wanted), 1, suite.limits);
}

function summarise(startedMs: number): void {
  const slow = slowest.sort((a, b) => b.durationMs - a.durationMs).slice(0, 3);
  const names = slow.map(({ name, durationMs }) => `${name} ${(durationMs / 1000).toFixed(1)} s`);
  console.log(
    `\n${((performance.now() - startedMs) / 1000).toFixed(0)} s in all; the slowest: ${names.join(', ')}`,
  );
  if (slowest.length === 0) failures.push({ name: 'no test file was found', reason: '' });
  if (failures.length > 0)
    console.log(`\nFailed:\n${failures.map((failure) => `  ${failure.name}`).join('\n')}`);
  console.log(`\n${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1;
}

function stop(why: string): void {
  killAll();
  console.log(`\nstopped by ${why}\n\n${passed} passed, ${failures.length + 1} failed`);
  process.exit(1);
}

const [first, ...rest] = process.argv.slice(2);
const named = first === 'check' || first === 'slow';
const suite = suites[named ? first : 'all'];
const words = named ? rest : process.argv.slice(2);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop(signal));
if (process.env.npm_lifecycle_event !== undefined) {
  // A signal to npm alone ends npm and the shell between us, and nobody passes it on.
  const parentPid = process.ppid;
  setInterval(() => process.ppid !== parentPid && stop('the end of npm'), 500).unref();
}
const startedMs = performance.now();
if (suite !== undefined) await runSuite(suite, words);
summarise(startedMs);
