import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PATIENCE_MS = 30_000;
const started = new Set<KpssProcess>();
/** No test writes into its user's home. One test file's processes share their light caches, as a user's do. */
const HOME = mkdtempSync(join(tmpdir(), 'kpss-home-'));
process.once('exit', () => rmSync(HOME, { recursive: true, force: true }));
let processes = 0;

/** Of found blocks each process has its own folder, unless a test gives it another's. */
function folders(): Record<string, string> {
  return {
    KPSS_CACHE_DIRECTORY: join(HOME, 'caches'),
    KPSS_DATA_DIRECTORY: join(HOME, `data-${++processes}`),
  };
}

/** For a file's `after`: a failed test must not leave its process behind. */
export async function stopAllKpss(): Promise<void> {
  await Promise.all([...started].map((kpss) => kpss.stop()));
}

/** The real program as a child process, with its JSON log read line by line. */
export class KpssProcess {
  readonly child: ChildProcess;
  readonly log: LogLine[] = [];
  stdout = '';
  stderr = '';
  #unfinished = '';

  /** @param args of the command line, without the program; `env` replaces single variables */
  constructor(
    args: readonly string[],
    settings: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
  ) {
    this.child = spawn(process.execPath, [`${ROOT}src/main.ts`, ...args], {
      cwd: settings.cwd ?? ROOT,
      env: { ...process.env, ...folders(), ...settings.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    started.add(this);
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
    this.child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr += chunk;
    });
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The first log line that fits, past or to come. */
  async line(fits: (line: LogLine) => boolean, patienceMs = PATIENCE_MS): Promise<LogLine> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const found = this.log.find(fits);
      if (found !== undefined) return found;
      if (!this.running || Date.now() > deadline) {
        const last = this.log.slice(-5).map((line) => line.msg);
        throw new Error(
          `no log line fits ${fits}; exit ${this.child.exitCode}; last: ${last.join(' | ')}; ${this.stderr}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The miners' port, once it is open. */
  async stratumPort(): Promise<number> {
    return (await this.line((line) => line.msg.includes('miners connect to'))).port as number;
  }

  /** Waits for its end. @returns the exit code, or null when a signal ended it */
  async exit(): Promise<number | null> {
    if (this.running) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  /** Asks it to end and waits. */
  async stop(): Promise<number | null> {
    if (this.running) this.child.kill('SIGTERM');
    return this.exit();
  }

  #take(chunk: string): void {
    this.stdout += chunk;
    const parts = (this.#unfinished + chunk).split('\n');
    this.#unfinished = parts.pop() ?? '';
    for (const part of parts) if (part.startsWith('{')) this.log.push(JSON.parse(part) as LogLine);
  }
}
