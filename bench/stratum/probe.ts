import type { HeapProfiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Brought into the server's process with `node --import`, so that what is measured there is no part of the program: it
// answers over the channel that a parent process has with its child, and does nothing until it is asked.

/**
 * What the parent asks: the loop's delays from now on; those since then; memory after a collection of garbage; what is
 * allocated from now on; and what was since then.
 */
export type ProbeQuestion = 'watch-loop' | 'loop' | 'heap' | 'watch-allocations' | 'allocations';

export interface ProbeAnswer {
  /** Longest time between two looks, which were to be LOOK_EVERY_MS apart; 0 when nobody watched. */
  readonly loopMaxMs: number;
  /** The longest collection of garbage in that time. */
  readonly gcMaxMs: number;
  /** What V8 has and what it holds outside of its heap, in bytes. */
  readonly heapBytes: number;
  /** What V8 holds ready and does not use, in bytes. */
  readonly freeBytes: number;
  /** Processor time of the process so far, all threads, in milliseconds. */
  readonly cpuMs: number;
  /** Bytes, garbage included, by the function that asked for them; those with the most first. */
  readonly allocations: readonly { readonly place: string; readonly bytes: number }[];
}

/** Often enough to see a turn of 20 ms, and no work to speak of. */
const LOOK_EVERY_MS = 2;
/** One in so many bytes is looked at: a thousand shares are some hundred looks. */
const SAMPLE_BYTES = 8_192;

const inspector = new Session();
let loop: ReturnType<typeof monitorEventLoopDelay> | undefined;

let gcMaxMs = 0;
const collections = new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) gcMaxMs = Math.max(gcMaxMs, duration);
});

async function answer(question: ProbeQuestion): Promise<ProbeAnswer> {
  if (question === 'watch-loop') {
    loop ??= monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
    loop.enable();
    loop.reset();
    gcMaxMs = 0;
    collections.observe({ entryTypes: ['gc'] });
  }
  const loopMaxMs = loop === undefined ? 0 : loop.max / 1e6;
  if (question === 'loop') {
    loop?.disable();
    loop = undefined;
    collections.disconnect();
  }
  if (question === 'heap') {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  }
  if (question === 'watch-allocations') {
    inspector.connect();
    await inspector.post('HeapProfiler.startSampling', {
      samplingInterval: SAMPLE_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
  }
  const allocations = question === 'allocations' ? await stopSampling() : [];
  const { heapUsed, heapTotal, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    loopMaxMs,
    gcMaxMs,
    heapBytes: heapUsed + external,
    freeBytes: heapTotal - heapUsed,
    cpuMs: (user + system) / 1000,
    allocations,
  };
}

async function stopSampling(): Promise<ProbeAnswer['allocations']> {
  const { profile } = await inspector.post('HeapProfiler.stopSampling');
  inspector.disconnect();
  const bytesOf = new Map<string, number>();
  const add = ({ callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode): void => {
    const { functionName, url, lineNumber } = callFrame;
    const place = `${functionName || 'a function'} (${url.split('/').slice(-2).join('/')}:${lineNumber + 1})`;
    bytesOf.set(place, (bytesOf.get(place) ?? 0) + selfSize);
    for (const child of children) add(child);
  };
  add(profile.head);
  return [...bytesOf]
    .map(([place, bytes]) => ({ place, bytes }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
}

process.on('message', (question: ProbeQuestion) => {
  void answer(question).then((found) => process.send?.(found));
});
// The channel keeps no server up that wants to end, and no server is left behind by a bench that was killed.
process.channel?.unref();
process.on('disconnect', () => process.exit());
