import { closeSync, openSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { endProcess } from './end-process.ts';

/** Ctrl+C under npm comes twice, from the terminal and passed on by npm, within milliseconds: that is one wish. */
const SAME_WISH_MS = 500;
/** What a shell calls a process that SIGINT ended. */
const EXIT_BY_SIGNAL = 130;

/** How long a process may outlive the npm that started it; a signal to npm alone stops at its shell. */
const PARENT_CHECK_MS = 500;

/**
 * Calls a listener at each SIGHUP, which asks for the configuration to be read anew. It also comes when the terminal that
 * KPSS was started in is closed; then it is left to end the program, as ever.
 * @returns what ends it
 */
export function onReloadSignal(listener: () => void): () => void {
  const onHangUp = (): void => {
    if (hadTerminal && !hasTerminal()) process.kill(process.pid, 'SIGTERM');
    else listener();
  };
  const hadTerminal = hasTerminal();
  process.on('SIGHUP', onHangUp);
  return () => void process.off('SIGHUP', onHangUp);
}

/** Whether there is a terminal that this process belongs to: one that was closed cannot be opened any more. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

/**
 * Fires at the first SIGINT or SIGTERM, or when the npm that started us is gone, for an orderly end; the second signal
 * ends the process at once, or within seconds where a disk hangs.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let firstMs = Number.POSITIVE_INFINITY;
  const stop = () => {
    if (controller.signal.aborted && performance.now() - firstMs > SAME_WISH_MS)
      void endProcess(EXIT_BY_SIGNAL);
    if (controller.signal.aborted) return;
    firstMs = performance.now();
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (process.env.npm_lifecycle_event !== undefined) {
    const parentPid = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === parentPid) return;
      clearInterval(watch);
      stop();
    }, PARENT_CHECK_MS);
    watch.unref();
  }
  return controller.signal;
}
