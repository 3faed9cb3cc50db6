import { meetsTarget } from '../chain/target.ts';
import { epochOf } from '../kawpow/epoch.ts';
import { KAWPOW, type KawPow } from '../kawpow/params.ts';
import { createVerifierPool, type VerifierEvent } from '../kawpow/pool.ts';
import type { EpochMemory } from '../kawpow/thread-messages.ts';
import type { Verifier } from '../kawpow/verifier.ts';
import type { Clock, Log, RandomSource, Timer } from '../mining/ports.ts';
import { HashMeter } from './hash-meter.ts';
import { MinerConnection } from './miner-connection.ts';
import { MinerDag } from './miner-dag.ts';
import { type MinerJob, type ServerError, submitParams } from './miner-messages.ts';
import { MinerRetry } from './miner-retry.ts';
import {
  type FromMinerThread,
  MINER_DAG_THREADS_MAX,
  MINER_THREADS_MAX,
  MinerThreads,
} from './miner-threads.ts';
import { parseStratumUrl } from './miner-url.ts';

const REPORT_MS = 30_000;
/** Jobs whose finds are still worth sending; a server keeps a few alive between two blocks. */
const LIVE_JOBS_MAX = 8;
/**
 * How long a block stays the only one of its tip. One that the node took moves the tip within a second; where it still
 * stands after this, the node did not take it, and another one has a chance.
 */
const RIVAL_WAIT_MS = 10_000;
/** One garbage line in so many is told, after the first, so that a mad server does not fill the log. */
const GARBAGE_REPORT_EVERY = 1000;

/** Of job not found and stale: src/stratum/rejections.ts. */
const STALE_CODE = 21;

const MINER_AGENT = 'kpss-miner/0.1';

export interface CpuMinerOptions {
  /** `stratum+tcp://host:port`, or `stratum+ssl://` for TLS. */
  readonly url: string;
  /** Usually `address.worker`. */
  readonly user: string;
  /** `x` when left out. */
  readonly password?: string;
  /** Each keeps one processor busy. 1 when left out, minerThreadsMax at most. */
  readonly threads?: number;
  /** Take any certificate of a TLS server. */
  readonly insecure?: boolean;
  /** Between two hashrate lines; 0 for none. 30,000 when left out. */
  readonly reportMs?: number;
  /** Generate the DAG of the epoch, where there is memory for it: 5.7 GiB in epoch 598. */
  readonly dag?: boolean;
  /** What is mined; KAWPOW when left out. */
  readonly pow?: KawPow;
  /** Where it keeps its own light caches on disk; nowhere when left out. */
  readonly cacheDirectory?: string | undefined;
}

/** A share, once the server has spoken. */
export interface MinerShare {
  readonly accepted: boolean;
  /** The server's words where it refused. */
  readonly reason: string | undefined;
  /** The server's error code where it gave one. */
  readonly code: number | undefined;
  /** It met the network's target too: a block, if the node takes it. */
  readonly candidate: boolean;
  readonly jobId: string;
  readonly height: number;
  readonly nonce: bigint;
}

interface CpuMinerModules {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  /** Where light caches of that proof of work come from; the miner builds its own when left out. Not closed by the miner. */
  readonly verifier?: Pick<Verifier, 'epochMemory'>;
  /** Memory that can still be had for a DAG; what Node.js says when left out. */
  readonly availableBytes?: () => number;
}

export interface CpuMinerEvents {
  onShare?(share: MinerShare): void;
  /** A share that is a block was accepted. */
  onBlock?(share: MinerShare): void;
  /** The server took the user. */
  onConnect?(): void;
  /** About light caches that it builds itself. */
  onVerifierEvent?(event: VerifierEvent): void;
  /** The connection ended, or could not be made; the next attempt follows by itself. */
  onDisconnect?(reason: string): void;
}

interface MinerStats {
  readonly connected: boolean;
  readonly accepted: number;
  readonly rejected: number;
}

/** A KawPoW miner on the processor: a stratum client like any other, only slow. */
export interface CpuMiner {
  start(): void;
  /** @returns when its threads are gone and nothing is pending */
  stop(): Promise<void>;
  /** Hashes per second over the last minute. */
  hashrate(): number;
  stats(): MinerStats;
}

/** Threads that a miner can have, with or without a DAG of its own. */
export function minerThreadsMax(dag: boolean): number {
  return dag ? MINER_DAG_THREADS_MAX : MINER_THREADS_MAX;
}

/**
 * @throws KpssError KPSS_MINER_URL on an address that is none
 * @throws RangeError unless it has 1 to minerThreadsMax threads
 */
export function createCpuMiner(
  options: CpuMinerOptions,
  modules: CpuMinerModules,
  events: CpuMinerEvents = {},
): CpuMiner {
  return new Miner(options, modules, events);
}

/** What jobs of one tip have in common; a clean job begins another. */
interface Tip {
  readonly height: number;
  /** When a block of it was sent, unless the server refused it. */
  blockSentMs: number | undefined;
}

interface LiveJob {
  readonly job: MinerJob;
  readonly tip: Tip;
  readonly connection: MinerConnection;
}

class Miner implements CpuMiner {
  readonly #options: CpuMinerOptions;
  readonly #pow: KawPow;
  readonly #modules: CpuMinerModules;
  readonly #events: CpuMinerEvents;
  readonly #address: ReturnType<typeof parseStratumUrl>;
  readonly #live = new Map<number, LiveJob>();
  readonly #retry: MinerRetry;
  #tip: Tip | undefined;
  #threads: MinerThreads | undefined;
  #dag: MinerDag | undefined;
  #ownVerifier: Verifier | undefined;
  #connection: MinerConnection | undefined;
  #connected = false;
  #meter: HashMeter | undefined;
  #reporter: Timer | undefined;
  #epoch: number | undefined;
  #isLoading = false;
  /** Takes up the newest job, which waits for its epoch's light cache. */
  #resume: (() => void) | undefined;
  #accepted = 0;
  #rejected = 0;
  #garbage = 0;

  constructor(options: CpuMinerOptions, modules: CpuMinerModules, events: CpuMinerEvents) {
    this.#address = parseStratumUrl(options.url);
    const threads = options.threads ?? 1;
    const threadsMax = minerThreadsMax(options.dag ?? false);
    if (!Number.isInteger(threads) || threads < 1 || threads > threadsMax)
      throw new RangeError(`a miner has 1 to ${threadsMax} threads, not ${threads}`);
    this.#options = options;
    this.#pow = options.pow ?? KAWPOW;
    this.#modules = modules;
    this.#events = events;
    this.#retry = new MinerRetry(modules.clock, modules.random);
  }

  start(): void {
    if (this.#threads) return;
    const { clock, log } = this.#modules;
    const onFound = (found: FromMinerThread): void => this.#onFound(found);
    const threads = new MinerThreads(
      { threads: this.#options.threads ?? 1, pow: this.#pow },
      { clock, log, onFound },
    );
    this.#threads = threads;
    if (this.#options.dag) {
      const { availableBytes = process.availableMemory } = this.#modules;
      this.#dag = new MinerDag(
        { threads: this.#options.threads ?? 1 },
        { clock, log, availableBytes, onDag: (_, dag) => threads.setDag(dag) },
      );
    }
    this.#meter = new HashMeter(clock, () => threads.hashes());
    this.#report();
    this.#connect();
  }

  async stop(): Promise<void> {
    this.#retry.stop();
    this.#meter?.stop();
    this.#reporter?.cancel();
    this.#connection?.close();
    this.#connection = undefined;
    this.#connected = false;
    this.#resume = undefined;
    this.#epoch = undefined;
    this.#live.clear();
    const threads = this.#threads;
    this.#threads = undefined;
    const verifier = this.#ownVerifier;
    this.#ownVerifier = undefined;
    const dag = this.#dag;
    this.#dag = undefined;
    await Promise.all([threads?.stop(), dag?.close(), verifier?.close()]);
  }

  hashrate(): number {
    return this.#meter?.hashesPerS() ?? 0;
  }

  stats(): MinerStats {
    return { connected: this.#connected, accepted: this.#accepted, rejected: this.#rejected };
  }

  #connect(): void {
    const { user, password = 'x', insecure = false } = this.#options;
    const { clock, log } = this.#modules;
    const options = { address: this.#address, user, password, insecure, agent: MINER_AGENT, pow: this.#pow };
    const connection = new MinerConnection(options, clock, {
      onReady: () => {
        this.#connected = true;
        this.#retry.ready();
        log.info({ url: this.#options.url, user }, `miner: connected to ${this.#options.url}`);
        this.#events.onConnect?.();
      },
      onJob: (job, prefix) => this.#onJob(job, prefix, connection),
      onGarbage: (reason) => this.#onGarbage(reason),
      onLost: (reason) => this.#onLost(reason),
    });
    this.#connection = connection;
  }

  #onLost(reason: string): void {
    const { log } = this.#modules;
    this.#connection = undefined;
    this.#connected = false;
    this.#resume = undefined;
    this.#live.clear();
    this.#threads?.search(undefined);
    const delayMs = this.#retry.schedule(() => this.#connect());
    log.warn({ url: this.#options.url, reason, delayMs }, `miner: ${reason}; trying again`);
    this.#events.onDisconnect?.(reason);
  }

  #onJob(job: MinerJob, prefix: Uint8Array, connection: MinerConnection): void {
    const { log, random } = this.#modules;
    if (job.cleanJobs) this.#live.clear();
    const known = job.cleanJobs || this.#tip?.height !== job.height ? undefined : this.#tip;
    const tip = known ?? { height: job.height, blockSentMs: undefined };
    this.#tip = tip;
    log.debug({ job: job.id, height: job.height, clean: job.cleanJobs }, 'miner: new job');
    const epoch = epochOf(job.height, this.#pow);
    if (epoch !== this.#epoch) {
      // Until the cache is there the threads rest: what they search may be void already.
      this.#threads?.search(undefined);
      this.#resume = () => this.#onJob(job, prefix, connection);
      this.#loadEpoch(epoch);
      return;
    }
    this.#resume = undefined;
    const { height, headerHash, shareTarget, networkTarget } = job;
    const targets = networkTarget ? [shareTarget, networkTarget] : [shareTarget];
    const search = { height, headerHash, targets, prefix, seed: random.bytes(8) };
    const generation = this.#threads?.search(search);
    if (generation === undefined) return;
    this.#live.set(generation, { job, tip, connection });
    for (const old of this.#live.keys()) if (this.#live.size > LIVE_JOBS_MAX) this.#live.delete(old);
  }

  /** One at a time, whatever a server sends: a light cache may take a gigabyte and minutes. */
  #loadEpoch(epoch: number): void {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const { clock, log } = this.#modules;
    const startMs = clock.nowMs();
    log.debug({ epoch }, `miner: asking for the light cache of epoch ${epoch}`);
    this.#lightCache(epoch)
      .then((memory) => {
        const tookMs = Math.round(clock.nowMs() - startMs);
        log.info({ epoch, tookMs }, `miner: has the light cache of epoch ${epoch}`);
        this.#threads?.setEpoch(memory);
        this.#dag?.use(memory);
        if (this.#threads) this.#epoch = epoch;
      })
      .catch((error: unknown) => {
        // Closing takes it away under us; that is no error. The next job asks again.
        if (this.#threads) log.error({ err: error, epoch }, `miner: no light cache of epoch ${epoch}`);
        this.#resume = undefined;
      })
      .finally(() => {
        this.#isLoading = false;
        this.#resume?.();
      });
  }

  async #lightCache(epoch: number): Promise<EpochMemory> {
    if (this.#modules.verifier) return this.#modules.verifier.epochMemory(epoch);
    this.#ownVerifier ??= createVerifierPool({
      threads: 1,
      pow: this.#pow,
      onEvent: (event) => this.#events.onVerifierEvent?.(event),
      cacheDirectory: this.#options.cacheDirectory,
    });
    // In place of the one before, which goes.
    this.#ownVerifier.keep('miner', [epoch]);
    return this.#ownVerifier.epochMemory(epoch);
  }

  #onFound({ generation, nonce, mixHash, finalHash }: FromMinerThread): void {
    const live = this.#live.get(generation);
    if (!live) return;
    const { job, tip, connection } = live;
    const candidate = job.networkTarget !== undefined && meetsTarget(finalHash, job.networkTarget);
    const nowMs = this.#modules.clock.nowMs();
    if (candidate) {
      // A second block of the same tip would only be a rival of our own first one.
      if (tip.blockSentMs !== undefined && nowMs - tip.blockSentMs < RIVAL_WAIT_MS) return;
      tip.blockSentMs = nowMs;
    }
    const share = { candidate, jobId: job.id, height: job.height, nonce };
    const params = submitParams(this.#options.user, job, { nonce, mixHash });
    connection.submit(params, (error) => {
      if (candidate && error) tip.blockSentMs = undefined;
      this.#onVerdict(share, error);
    });
  }

  #onVerdict(
    share: Pick<MinerShare, 'candidate' | 'jobId' | 'height' | 'nonce'>,
    error: ServerError | undefined,
  ): void {
    const { log } = this.#modules;
    const judged: MinerShare = { ...share, accepted: !error, reason: error?.text, code: error?.code };
    const fields = { job: share.jobId, height: share.height, block: share.candidate };
    if (judged.accepted) {
      this.#accepted += 1;
      log.debug(fields, 'miner: share accepted');
    } else {
      this.#rejected += 1;
      // A share that was under way when a new tip came is nobody's fault.
      const level = judged.code === STALE_CODE ? 'info' : 'warn';
      log[level]({ ...fields, code: judged.code }, `miner: share refused: ${judged.reason}`);
    }
    this.#events.onShare?.(judged);
    if (judged.accepted && judged.candidate) this.#events.onBlock?.(judged);
  }

  #onGarbage(reason: string): void {
    if (this.#garbage % GARBAGE_REPORT_EVERY === 0) {
      this.#modules.log.debug({ reason, lines: this.#garbage + 1 }, 'miner: the server sent something else');
    }
    this.#garbage += 1;
  }

  #report(): void {
    const { clock, log } = this.#modules;
    const reportMs = this.#options.reportMs ?? REPORT_MS;
    if (reportMs <= 0) return;
    this.#reporter = clock.setTimer(reportMs, () => {
      const { accepted, rejected } = this.stats();
      const hashesPerS = Math.round(this.hashrate() * 10) / 10;
      const message = `miner: ${hashesPerS} H/s, ${accepted} shares accepted, ${rejected} refused`;
      log.info({ hashesPerS, accepted, rejected }, message);
      this.#report();
    });
  }
}
