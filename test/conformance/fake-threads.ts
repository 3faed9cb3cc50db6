import assert from 'node:assert/strict';
import { dagStripe, publishFinished } from '../../src/kawpow/dag.ts';
import type {
  BuilderSetup,
  CacheFileFault,
  CacheSource,
  DagBuilderSetup,
  FromBuilder,
  FromDagBuilder,
  FromWorker,
  ToWorker,
} from '../../src/kawpow/thread-messages.ts';
import type { ThreadHandlers, ThreadStarter } from '../../src/kawpow/threads.ts';
import type { HashRequest } from '../../src/kawpow/verifier.ts';
import { createSharedMemory, WASM_PAGE_BYTES } from '../../src/kawpow/webassembly.ts';

/** What a fake worker says a nonce's mix hash is. */
export function fakeMixHash(nonce: bigint): Uint8Array {
  return new Uint8Array(32).fill(Number(nonce & 0xffn));
}

export class FakeWorker {
  readonly posts: ToWorker[] = [];
  stopped = false;
  #batch: readonly HashRequest[] = [];
  readonly #handlers: ThreadHandlers<FromWorker>;
  readonly #onBatch: (worker: FakeWorker) => void;

  constructor(handlers: ThreadHandlers<FromWorker>, onBatch: (worker: FakeWorker) => void) {
    this.#handlers = handlers;
    this.#onBatch = onBatch;
  }

  /** What it works on; empty when it has nothing to do. */
  get batch(): readonly HashRequest[] {
    return this.#batch;
  }

  receive(message: ToWorker): void {
    this.posts.push(message);
    if (message.kind !== 'hash') return;
    assert.equal(this.#batch.length, 0, 'a worker gets one batch at a time');
    this.#batch = message.requests;
    this.#onBatch(this);
  }

  answer(): void {
    const batch = this.#batch;
    assert.ok(batch.length > 0, 'the worker has something to answer');
    this.#batch = [];
    this.#handlers.onMessage({
      results: batch.map(({ nonce }) => ({ mixHash: fakeMixHash(nonce), finalHash: new Uint8Array(32) })),
    });
  }

  crash(): void {
    this.stopped = true;
    this.#batch = [];
    this.#handlers.onExit(new Error('fake crash'));
  }
}

export class FakeBuilder {
  readonly setup: BuilderSetup;
  stopped = false;
  readonly #handlers: ThreadHandlers<FromBuilder>;

  constructor(setup: BuilderSetup, handlers: ThreadHandlers<FromBuilder>) {
    this.setup = setup;
    this.#handlers = handlers;
  }

  progress(fraction: number): void {
    this.#handlers.onMessage({ kind: 'progress', fraction });
  }

  get epoch(): number {
    return this.setup.epoch;
  }

  /** Sends the cache, and is done with it. */
  finish(): void {
    this.sendCache();
    this.crash();
  }

  /** Sends the cache; the thread goes on. */
  sendCache(source: CacheSource = 'built'): void {
    const { pow, epoch } = this.setup;
    const memory = { pow, epoch, memory: createSharedMemory(WASM_PAGE_BYTES) };
    this.#handlers.onMessage({ kind: 'built', memory, source, tookMs: 0 });
  }

  tellFault(fault: CacheFileFault): void {
    this.#handlers.onMessage({ kind: 'cache-file', fault });
  }

  /** Gone without a word. */
  crash(): void {
    this.stopped = true;
    this.#handlers.onExit(undefined);
  }
}

/** Generates nothing: it only tells how far it is. */
export class FakeDagBuilder {
  readonly setup: DagBuilderSetup;
  stopped = false;
  readonly #handlers: ThreadHandlers<FromDagBuilder>;

  constructor(setup: DagBuilderSetup, handlers: ThreadHandlers<FromDagBuilder>) {
    this.setup = setup;
    this.#handlers = handlers;
  }

  /** @param fraction of its stripe */
  progress(fraction: number): void {
    const { dag, part } = this.setup;
    const { first, end } = dagStripe(dag, part);
    publishFinished(dag, part, Math.floor(fraction * (end - first)));
    this.#handlers.onMessage({ kind: 'progress' });
  }

  finish(): void {
    this.progress(1);
    this.#exit(undefined);
  }

  crash(): void {
    this.#exit(new Error('fake crash'));
  }

  /** What the end of a real thread brings. */
  exitWhenStopped(): void {
    this.#exit(undefined);
  }

  #exit(error: Error | undefined): void {
    this.stopped = true;
    this.#handlers.onExit(error);
  }
}

/** Threads that do nothing until a test says so. */
export class FakeThreads implements ThreadStarter {
  readonly workers: FakeWorker[] = [];
  readonly builders: FakeBuilder[] = [];
  readonly dagBuilders: FakeDagBuilder[] = [];
  /** Called with each worker that was given something to do. */
  onBatch: (worker: FakeWorker) => void = () => {};

  startWorker: ThreadStarter['startWorker'] = (handlers) => {
    const worker = new FakeWorker(handlers, (busy) => this.onBatch(busy));
    this.workers.push(worker);
    return {
      post: (message) => worker.receive(message),
      stop: async () => {
        worker.stopped = true;
      },
    };
  };

  startBuilder: ThreadStarter['startBuilder'] = (setup, handlers) => {
    const builder = new FakeBuilder(setup, handlers);
    this.builders.push(builder);
    return {
      post() {},
      stop: async () => {
        if (builder.stopped) return;
        builder.stopped = true;
        await Promise.resolve();
        builder.crash();
      },
    };
  };

  startDagBuilder: ThreadStarter['startDagBuilder'] = (setup, handlers) => {
    const builder = new FakeDagBuilder(setup, handlers);
    this.dagBuilders.push(builder);
    return {
      post() {},
      stop: async () => {
        if (!builder.stopped) builder.exitWhenStopped();
      },
    };
  };

  /** The worker that was started last. */
  get worker(): FakeWorker {
    const worker = this.workers.at(-1);
    assert.ok(worker, 'a worker was started');
    return worker;
  }

  /** The builder that was started last. */
  get builder(): FakeBuilder {
    const builder = this.builders.at(-1);
    assert.ok(builder, 'a builder was started');
    return builder;
  }
}
