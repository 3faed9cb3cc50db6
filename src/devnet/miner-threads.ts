import { Worker } from 'node:worker_threads';
import type { Dag } from '../kawpow/dag.ts';
import { SCRATCHES_MAX } from '../kawpow/kernel-layout.ts';
import type { KawPow } from '../kawpow/params.ts';
import { claimScratches, releaseScratches } from '../kawpow/scratches.ts';
import type { EpochMemory } from '../kawpow/thread-messages.ts';
import type { WasmMemory } from '../kawpow/webassembly.ts';
import type { Clock, Log, Timer } from '../mining/ports.ts';

/** A thread that crashed is replaced after this long, so that one that crashes at once does not burn the processor. */
const RESTART_MS = 1000;

/** Each thread has a scratch in the epoch's memory, and so has the one that hashes for the owner of the memory. */
export const MINER_THREADS_MAX = SCRATCHES_MAX - 1;
/** As many threads again generate the DAG, while the others mine already. */
export const MINER_DAG_THREADS_MAX = Math.floor(MINER_THREADS_MAX / 2);

/** What a mining thread gets at its start. */
export interface MinerThreadSetup {
  /**
   * Shared uint32s: the generation of the order that stands, then for each thread the hashes it has computed.
   * Threads poll the first; a message could not reach them while they hash.
   */
  readonly board: SharedArrayBuffer;
  /** Which of the threads it is. */
  readonly index: number;
  readonly pow: KawPow;
}

/** A range of nonces to search for one header. */
export interface SearchOrder {
  readonly generation: number;
  readonly height: number;
  /** 32 bytes, display order. */
  readonly headerHash: Uint8Array;
  /** A hash that meets one of them is worth reporting. */
  readonly targets: readonly Uint8Array[];
  readonly nonceStart: bigint;
  readonly nonceCount: bigint;
  /** Where in the range to begin; the search goes around. */
  readonly nonceOffset: bigint;
}

export type ToMinerThread =
  | { readonly kind: 'search'; readonly order: SearchOrder }
  | {
      readonly kind: 'epoch';
      readonly memory: EpochMemory;
      /** This thread's, in that memory. */
      readonly scratch: number;
      /** Not needed any more. */
      readonly dropEpoch: number | undefined;
    }
  | { readonly kind: 'dag'; readonly epoch: number; readonly dag: Dag };

/** A hash that meets a target. */
export interface FromMinerThread {
  readonly generation: number;
  readonly nonce: bigint;
  readonly mixHash: Uint8Array;
  readonly finalHash: Uint8Array;
}

/** What to search, for all threads together. */
export interface Search extends Pick<SearchOrder, 'height' | 'headerHash' | 'targets'> {
  /** The nonce's leading bytes, which stay. */
  readonly prefix: Uint8Array;
  /** 8 random bytes: where the search begins. */
  readonly seed: Uint8Array;
}

interface MinerThreadsModules {
  readonly clock: Clock;
  readonly log: Log;
  readonly onFound: (found: FromMinerThread) => void;
}

/** The mining threads as one: each searches its own part of the nonces, all drop their work at once. */
export class MinerThreads {
  readonly #modules: MinerThreadsModules;
  readonly #pow: KawPow;
  readonly #count: number;
  readonly #board: SharedArrayBuffer;
  readonly #counters: Uint32Array;
  readonly #counted: Uint32Array;
  readonly #workers: (Worker | undefined)[];
  readonly #restarts = new Set<Timer>();
  /** By memory: whoever comes back to an epoch gets what it had there. */
  readonly #scratches = new WeakMap<WasmMemory, readonly number[]>();
  #hashes = 0;
  #epoch: { memory: EpochMemory; scratches: readonly number[]; dag?: Dag } | undefined;
  #orders: readonly SearchOrder[] = [];
  #stopped = false;

  /** @param options `threads` is from 1 to MINER_THREADS_MAX */
  constructor(options: { readonly threads: number; readonly pow: KawPow }, modules: MinerThreadsModules) {
    const count = options.threads;
    if (!Number.isInteger(count) || count < 1 || count > MINER_THREADS_MAX)
      throw new RangeError(`a miner has 1 to ${MINER_THREADS_MAX} threads, not ${count}`);
    this.#modules = modules;
    this.#pow = options.pow;
    this.#count = count;
    this.#board = new SharedArrayBuffer(4 * (1 + count));
    this.#counters = new Uint32Array(this.#board);
    this.#counted = new Uint32Array(1 + count);
    this.#workers = Array.from({ length: count }, (_, index) => this.#start(index));
  }

  /** Hashes computed since the start. */
  hashes(): number {
    for (let i = 1; i <= this.#count; i++) {
      const now = Atomics.load(this.#counters, i);
      // The counters are uint32 and go around.
      this.#hashes += (now - (this.#counted[i] ?? 0)) >>> 0;
      this.#counted[i] = now;
    }
    return this.#hashes;
  }

  /**
   * Gives all threads the caches of an epoch; those they had are let go.
   * @throws RangeError when too many threads use this memory; then they keep what they had
   */
  setEpoch(memory: EpochMemory): void {
    const dropEpoch = this.#epoch?.memory.epoch;
    // Those in the memory before stay taken: a thread may still be hashing there.
    const scratches = this.#scratches.get(memory.memory) ?? claimScratches(memory.memory, this.#count);
    this.#scratches.set(memory.memory, scratches);
    this.#epoch = { memory, scratches };
    for (let index = 0; index < this.#count; index++) this.#postEpoch(index, dropEpoch);
  }

  /** Gives all threads the DAG of that epoch, as far as it has got. They use it from the next search on. */
  setDag(dag: Dag): void {
    if (this.#epoch === undefined) return;
    this.#epoch.dag = dag;
    for (let index = 0; index < this.#count; index++) this.#postDag(index);
  }

  #postEpoch(index: number, dropEpoch: number | undefined): void {
    const scratch = this.#epoch?.scratches[index];
    if (this.#epoch === undefined || scratch === undefined) return;
    post(this.#workers[index], { kind: 'epoch', memory: this.#epoch.memory, scratch, dropEpoch });
    this.#postDag(index);
  }

  #postDag(index: number): void {
    if (this.#epoch?.dag === undefined) return;
    const { memory, dag } = this.#epoch;
    post(this.#workers[index], { kind: 'dag', epoch: memory.epoch, dag });
  }

  /**
   * Stops what is being searched and begins anew; undefined only stops.
   * @returns the generation that finds of this search carry
   */
  search(search: Search | undefined): number {
    const generation = (Atomics.add(this.#counters, 0, 1) + 1) >>> 0;
    this.#orders = search ? this.#split(search, generation) : [];
    for (const [index, order] of this.#orders.entries())
      post(this.#workers[index], { kind: 'search', order });
    return generation;
  }

  /** @returns when all threads are gone */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.search(undefined);
    for (const timer of this.#restarts) timer.cancel();
    await Promise.all(this.#workers.map((worker) => worker?.terminate()));
    if (this.#epoch === undefined) return;
    const { memory, scratches } = this.#epoch;
    releaseScratches(memory.memory, scratches);
  }

  /** The nonces behind the prefix in equal parts. */
  #split({ prefix, seed, height, headerHash, targets }: Search, generation: number): SearchOrder[] {
    const freeBits = 64n - 8n * BigInt(prefix.length);
    const first = toBigint(prefix) << freeBits;
    const nonceCount = (1n << freeBits) / BigInt(this.#count);
    const nonceOffset = toBigint(seed) % nonceCount;
    return Array.from({ length: this.#count }, (_, index) => ({
      generation,
      height,
      headerHash,
      targets,
      nonceStart: first + BigInt(index) * nonceCount,
      nonceCount,
      nonceOffset,
    }));
  }

  #start(index: number): Worker {
    const name = import.meta.url.endsWith('.ts') ? './miner-worker.ts' : './miner-worker.js';
    const setup: MinerThreadSetup = { board: this.#board, index, pow: this.#pow };
    const worker = new Worker(new URL(name, import.meta.url), { workerData: setup });
    worker.on('message', (found: FromMinerThread) => this.#modules.onFound(found));
    worker.on('error', (error) =>
      this.#modules.log.error({ err: error, thread: index }, 'miner: a thread crashed'),
    );
    worker.on('exit', () => this.#restart(index));
    return worker;
  }

  #restart(index: number): void {
    this.#workers[index] = undefined;
    if (this.#stopped) return;
    const timer = this.#modules.clock.setTimer(RESTART_MS, () => {
      this.#restarts.delete(timer);
      const worker = this.#start(index);
      this.#workers[index] = worker;
      this.#postEpoch(index, undefined);
      const order = this.#orders[index];
      if (order) post(worker, { kind: 'search', order });
    });
    this.#restarts.add(timer);
  }
}

function post(worker: Worker | undefined, message: ToMinerThread): void {
  worker?.postMessage(message);
}

/** Big-endian. */
function toBigint(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
