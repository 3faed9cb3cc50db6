import { equalBytes } from '../chain/bytes.ts';
import { KpssError } from '../error.ts';
import { Admission, type Ahead } from './admission.ts';
import type { Dag } from './dag.ts';
import { ENGINE_BATCH_MAX } from './engine.ts';
import { EngineSlot } from './engine-slot.ts';
import { assertEpoch, epochMax, epochOf } from './epoch.ts';
import { EpochCaches } from './epoch-caches.ts';
import { collectGarbageSoon } from './garbage.ts';
import type { KawPow } from './params.ts';
import type { VerifierEvent, VerifierPoolOptions } from './pool-options.ts';
import { PresentDags } from './present-dags.ts';
import { type CacheOrigin, type EpochMemory, epochKey, type PowEpoch } from './thread-messages.ts';
import type { ThreadStarter } from './threads.ts';
import type { HashOutcome, HashRequest, Verdict, VerifierStatus, VerifyRequest } from './verifier.ts';
import { type Task, Waiting } from './waiting.ts';
import { Watchers } from './watchers.ts';
import { assertHash, assertNonce } from './words.ts';

/** About what one thread of the WebAssembly engine does in the 2 s within which a miner wants its answer. */
const QUEUE_MAX = 1024;
/**
 * Requests of one session that may wait: two batches, 0.2 s of one thread, so that one miner cannot fill the queue and
 * shut the others out. Thousands of cards behind one connection keep a thread busy with it all the same.
 */
const SESSION_QUEUE_MAX = 64;
/**
 * Of a session that is not trusted yet, or was caught. A miner has one or two by the time that four were found right;
 * a forger who connects many times would fill the queue with less than a hundredth of this work.
 */
const UNTRUSTED_SESSION_QUEUE_MAX = 8;
/** Of queueMax, for all sessions together that are not trusted: the trusted ones keep the other half. */
const UNTRUSTED_QUEUE_PART = 0.5;
/**
 * Requests of one session that may wait as urgent. An honest miner has one candidate at a time; forged ones are cheap
 * where the network's difficulty is low. What is beyond waits its turn like any share.
 */
const SESSION_URGENT_MAX = 16;
/** One that is asked for, and another; each has a light cache of up to 100 MiB these years. */
const EPOCHS_MAX = 2;
/** A request whose thread crashed or hung is asked once more; the second time is taken as its own fault. */
const CRASHES_MAX = 2;

/** Who asks. */
export interface Asker {
  readonly sessionId: string;
  readonly urgent: boolean;
  /** A miner's share, which may be shed, rather than a hash that somebody needs. */
  readonly isShare: boolean;
}

/**
 * What all verifiers of a pool share. The caches of an epoch are built in a thread of their own, into shared memory, while
 * the threads go on with the epoch before; requests for the new one wait in the same bounded queue.
 */
export class Pool {
  readonly #pows = new Map<string, KawPow>();
  readonly #queueMax: number;
  readonly #emit: (event: VerifierEvent) => void;
  readonly #waiting = new Waiting();
  readonly #caches: EpochCaches;
  readonly #dags: PresentDags;
  readonly #admission: Admission;
  readonly #slots: readonly EngineSlot[];
  /** Callers that want to know when an epoch is ready, or why it is not. */
  readonly #watchers = new Watchers<EpochMemory | KpssError>();
  #verified = 0;
  #closing: Promise<void> | undefined;

  constructor(options: VerifierPoolOptions, threads: ThreadStarter) {
    this.#queueMax = wholeNumber(options.queueMax ?? QUEUE_MAX, 'queueMax');
    this.#emit = options.onEvent ?? (() => {});
    const epochsMax = wholeNumber(options.epochsMax ?? EPOCHS_MAX, 'epochsMax');
    this.#caches = new EpochCaches(
      { epochsMax, cacheDirectory: options.cacheDirectory, clock: options.clock },
      {
        threads,
        waiting: (of) => this.#waiting.count(epochKey(of)),
        isWatched: (of) => this.#watchers.has(epochKey(of)),
        onBuilding: (of) => this.#tell('epoch-building', of),
        onProgress: ({ pow, epoch }, fraction) =>
          this.#emit({ kind: 'epoch-progress', pow: pow.name, epoch, fraction }),
        onReady: (memory, origin) => this.#epochReady(memory, origin),
        onDropped: (of) => this.#epochDropped(of),
        onFailed: (of, error) => this.#epochFailed(of, error),
        onFileFault: ({ pow, epoch }, fault) =>
          this.#emit({ kind: 'cache-file', pow: pow.name, epoch, ...fault }),
      },
    );
    const { clock, random } = options;
    const length = wholeNumber(options.threads ?? 1, 'threads');
    this.#dags = new PresentDags(
      { mode: 'off', availableBytes: () => 0, ...options.dag, threads: length },
      {
        threads,
        memory: (key) => this.#caches.memory(key),
        onDag: (of, dag) => this.#dagChanged(of, dag),
        onEvent: (event) => this.#emit(event),
      },
    );
    this.#admission = new Admission(length, {
      clock,
      random,
      onOverload: (rate) => this.#emit({ kind: 'overload', rate, hashesPerS: this.#admission.hashesPerS }),
    });
    this.#slots = Array.from(
      { length },
      () =>
        new EngineSlot({
          threads,
          clock,
          dag: (of) => this.#dags.dag(of),
          onIdle: () => this.#dispatch(),
          onMeasured: (hashes, tookMs) => this.#admission.measure(hashes, tookMs),
          onCrash: (batch, error) => this.#workerCrashed(batch, error),
        }),
    );
  }

  /** Epochs are told apart by the names of their proofs of work. */
  register(pow: KawPow): void {
    const known = this.#pows.get(pow.name);
    if (known !== undefined && known !== pow) {
      throw new RangeError(`two proofs of work are named ${pow.name}`);
    }
    this.#pows.set(pow.name, pow);
  }

  async verify(pow: KawPow, request: VerifyRequest): Promise<Verdict> {
    assertHash(request.claimedMixHash, 'a mix hash');
    const { sessionId, urgent, claimedMixHash } = request;
    const outcome = await this.ask(pow, request, { sessionId, urgent, isShare: true });
    if (!outcome.ok) return outcome;
    this.#verified += 1;
    const valid = equalBytes(outcome.mixHash, claimedMixHash);
    this.#admission.learn(sessionId, valid);
    return { ...outcome, valid };
  }

  endSession(sessionId: string): void {
    this.#admission.forget(sessionId);
    for (const task of this.#waiting.removeSession(sessionId)) task.settle({ ok: false, reason: 'closed' });
    this.#caches.settle();
  }

  keep(owner: string, epochs: readonly PowEpoch[]): void {
    if (this.#closing !== undefined) return;
    const [present] = epochs;
    const isNew = this.#caches.keep(owner, epochs);
    if (isNew && present !== undefined) this.#expect(present.pow);
    this.#dags.mine(owner, present);
  }

  /** Tells that an epoch is too far. */
  refuse(of: PowEpoch): void {
    const { pow, epoch } = of;
    const text = `epoch ${epoch} is beyond ${epochMax(pow)}, the last one whose light cache is built`;
    this.#emit({ kind: 'epoch-failed', pow: pow.name, epoch, error: new RangeError(text) });
  }

  status(): VerifierStatus {
    return {
      queued: this.#waiting.length,
      epochs: this.#caches.status(),
      verified: this.#verified,
      shed: this.#admission.shed,
      unverifiedRate: this.#admission.unverifiedRate,
      hashesPerS: this.#admission.hashesPerS,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    const gone = [this.#caches.close(), this.#dags.close()];
    const unanswered = this.#waiting.drain();
    for (const slot of this.#slots) {
      const stopped = slot.stop();
      unanswered.push(...stopped.batch);
      gone.push(stopped.gone);
    }
    for (const task of unanswered) task.settle({ ok: false, reason: 'closed' });
    this.#watchers.tellAll(verifierClosed());
    await Promise.all(gone);
  }

  /** @returns a promise that rejects on arguments that make no sense */
  async ask(pow: KawPow, request: HashRequest, asker: Asker): Promise<HashOutcome> {
    const { height, nonce } = request;
    assertHash(request.headerHash, 'a header hash');
    assertNonce(nonce);
    const of = { pow, epoch: epochOf(height, pow) };
    if (this.#closing !== undefined) return { ok: false, reason: 'closed' };
    if (of.epoch > epochMax(pow)) {
      this.refuse(of);
      return { ok: false, reason: 'failed' };
    }
    const refusal = this.#refusalOf(of, asker);
    if (asker.isShare) this.#admission.decided(asker.sessionId, refusal);
    if (refusal !== undefined) return { ok: false, reason: refusal };
    return new Promise((settle) => {
      // A copy, because a view would take the whole buffer behind it along to the thread.
      const headerHash = Uint8Array.from(request.headerHash);
      const task: Task = {
        request: { height, headerHash, nonce },
        of,
        sessionId: asker.sessionId,
        urgent: this.#isUrgent(asker),
        isTrusted: !asker.isShare || this.#admission.isTrusted(asker.sessionId),
        crashes: 0,
        settle,
      };
      this.#wait(task);
    });
  }

  #isUrgent({ sessionId, urgent }: Asker): boolean {
    return urgent && this.#waiting.urgentOf(sessionId) < SESSION_URGENT_MAX;
  }

  #refusalOf(of: PowEpoch, asker: Asker): 'queue-full' | 'shed' | undefined {
    const { sessionId, isShare } = asker;
    if (this.#isUrgent(asker)) return undefined;
    if (this.#waiting.length >= this.#queueMax) return 'queue-full';
    if (!isShare) return undefined;
    if (!this.#hasRoom(sessionId)) return 'queue-full';
    // While its cache is being built, nobody knows how long the wait is: it waits, as long as there is room.
    const key = epochKey(of);
    // A candidate is never shed.
    if (asker.urgent || !this.#isReady(key)) return undefined;
    return this.#admission.admits(sessionId, this.#ahead(key, sessionId)) ? undefined : 'shed';
  }

  /** What is in work is waited for, too. */
  #ahead(key: string, sessionId: string): Ahead {
    const { all, turns } = this.#waiting.ahead(key, sessionId, (other) => this.#isReady(other));
    const { hashesPerThreadS } = this.#admission;
    const inWork = { all: 0, untrusted: 0 };
    for (const slot of this.#slots) {
      const left = slot.left(hashesPerThreadS);
      inWork.all += left.all;
      inWork.untrusted += left.untrusted;
    }
    return {
      all: all + inWork.all,
      turns: turns + inWork.all,
      untrusted: this.#waiting.untrusted + inWork.untrusted,
    };
  }

  /** Whether another share of a session may wait, as far as its own part of the queue goes. */
  #hasRoom(sessionId: string): boolean {
    const count = this.#waiting.countOf(sessionId);
    if (this.#admission.isTrusted(sessionId)) return count < SESSION_QUEUE_MAX;
    const untrustedMax = this.#queueMax * UNTRUSTED_QUEUE_PART;
    return count < UNTRUSTED_SESSION_QUEUE_MAX && this.#waiting.untrusted < untrustedMax;
  }

  #isReady(key: string): boolean {
    return this.#caches.memory(key) !== undefined;
  }

  #wait(task: Task): void {
    this.#waiting.push(task);
    this.#want(task.of);
    this.#dispatch();
  }

  #want(of: PowEpoch): void {
    if (this.#caches.want(of)) this.#expect(of.pow);
  }

  /** A cache that is on disk is there as soon as a thread is. */
  #expect(pow: KawPow): void {
    for (const slot of this.#slots) slot.expect(pow);
  }

  #dispatch(): void {
    if (this.#closing !== undefined) return;
    const isReady = (key: string): boolean => this.#isReady(key);
    for (const slot of this.#slots) {
      if (!slot.idle) continue;
      const batch = this.#waiting.takeBatch(isReady, ENGINE_BATCH_MAX, this.#slots.length);
      const [first] = batch;
      const memory = first && this.#caches.memory(epochKey(first.of));
      if (memory === undefined) return;
      slot.run(memory, batch);
      this.#caches.served(memory, batch.length);
    }
  }

  #epochReady(memory: EpochMemory, { source, tookMs }: CacheOrigin): void {
    const { pow, epoch } = memory;
    this.#emit({ kind: 'epoch-ready', pow: pow.name, epoch, source, tookMs });
    this.#watchers.tell(epochKey(memory), memory);
    // The first share of the epoch should not have to wait for a thread's start.
    for (const slot of this.#slots) slot.prepare(memory);
    this.#dags.ready(memory);
    this.#dispatch();
  }

  #dagChanged(of: PowEpoch, dag: Dag | undefined): void {
    for (const slot of this.#slots) slot.useDag(of, dag);
    if (dag === undefined) void collectGarbageSoon();
  }

  #epochDropped(of: PowEpoch): void {
    this.#dags.drop(of);
    for (const slot of this.#slots) slot.forget(of);
    void collectGarbageSoon();
    // Last: whoever hears of it finds nothing of it left here.
    this.#tell('epoch-dropped', of);
  }

  #tell(kind: 'epoch-building' | 'epoch-dropped', { pow, epoch }: PowEpoch): void {
    this.#emit({ kind, pow: pow.name, epoch });
  }

  #epochFailed(of: PowEpoch, error: Error): void {
    const { pow, epoch } = of;
    this.#emit({ kind: 'epoch-failed', pow: pow.name, epoch, error });
    for (const task of this.#waiting.drain(epochKey(of))) task.settle({ ok: false, reason: 'failed' });
    const failure = new KpssError(
      'KPSS_LIGHT_CACHE_FAILED',
      `the light cache of epoch ${epoch} was not built`,
      {
        context: { pow: pow.name, epoch },
        cause: error,
      },
    );
    this.#watchers.tell(epochKey(of), failure);
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

  async whenReady(of: PowEpoch): Promise<EpochMemory | KpssError> {
    assertEpoch(of.epoch, of.pow);
    if (this.#closing !== undefined) return verifierClosed();
    this.#want(of);
    const key = epochKey(of);
    const memory = this.#caches.memory(key);
    if (memory !== undefined) return memory;
    return this.#watchers.wait(key);
  }
}

function wholeNumber(value: number, name: string): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name} is a whole number of 1 or more, got ${value}`);
  }
  return value;
}

function verifierClosed(): KpssError {
  return new KpssError('KPSS_VERIFIER_CLOSED', 'the verifier is closed');
}
