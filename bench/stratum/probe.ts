import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Brought into the server's process with `node --import`, so that what is measured there is no part of the program: it
// answers over the channel that a parent process has with its child, and does nothing until it is asked.

/** What the parent asks: the loop's delays from now on; those since then; or memory after a collection of garbage. */
export type ProbeQuestion = 'watch-loop' | 'loop' | 'heap';

export interface ProbeAnswer {
  /** Longest time between two looks, which were to be LOOK_EVERY_MS apart; 0 when nobody watched. */
  readonly loopMaxMs: number;
  /** What V8 has and what it holds outside of its heap, in bytes. */
  readonly heapBytes: number;
  /** Processor time of the process so far, all threads, in milliseconds. */
  readonly cpuMs: number;
}

/** Often enough to see a turn of 20 ms, and no work to speak of. */
const LOOK_EVERY_MS = 2;

let loop: ReturnType<typeof monitorEventLoopDelay> | undefined;

function answer(question: ProbeQuestion): ProbeAnswer {
  if (question === 'watch-loop') {
    loop ??= monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
    loop.enable();
    loop.reset();
  }
  const loopMaxMs = loop === undefined ? 0 : loop.max / 1e6;
  if (question === 'loop') {
    loop?.disable();
    loop = undefined;
  }
  if (question === 'heap') {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  }
  const { heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return { loopMaxMs, heapBytes: heapUsed + external, cpuMs: (user + system) / 1000 };
}

process.on('message', (question: ProbeQuestion) => process.send?.(answer(question)));
// The server ends when it wants to, not when its parent lets go.
process.channel?.unref();
