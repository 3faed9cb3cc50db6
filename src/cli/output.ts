import { writeSync } from 'node:fs';
import sonicBoom, { type SonicBoom } from 'sonic-boom';
import { ERASE_LINE, LinesAndStatus } from './status-line.ts';

/**
 * Lines that wait for a reader: some minutes of a busy log. Whoever holds standard output back for longer (a paused
 * terminal, a stuck collector) loses lines, and miners notice nothing.
 */
const WAITING_BYTES_MAX = 1024 * 1024;
/** What is still waiting at the end gets this long. */
const FLUSH_WITHIN_MS = 1_000;

/** A place where lines go, with a status below them. */
export interface Output {
  readonly lines: LinesAndStatus;
  /** @returns how many writes were lost since it was asked last */
  takeDropped(): number;
}

/** Whether a status may be drawn there: a terminal that understands control codes. */
export function canStand(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && process.env.TERM !== 'dumb';
}

/** Of this process; one log in practice. */
const outputs = new Set<{ readonly fd: number; readonly sonic: SonicBoom; readonly lines: LinesAndStatus }>();

/**
 * Writes to a descriptor, asynchronously and without ever throwing: a full disk or a reader that stopped must not stop
 * a server. What does not fit into a bounded buffer is counted and dropped.
 * @param fd 1 for standard output, 2 for standard error
 */
export function createOutput(fd: number): Output {
  const sonic = new sonicBoom.SonicBoom({ fd, sync: false, maxLength: WAITING_BYTES_MAX });
  let dropped = 0;
  sonic.on('drop', () => {
    dropped += 1;
  });
  // What cannot be written is lost; there is nowhere to say so.
  sonic.on('error', () => {});
  const lines = new LinesAndStatus((text) => {
    const before = dropped;
    sonic.write(text);
    return dropped === before;
  });
  sonic.on('drain', () => lines.caughtUp());
  outputs.add({ fd, sonic, lines });
  return {
    lines,
    takeDropped() {
      const count = dropped;
      dropped = 0;
      return count;
    },
  };
}

/**
 * Takes statuses away and writes what is still waiting, if somebody reads it; called before anything else is written to
 * the terminal at the end of the process.
 */
export async function flushOutputs(): Promise<void> {
  await Promise.all(
    Array.from(outputs, ({ sonic, lines }) => {
      lines.end();
      return written(sonic);
    }),
  );
}

/** For an end that waits for nothing, as that by the second Ctrl+C. */
process.on('exit', () => {
  for (const { fd, lines } of outputs) {
    if (!lines.isStanding) continue;
    try {
      writeSync(fd, ERASE_LINE);
    } catch {
      // The terminal is gone, and the status with it.
    }
  }
});

function written(sonic: SonicBoom): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, FLUSH_WITHIN_MS);
    const finish = (): void => {
      clearTimeout(timer);
      resolve();
    };
    sonic.once('drain', finish);
    sonic.once('error', finish);
    // Nothing, after all the rest: its flush() does not wait where every write is begun at once, as here.
    sonic.write('');
  });
}
