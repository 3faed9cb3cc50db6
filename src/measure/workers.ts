import { performance } from 'node:perf_hooks';
import type { EpochContext } from '../kawpow/epoch-context.ts';
import { KERNEL_BATCH_MAX } from '../kawpow/kernel-layout.ts';
import { claimScratch } from '../kawpow/kernel-memory.ts';
import type { ToWorker } from '../kawpow/thread-messages.ts';
import { type Thread, workerThreads } from '../kawpow/threads.ts';
import { requestsOf } from './batches.ts';
import { median } from './median.ts';

/** One thread and two threads in turn, so that other work on the machine falls on both. */
const ROUNDS = 7;
/** Of each thread in a round: about half a second. */
const BATCHES_OF_ROUND = 8;

/** Hashes a second of full batches, over one memory. */
export interface WorkerFigures {
  readonly oneWorkerPerS: number;
  readonly twoWorkersPerS: number;
}

/** @throws Error when a thread crashes */
export async function measureWorkers(context: EpochContext): Promise<WorkerFigures> {
  const workers = [new MeasuredWorker(context), new MeasuredWorker(context)];
  try {
    const perS = { one: [] as number[], two: [] as number[] };
    for (let round = -1; round < ROUNDS; round++) {
      const one = await throughput(workers.slice(0, 1));
      const two = await throughput(workers);
      // The first round is for the threads' start and V8's optimising compiler.
      if (round < 0) continue;
      perS.one.push(one);
      perS.two.push(two);
    }
    return { oneWorkerPerS: median(perS.one), twoWorkersPerS: median(perS.two) };
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

async function throughput(workers: readonly MeasuredWorker[]): Promise<number> {
  const startMs = performance.now();
  await Promise.all(workers.map((worker) => worker.run(BATCHES_OF_ROUND)));
  const seconds = (performance.now() - startMs) / 1000;
  return (workers.length * BATCHES_OF_ROUND * KERNEL_BATCH_MAX) / seconds;
}

/** A thread as the pool has it, with one batch after the other. */
class MeasuredWorker {
  readonly #context: EpochContext;
  readonly #thread: Thread<ToWorker>;
  readonly #gone = Promise.withResolvers<never>();
  #onAnswer: () => void = () => {};
  #nonce = 0;

  constructor(context: EpochContext) {
    this.#context = context;
    // Nobody may be waiting at the moment when the thread ends.
    this.#gone.promise.catch(() => {});
    this.#thread = workerThreads.startWorker({
      onMessage: () => this.#onAnswer(),
      onExit: (error) => this.#gone.reject(error ?? new Error('a hashing thread ended')),
    });
    const { pow, epoch, memory } = context;
    this.#thread.post({ kind: 'prepare', memory: { pow, epoch, memory }, scratch: claimScratch(memory) });
  }

  async run(batches: number): Promise<void> {
    const { pow, epoch } = this.#context;
    for (let i = 0; i < batches; i++) {
      const requests = requestsOf(pow, epoch, KERNEL_BATCH_MAX, this.#nonce);
      this.#nonce += requests.length;
      const answered = new Promise<void>((resolve) => {
        this.#onAnswer = resolve;
      });
      this.#thread.post({ kind: 'hash', powName: pow.name, requests });
      await Promise.race([answered, this.#gone.promise]);
    }
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }
}
