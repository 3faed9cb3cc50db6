import { equalBytes } from '../chain/bytes.ts';
import { KpssError } from '../error.ts';
import { ENGINE_BATCH_MAX } from './engine.ts';
import { EngineSlot } from './engine-slot.ts';
import { assertEpoch, EPOCH_MAX, epochOf } from './epoch.ts';
import { EpochCaches } from './epoch-caches.ts';
import { KAWPOW, type KawPow } from './params.ts';
import type { EpochMemory } from './thread-messages.ts';
import { type ThreadStarter, workerThreads } from './threads.ts';
import type {
  HashOutcome,
  HashRequest,
  Verdict,
  Verifier,
  VerifierStatus,
  VerifyRequest,
} from './verifier.ts';
import { type Task, Waiting } from './waiting.ts';
import { assertHash, assertNonce } from './words.ts';

/** About what one thread of the WebAssembly engine does in the 2 s within which a miner wants its answer. */
const QUEUE_MAX = 1024;
/** One chain's present epoch and its next; each has a light cache of up to 100 MiB these years. */
const EPOCHS_MAX = 2;
/** A request whose thread crashed is asked once more; the second crash is taken as its own fault. */
const CRASHES_MAX = 2;
/** The session that hash() requests belong to. Sessions of miners have other names. */
const HASH_SESSION = 'hash()';

/** For logs and metrics. */
export type VerifierEvent =
  | { readonly kind: 'epoch-building'; readonly epoch: number }
  | { readonly kind: 'epoch-ready'; readonly epoch: number }
  | { readonly kind: 'epoch-dropped'; readonly epoch: number }
  | { readonly kind: 'epoch-failed'; readonly epoch: number; readonly error: Error }
  | {
      readonly kind: 'worker-crashed';
      readonly error: Error | undefined;
      /** Requests that are asked again, and those given up. */
      readonly again: number;
      readonly failed: number;
    };

export interface VerifierPoolOptions {
  /** Worker threads for hashing; 1 unless given. The building of caches has one of its own, when it happens. */
  readonly threads?: number;
  /** Requests that may wait; QUEUE_MAX unless given. Urgent ones are not refused. */
  readonly queueMax?: number;
  /**
   * Epochs whose caches are kept; EPOCHS_MAX unless given. Whoever serves several chains needs two for each, or they
   * push out each other's, and every change builds anew for seconds.
   */
  readonly epochsMax?: number;
  readonly onEvent?: (event: VerifierEvent) => void;
  readonly pow?: KawPow;
}

/**
 * A verifier that hashes in worker threads. Outcomes are data: see Verifier for the few things that throw.
 *
 * The caches of an epoch are built in a thread of their own, into shared memory, while the threads go on with the epoch
 * before; requests for the new one wait in the same bounded queue.
 * @param threads where threads come from; only tests bring their own
 * @throws RangeError when a number in the options is not a whole number of 1 or more
 */
export function createVerifierPool(
  options: VerifierPoolOptions = {},
  threads: ThreadStarter = workerThreads,
): Verifier {
  return new VerifierPool(options, threads);
}

class VerifierPool implements Verifier {
  readonly #pow: KawPow;
  readonly #queueMax: number;
  readonly #emit: (event: VerifierEvent) => void;
  readonly #waiting = new Waiting();
  readonly #caches: EpochCaches;
  readonly #slots: readonly EngineSlot[];
  /** Callers that want to know when an epoch is ready, or why it is not. */
  readonly #watchers = new Map<number, ((memory: EpochMemory | KpssError) => void)[]>();
  #verified = 0;
  #closing: Promise<void> | undefined;

  constructor(options: VerifierPoolOptions, threads: ThreadStarter) {
    this.#pow = options.pow ?? KAWPOW;
    this.#queueMax = wholeNumber(options.queueMax ?? QUEUE_MAX, 'queueMax');
    this.#emit = options.onEvent ?? (() => {});
    this.#caches = new EpochCaches(
      { pow: this.#pow, epochsMax: wholeNumber(options.epochsMax ?? EPOCHS_MAX, 'epochsMax') },
      {
        threads,
        waiting: (epoch) => this.#waiting.count(epoch),
        onBuilding: (epoch) => this.#emit({ kind: 'epoch-building', epoch }),
        onReady: (memory) => this.#epochReady(memory),
        onDropped: (epoch) => this.#epochDropped(epoch),
        onFailed: (epoch, error) => this.#epochFailed(epoch, error),
      },
    );
    this.#slots = Array.from(
      { length: wholeNumber(options.threads ?? 1, 'threads') },
      () =>
        new EngineSlot(
          { pow: this.#pow },
          {
            threads,
            onIdle: () => this.#dispatch(),
            onCrash: (batch, error) => this.#workerCrashed(batch, error),
          },
        ),
    );
  }

  async verify(request: VerifyRequest): Promise<Verdict> {
    assertHash(request.claimedMixHash, 'a mix hash');
    const outcome = await this.#ask(request, request.sessionId, request.urgent);
    if (!outcome.ok) return outcome;
    this.#verified += 1;
    return { ...outcome, valid: equalBytes(outcome.mixHash, request.claimedMixHash) };
  }

  async hash(request: HashRequest): Promise<HashOutcome> {
    return this.#ask(request, HASH_SESSION, false);
  }

  async prepare(epoch: number): Promise<void> {
    if (epoch > EPOCH_MAX) this.#emit({ kind: 'epoch-failed', epoch, error: epochTooLarge(epoch) });
    else await this.#whenReady(epoch);
  }

  async epochMemory(epoch: number): Promise<EpochMemory> {
    assertEpoch(epoch);
    const memory = await this.#whenReady(epoch);
    if (memory instanceof KpssError) throw memory;
    return memory;
  }

  status(): VerifierStatus {
    return {
      queued: this.#waiting.length,
      epochs: this.#caches.status(),
      verified: this.#verified,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    const gone = [this.#caches.close()];
    const unanswered = this.#waiting.drain();
    for (const slot of this.#slots) {
      const stopped = slot.stop();
      unanswered.push(...stopped.batch);
      gone.push(stopped.gone);
    }
    for (const task of unanswered) task.settle({ ok: false, reason: 'closed' });
    for (const epoch of [...this.#watchers.keys()]) this.#tellWatchers(epoch, verifierClosed());
    await Promise.all(gone);
  }

  #ask(request: HashRequest, sessionId: string, urgent: boolean): Promise<HashOutcome> {
    const { height, nonce } = request;
    assertHash(request.headerHash, 'a header hash');
    assertNonce(nonce);
    const epoch = epochOf(height, this.#pow);
    if (this.#closing !== undefined) return Promise.resolve({ ok: false, reason: 'closed' });
    if (epoch > EPOCH_MAX) {
      this.#emit({ kind: 'epoch-failed', epoch, error: epochTooLarge(epoch) });
      return Promise.resolve({ ok: false, reason: 'failed' });
    }
    // Candidates are rare: a finished block each, so not counting them keeps the queue bounded all the same.
    if (!urgent && this.#waiting.length >= this.#queueMax) {
      return Promise.resolve({ ok: false, reason: 'queue-full' });
    }
    return new Promise((settle) => {
      // A copy, because a view would take the whole buffer behind it along to the thread.
      const headerHash = Uint8Array.from(request.headerHash);
      const task: Task = {
        request: { height, headerHash, nonce },
        epoch,
        sessionId,
        urgent,
        crashes: 0,
        settle,
      };
      this.#wait(task);
    });
  }

  #wait(task: Task): void {
    this.#waiting.push(task);
    this.#caches.want(task.epoch);
    this.#dispatch();
  }

  #dispatch(): void {
    if (this.#closing !== undefined) return;
    const isReady = (epoch: number): boolean => this.#caches.memory(epoch) !== undefined;
    for (const slot of this.#slots) {
      if (!slot.idle) continue;
      const batch = this.#waiting.takeBatch(isReady, ENGINE_BATCH_MAX, this.#slots.length);
      const epoch = batch[0]?.epoch;
      const memory = epoch === undefined ? undefined : this.#caches.memory(epoch);
      if (epoch === undefined || memory === undefined) return;
      slot.run(memory, batch);
      this.#caches.served(epoch, batch.length);
    }
  }

  #epochReady(memory: EpochMemory): void {
    this.#emit({ kind: 'epoch-ready', epoch: memory.epoch });
    this.#tellWatchers(memory.epoch, memory);
    // The first share of the epoch should not have to wait for a thread's start.
    for (const slot of this.#slots) slot.prepare(memory);
    this.#dispatch();
  }

  #epochDropped(epoch: number): void {
    this.#emit({ kind: 'epoch-dropped', epoch });
    for (const slot of this.#slots) slot.forget(epoch);
  }

  #epochFailed(epoch: number, error: Error): void {
    this.#emit({ kind: 'epoch-failed', epoch, error });
    for (const task of this.#waiting.drain(epoch)) task.settle({ ok: false, reason: 'failed' });
    const failure = new KpssError(
      'KPSS_LIGHT_CACHE_FAILED',
      `the light cache of epoch ${epoch} was not built`,
      {
        context: { epoch },
        cause: error,
      },
    );
    this.#tellWatchers(epoch, failure);
  }

  #workerCrashed(batch: readonly Task[], error: Error | undefined): void {
    for (const task of batch) task.crashes += 1;
    const again = batch.filter((task) => task.crashes < CRASHES_MAX);
    const failed = batch.length - again.length;
    this.#emit({ kind: 'worker-crashed', error, again: again.length, failed });
    for (const task of batch) {
      if (task.crashes >= CRASHES_MAX) task.settle({ ok: false, reason: 'failed' });
    }
    for (const task of again) this.#wait(task);
    this.#dispatch();
  }

  #whenReady(epoch: number): Promise<EpochMemory | KpssError> {
    assertEpoch(epoch);
    if (this.#closing !== undefined) return Promise.resolve(verifierClosed());
    this.#caches.want(epoch);
    const memory = this.#caches.memory(epoch);
    if (memory !== undefined) return Promise.resolve(memory);
    return new Promise((resolve) => {
      const watchers = this.#watchers.get(epoch);
      if (watchers === undefined) this.#watchers.set(epoch, [resolve]);
      else watchers.push(resolve);
    });
  }

  #tellWatchers(epoch: number, outcome: EpochMemory | KpssError): void {
    const watchers = this.#watchers.get(epoch) ?? [];
    this.#watchers.delete(epoch);
    for (const watcher of watchers) watcher(outcome);
  }
}

function wholeNumber(value: number, name: string): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name} is a whole number of 1 or more, got ${value}`);
  }
  return value;
}

function epochTooLarge(epoch: number): RangeError {
  return new RangeError(`epoch ${epoch} is beyond ${EPOCH_MAX}, the last one whose light cache is built`);
}

function verifierClosed(): KpssError {
  return new KpssError('KPSS_VERIFIER_CLOSED', 'the verifier is closed');
}
