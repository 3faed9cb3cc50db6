import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What scripts/test-file.ts sends. */
export type TestMessage =
  | { readonly type: 'passed'; readonly name: string }
  | { readonly type: 'failed'; readonly name: string; readonly reason: string }
  | { readonly type: 'leftover'; readonly resources: readonly string[] }
  | { readonly type: 'ended'; readonly success: boolean; readonly complaints: readonly string[] };

export interface Failure {
  readonly name: string;
  readonly reason: string;
}

export interface FileResult {
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly durationMs: number;
  /** What the file printed: its last part, for a person to read when it failed. */
  readonly output: string;
}

export interface Limits {
  readonly testTimeoutMs: number;
  readonly fileTimeoutMs: number;
  /** How long the process may live on with nothing to do after its tests. */
  readonly quietMs: number;
}

/** A failing test's output is read by a person, from its end. */
const outputCharsMax = 20_000;
/** The time between the last report and the end of the process: open keep-alive sockets and workers close in it. */
const exitMsMax = 10_000;

const running = new Set<() => void>();

/** Ends every test process and what they started; for Ctrl-C. */
export function killAll(): void {
  for (const kill of running) kill();
}

/**
 * Runs one test file in a process group of its own and counts what it reports.
 * @returns a result in every case: a crash, a hang, an early end or a leftover is a failure of the file
 */
export function runTestFile(file: string, limits: Limits): Promise<FileResult> {
  const startedMs = performance.now();
  const tally = createTally();
  let output = '';
  const script = fileURLToPath(new URL('./test-file.ts', import.meta.url));
  const child = fork(script, [file, String(limits.testTimeoutMs), String(limits.quietMs)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: process.platform !== 'win32',
    execArgv: ['--disable-warning=ExperimentalWarning'],
    // Set where the runner itself is under test; it would make run() do nothing.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  const kill = (): void => killGroup(child.pid);
  running.add(kill);
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-outputCharsMax);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);

  return new Promise((resolve) => {
    let exitTimer: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      tally.fail('the file', `it did not end within ${limits.fileTimeoutMs / 1000} s`);
      kill();
    }, limits.fileTimeoutMs);
    child.on('message', (message: TestMessage) => {
      tally.take(message);
      if (message.type === 'leftover') kill();
      if (message.type !== 'ended') return;
      exitTimer = setTimeout(() => {
        tally.fail('the file', `its process lives on ${exitMsMax / 1000} s after its tests`);
        kill();
      }, exitMsMax);
    });
    child.on('error', (error) => tally.fail('the file', error.message));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(exitTimer);
      kill();
      running.delete(kill);
      tally.close(code, signal);
      resolve({
        passed: tally.passed(),
        failures: tally.failures,
        durationMs: performance.now() - startedMs,
        output,
      });
    });
  });
}

function createTally() {
  const failures: Failure[] = [];
  let passed = 0;
  let ended = false;
  const fail = (name: string, reason: string): void => {
    failures.push({ name, reason });
  };
  return {
    failures: failures as readonly Failure[],
    fail,
    passed: (): number => passed,
    take(message: TestMessage): void {
      if (message.type === 'passed') passed++;
      if (message.type === 'failed') fail(message.name, message.reason);
      if (message.type === 'leftover') {
        fail('the file', `after its tests it left running: ${message.resources.join(', ')}`);
      }
      if (message.type !== 'ended') return;
      ended = true;
      if (!message.success && failures.length === 0) {
        fail('the file', message.complaints.join('\n') || 'the test runner calls it failed');
      }
    },
    /** Called when the process is gone, with how it went. */
    close(code: number | null, signal: string | null): void {
      if (failures.length > 0) return;
      if (!ended)
        fail('the file', `its process ended before its tests did (${signal ?? `exit code ${code}`})`);
      else if (code !== 0) fail('the file', `its process ended with ${signal ?? `exit code ${code}`}`);
      else if (passed === 0) fail('the file', 'it ran no test');
    },
  };
}

/** Whatever the tests started belongs to their process group and ends with it. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}
