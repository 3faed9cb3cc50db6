import { Worker } from 'node:worker_threads';
import type {
  BuilderSetup,
  DagBuilderSetup,
  FromBuilder,
  FromDagBuilder,
  FromWorker,
  ToWorker,
} from './thread-messages.ts';

/**
 * Room for new objects before V8 looks which are still needed. A thread's work is in shared memory; what it makes besides,
 * 32 results at a time, needs next to nothing. Left to V8 it grows to 16 MiB: measured, 13 MiB more in the process with
 * one thread at work, and nothing faster.
 */
const YOUNG_GENERATION_MIB_MAX = 1;

/** A running thread, as far as the pool is concerned. */
export interface Thread<Message> {
  post(message: Message): void;
  /** Ends it, whatever it is doing. @returns when it is gone */
  stop(): Promise<void>;
}

export interface ThreadHandlers<Message> {
  onMessage(message: Message): void;
  /** Exactly once, when it is gone; with the exception that ended it, if one did. */
  onExit(error: Error | undefined): void;
}

/** How the pool gets its threads: real ones from here, others in tests. */
export interface ThreadStarter {
  startWorker(handlers: ThreadHandlers<FromWorker>): Thread<ToWorker>;
  startBuilder(setup: BuilderSetup, handlers: ThreadHandlers<FromBuilder>): Thread<never>;
  startDagBuilder(setup: DagBuilderSetup, handlers: ThreadHandlers<FromDagBuilder>): Thread<never>;
}

export const workerThreads: ThreadStarter = {
  startWorker(handlers) {
    return startThread('worker', {}, handlers);
  },
  startBuilder(setup, handlers) {
    return startThread('cache-builder', setup, handlers);
  },
  startDagBuilder(setup, handlers) {
    return startThread('dag-builder', setup, handlers);
  },
};

type EntryName = 'worker' | 'cache-builder' | 'dag-builder';

/** Next to this file: TypeScript in a checkout, JavaScript in the published package. */
function entryUrl(name: EntryName): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${name}.${extension}`, import.meta.url);
}

function startThread<To, From>(
  name: EntryName,
  workerData: object,
  handlers: ThreadHandlers<From>,
): Thread<To> {
  let worker: Worker;
  try {
    // Without the process's own flags: some of them, such as --input-type, keep a thread from starting.
    worker = new Worker(entryUrl(name), {
      workerData,
      name: `kawpow-${name}`,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB_MAX },
    });
  } catch (error) {
    // As if it had started and crashed at once, so that there is one way to fail.
    queueMicrotask(() => handlers.onExit(error instanceof Error ? error : new Error(String(error))));
    return { post() {}, stop: async () => {} };
  }
  let failure: Error | undefined;
  worker.on('message', (message: From) => handlers.onMessage(message));
  worker.on('error', (error) => {
    failure = error instanceof Error ? error : new Error(String(error));
  });
  worker.on('exit', () => handlers.onExit(failure));
  return {
    post: (message) => worker.postMessage(message),
    stop: async () => {
      await worker.terminate();
    },
  };
}
