import type { Clock, Timer } from '../../src/mining/ports.ts';

interface Entry {
  readonly atMs: number;
  /** The order of setting decides among timers of one time. */
  readonly order: number;
  readonly owner: OwnedClock;
  callback: (() => void) | undefined;
}

/** The clock as one part of the simulated world has it; the part can be dropped with all its timers. */
export interface OwnedClock extends Clock {
  /** Timers that have neither run nor been cancelled. */
  pending(): number;
  /** As a killed process: no timer of it runs any more, none can be set. */
  kill(): void;
}

/** Runs timers in the order of their times, and lets what each sets off come to rest before the next. */
export class SimClock {
  readonly #heap: Entry[] = [];
  #nowMs: number;
  #order = 0;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** A view of the clock whose timers belong together. */
  owned(): OwnedClock {
    let pending = 0;
    let dead = false;
    const owner: OwnedClock = {
      nowMs: () => this.#nowMs,
      pending: () => pending,
      kill: () => {
        dead = true;
        pending = 0;
      },
      setTimer: (delayMs, callback): Timer => {
        if (dead) return { cancel() {} };
        pending += 1;
        const entry: Entry = {
          atMs: this.#nowMs + Math.max(0, delayMs),
          order: this.#order++,
          owner,
          callback: () => {
            if (dead) return;
            pending -= 1;
            callback();
          },
        };
        push(this.#heap, entry);
        return {
          cancel: () => {
            if (entry.callback === undefined) return;
            entry.callback = undefined;
            if (!dead) pending -= 1;
          },
        };
      },
    };
    return owner;
  }

  /** Runs all that is due within the next `durationMs`, and what it sets off. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await settle();
    for (let top = this.#heap[0]; top !== undefined && top.atMs <= untilMs; top = this.#heap[0]) {
      pop(this.#heap);
      const { callback } = top;
      if (callback === undefined) continue;
      this.#nowMs = Math.max(this.#nowMs, top.atMs);
      top.callback = undefined;
      callback();
      await settle();
    }
    this.#nowMs = untilMs;
  }
}

/** A turn of the event loop: all microtasks run, and what waited for the turn's end; nothing else is under way here. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt] as Entry;
    if (!before(entry, parent)) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = entry;
}

/** Takes the earliest off. @param heap not empty */
function pop(heap: Entry[]): void {
  const last = heap.pop() as Entry;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let childAt = 2 * at + 1;
    const right = heap[childAt + 1];
    if (right !== undefined && before(right, heap[childAt] as Entry)) childAt += 1;
    const child = heap[childAt];
    if (child === undefined || !before(child, last)) break;
    heap[at] = child;
    at = childAt;
  }
  heap[at] = last;
}
