import type { Clock, Timer } from '../../src/mining/ports.ts';

/** A clock that stands still until it is told to go on, so that a test over hours takes milliseconds. */
export interface VirtualClock extends Clock {
  /** Runs, in the order of their times, all timers due within the next `durationMs`, and what they set off. */
  advance(durationMs: number): Promise<void>;
  /** Lets everything finish that needs no more time. */
  settle(): Promise<void>;
  /** Timers that have neither run nor been cancelled. */
  pending(): number;
}

interface Entry {
  readonly atMs: number;
  readonly callback: () => void;
}

/** @param startMs what nowMs() says at first */
export function createVirtualClock(startMs = 1_700_000_000_000): VirtualClock {
  /** In the order in which they were set, which decides among timers of the same time. */
  const entries = new Set<Entry>();
  let nowMs = startMs;

  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  const nextUntil = (untilMs: number): Entry | undefined => {
    let next: Entry | undefined;
    for (const entry of entries) {
      if (entry.atMs <= untilMs && (next === undefined || entry.atMs < next.atMs)) next = entry;
    }
    return next;
  };

  return {
    nowMs: () => nowMs,
    setTimer(delayMs: number, callback: () => void): Timer {
      const entry = { atMs: nowMs + Math.max(0, delayMs), callback };
      entries.add(entry);
      return { cancel: () => void entries.delete(entry) };
    },
    async advance(durationMs: number): Promise<void> {
      const untilMs = nowMs + durationMs;
      await settle();
      for (let entry = nextUntil(untilMs); entry !== undefined; entry = nextUntil(untilMs)) {
        entries.delete(entry);
        nowMs = Math.max(nowMs, entry.atMs);
        entry.callback();
        await settle();
      }
      nowMs = untilMs;
    },
    settle,
    pending: () => entries.size,
  };
}
