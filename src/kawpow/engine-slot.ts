import { KpssError } from '../error.ts';
import type { Clock, Timer } from '../mining/ports.ts';
import type { Dag } from './dag.ts';
import { claimScratch, releaseScratch } from './kernel-memory.ts';
import type { KawPow } from './params.ts';
import {
  type EpochMemory,
  epochKey,
  type FromWorker,
  type PowEpoch,
  type ToWorker,
} from './thread-messages.ts';
import type { Thread, ThreadStarter } from './threads.ts';
import { isOfUntrusted, type Task } from './waiting.ts';
import type { WasmMemory } from './webassembly.ts';

/**
 * A batch takes 0.05 to 0.1 s, and perhaps 5 s on a machine that swaps. A thread that needs longer than this will not
 * answer any more.
 */
export const HUNG_AFTER_MS = 30_000;
/**
 * The last part of that, begun when the rest is over. After a pause of the whole process, such as a laptop's sleep, the
 * rest is over before an answer that is there already can be read; reading it takes no time like this.
 */
export const LAST_WAIT_MS = 2_000;

interface EngineSlotModules {
  readonly threads: Pick<ThreadStarter, 'startWorker'>;
  /** Without it no thread is found to hang, and none is measured. */
  readonly clock: Clock | undefined;
  /** The dataset of an epoch, if it is there or on its way. */
  dag(of: PowEpoch): Dag | undefined;
  /** Its batch is settled; it can take another. */
  onIdle(): void;
  /** How long a batch took; not told of a thread's first, which includes its start. */
  onMeasured(hashes: number, tookMs: number): void;
  /** Its thread is gone, or was given up because it hangs. @param batch what it was working on */
  onCrash(batch: readonly Task[], error: Error | undefined): void;
}

/**
 * The place of one worker thread. The thread is started once when there will be something for it to do, and again only
 * when there is, so that a thread that crashes right at its start is not started over and over: each start costs a
 * request one of its two tries.
 */
export class EngineSlot {
  readonly #modules: EngineSlotModules;
  #thread: Thread<ToWorker> | undefined;
  #wasStarted = false;
  #batch: readonly Task[] | undefined;
  /** Shares in it of sessions that are not trusted. */
  #untrusted = 0;
  #batchSinceMs: number | undefined;
  #hangs: Timer | undefined;
  /** The thread has answered before. */
  #isWarm = false;
  /** When threads that hung are gone. */
  #givenUp: Promise<unknown> = Promise.resolve();
  readonly #prepared = new Set<string>();
  /** By epoch. A thread that replaces a crashed one gets the same. */
  #scratches = new Map<string, { readonly memory: WasmMemory; readonly scratch: number }>();

  constructor(modules: EngineSlotModules) {
    this.#modules = modules;
  }

  get idle(): boolean {
    return this.#batch === undefined;
  }

  /** Requests of this proof of work will come: thread and kernel can be ready when the epoch is. */
  expect(pow: KawPow): void {
    if (this.#thread === undefined && this.#wasStarted) return;
    this.#running().post({ kind: 'expect', pow });
  }

  /**
   * Requests that it works on, without those that it should have done by now: so the wait for it gets shorter evenly, and
   * nobody can tell from an answer how long it is.
   * @param hashesPerS of one thread; undefined when nobody knows
   */
  left(hashesPerS = 0): { readonly all: number; readonly untrusted: number } {
    const batch = this.#batch ?? [];
    const { clock } = this.#modules;
    const tookMs =
      clock === undefined || this.#batchSinceMs === undefined ? 0 : clock.nowMs() - this.#batchSinceMs;
    const all = Math.max(0, batch.length - (tookMs / 1000) * hashesPerS);
    return { all, untrusted: all === 0 ? 0 : (all * this.#untrusted) / batch.length };
  }

  prepare(memory: EpochMemory): void {
    const thread = this.#running();
    const key = epochKey(memory);
    if (this.#prepared.has(key)) return;
    this.#prepared.add(key);
    const known = this.#scratches.get(key);
    const scratch = known?.scratch ?? claimScratch(memory.memory);
    if (known === undefined) this.#scratches.set(key, { memory: memory.memory, scratch });
    thread.post({ kind: 'prepare', memory, scratch });
    const dag = this.#modules.dag(memory);
    if (dag !== undefined) this.useDag(memory, dag);
  }

  /** @param dag of an epoch that this slot hashes in, or undefined: it is not used any more */
  useDag(of: PowEpoch, dag: Dag | undefined): void {
    if (!this.#prepared.has(epochKey(of))) return;
    this.#thread?.post({ kind: 'dag', powName: of.pow.name, epoch: of.epoch, dag });
  }

  /** The epoch's memory goes, and its scratches with it. */
  forget(of: PowEpoch): void {
    const key = epochKey(of);
    this.#scratches.delete(key);
    if (!this.#prepared.delete(key)) return;
    this.#thread?.post({ kind: 'forget', powName: of.pow.name, epoch: of.epoch });
  }

  /** @param batch requests of this memory's epoch; the slot must be idle */
  run(memory: EpochMemory, batch: readonly Task[]): void {
    this.prepare(memory);
    this.#batch = batch;
    this.#untrusted = batch.filter(isOfUntrusted).length;
    const { clock } = this.#modules;
    this.#batchSinceMs = clock?.nowMs();
    this.#hangs = clock?.setTimer(HUNG_AFTER_MS - LAST_WAIT_MS, () => {
      this.#hangs = clock.setTimer(LAST_WAIT_MS, () => this.#giveUp());
    });
    const requests = batch.map((task) => task.request);
    this.#running().post({ kind: 'hash', powName: memory.pow.name, requests });
  }

  /** @returns the batch that will not be answered any more, and when the thread is gone */
  stop(): { batch: readonly Task[]; gone: Promise<void> } {
    const batch = this.#batch ?? [];
    const gone = Promise.all([this.#thread?.stop(), this.#givenUp]).then(() => {});
    this.#thread = undefined;
    this.#endBatch();
    return { batch, gone };
  }

  #running(): Thread<ToWorker> {
    if (this.#thread !== undefined) return this.#thread;
    const thread = this.#modules.threads.startWorker({
      onMessage: (message) => {
        if (this.#thread === thread) this.#settle(message);
      },
      onExit: (error) => {
        if (this.#thread === thread) this.#crashed(error);
      },
    });
    this.#thread = thread;
    this.#wasStarted = true;
    return thread;
  }

  #settle(message: FromWorker): void {
    const batch = this.#batch ?? [];
    const { clock, onMeasured } = this.#modules;
    if (this.#isWarm && clock !== undefined && this.#batchSinceMs !== undefined) {
      onMeasured(batch.length, clock.nowMs() - this.#batchSinceMs);
    }
    this.#isWarm = true;
    this.#endBatch();
    for (const [i, task] of batch.entries()) {
      const result = message.results[i];
      task.settle(result === undefined ? { ok: false, reason: 'failed' } : { ok: true, ...result });
    }
    this.#modules.onIdle();
  }

  #endBatch(): void {
    this.#batch = undefined;
    this.#batchSinceMs = undefined;
    this.#hangs?.cancel();
    this.#hangs = undefined;
  }

  #giveUp(): void {
    // It may write for as long as it is not gone: the thread that replaces it gets other scratches.
    const scratches = this.#scratches;
    this.#scratches = new Map();
    const gone = this.#thread?.stop().then(() => {
      for (const { memory, scratch } of scratches.values()) releaseScratch(memory, scratch);
    });
    this.#givenUp = Promise.all([this.#givenUp, gone]);
    this.#crashed(
      new KpssError('KPSS_VERIFIER_HUNG', `a verifier thread gave no answer for ${HUNG_AFTER_MS / 1000} s`),
    );
  }

  #crashed(error: Error | undefined): void {
    const batch = this.#batch ?? [];
    this.#thread = undefined;
    this.#isWarm = false;
    this.#endBatch();
    this.#prepared.clear();
    this.#modules.onCrash(batch, error);
  }
}
