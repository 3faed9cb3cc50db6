import { execFile } from 'node:child_process';
import type { Clock, Log, Timer } from '../mining/ports.ts';

/** systemd-notify is done in milliseconds; on a machine that swaps it is not waited for longer than this. */
const NOTIFY_WITHIN_MS = 5_000;
/** Messages that wait for the ones before them: more is a systemd-notify that hangs, and news that are old. */
const WAITING_MAX = 8;

/** Whoever started the program and watches over it. */
export interface Supervisor {
  /** The miners' ports are open. @param status a sentence that `systemctl status` shows */
  ready(status: string): void;
  reloading(): void;
  stopping(): void;
  /** No more is told; the watchdog is fed no more. */
  end(): void;
}

interface SupervisorModules {
  readonly clock: Clock;
  readonly log: Log;
  /** Whether what KPSS is there for goes on; while it does not, the watchdog is not fed. */
  readonly isAlive: () => boolean;
  /** Runs a program; rejects when it fails. The real one when left out. */
  readonly run?: (program: string, args: readonly string[]) => Promise<void>;
}

/**
 * Tells systemd how the program is doing, by its own `systemd-notify`, since Node.js has no datagram sockets of the kind
 * that systemd listens on. Nothing is told where nobody asked: NOTIFY_SOCKET is not set. Nobody waits for any of it.
 */
export function createSupervisor(
  env: Readonly<Record<string, string | undefined>>,
  modules: SupervisorModules,
): Supervisor {
  const isWatched = (env.NOTIFY_SOCKET ?? '') !== '';
  if (!isWatched) return { ready() {}, reloading() {}, stopping() {}, end() {} };
  const watchdogUs = Number(env.WATCHDOG_USEC);
  // Half of the time, as systemd's documentation asks for.
  const feedEveryMs = watchdogUs > 0 ? watchdogUs / 2_000 : undefined;
  return new Systemd(feedEveryMs, modules);
}

class Systemd implements Supervisor {
  readonly #feedEveryMs: number | undefined;
  readonly #modules: SupervisorModules;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #timer: Timer | undefined;
  #toldFault = false;
  #isReady = false;
  #isStopping = false;

  constructor(feedEveryMs: number | undefined, modules: SupervisorModules) {
    this.#feedEveryMs = feedEveryMs;
    this.#modules = modules;
  }

  ready(status: string): void {
    // A reload that ends after the end has begun.
    if (this.#isStopping) return;
    this.#isReady = true;
    this.#notify('READY=1', `STATUS=${status}`);
    if (this.#timer === undefined) this.#feed();
  }

  reloading(): void {
    // systemd knows of no reload while it still waits for the start.
    if (!this.#isReady || this.#isStopping) return;
    this.#notify('RELOADING=1', 'STATUS=reading the configuration');
  }

  stopping(): void {
    this.#isStopping = true;
    this.#notify('STOPPING=1', 'STATUS=settling what is in flight');
  }

  end(): void {
    this.#timer?.cancel();
  }

  #feed(): void {
    if (this.#feedEveryMs === undefined) return;
    this.#timer = this.#modules.clock.setTimer(this.#feedEveryMs, () => {
      if (this.#modules.isAlive()) this.#notify('WATCHDOG=1');
      this.#feed();
    });
  }

  /** One after the other, so that what is said last is what holds. */
  #notify(...news: readonly string[]): void {
    if (this.#waiting >= WAITING_MAX) return;
    this.#waiting += 1;
    const { run = runProgram } = this.#modules;
    this.#turn = this.#turn
      .then(() => run('systemd-notify', news))
      .catch((error: unknown) => this.#tellFault(error))
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  #tellFault(error: unknown): void {
    if (this.#toldFault) return;
    this.#toldFault = true;
    this.#modules.log.debug(
      { err: error },
      'systemd cannot be told how KPSS is doing: systemd-notify failed',
    );
  }
}

function runProgram(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: NOTIFY_WITHIN_MS }, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}
