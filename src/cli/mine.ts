import {
  type CpuMiner,
  type CpuMinerOptions,
  createCpuMiner,
  type MinerShare,
  minerThreadsMax,
} from '../devnet/miner.ts';
import { type EpochWatch, watchEpochs } from '../epoch-progress.ts';
import { KpssError } from '../error.ts';
import type { VerifierEvent } from '../kawpow/pool.ts';
import type { Clock, Log, RandomSource } from '../mining/ports.ts';
import type { Progress } from './progress.ts';

export interface MineArgs {
  readonly url: string;
  /** `address.worker`, as the server wants it. */
  readonly user: string;
  readonly password?: string | undefined;
  /** As typed. */
  readonly threads?: string | undefined;
  /** Take any certificate of a TLS server. */
  readonly insecure?: boolean | undefined;
  /** Generate the DAG of the epoch. */
  readonly dag?: boolean | undefined;
}

export interface MineIo {
  readonly log: Log;
  /** Of what takes long. */
  readonly progress: Progress;
  /** To standard error. */
  complain(line: string): void;
  /** Fires to stop: SIGINT, SIGTERM. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Where light caches are kept on disk; nowhere when left out. */
  readonly cacheDirectory?: string | undefined;
  /** Between two hashrate lines; the miner's own when left out. */
  readonly reportMs?: number;
  /** Memory that can still be had for a DAG; what Node.js says when left out. */
  readonly availableBytes?: () => number;
}

/**
 * `kpss mine`: a CPU miner for any KawPoW stratum server. It connects again for as long as it runs.
 * @returns the exit code, once the signal has fired: 0; at once: 2 for wrong arguments
 */
export async function runMine(args: MineArgs, io: MineIo): Promise<number> {
  const { log, signal } = io;
  const threads = args.threads === undefined ? 1 : Number(args.threads);
  const dag = args.dag ?? false;
  const threadsMax = minerThreadsMax(dag);
  if (!Number.isInteger(threads) || threads < 1 || threads > threadsMax) {
    const range = `from 1 to ${threadsMax}${dag ? ' with --dag' : ''}`;
    io.complain(`kpss mine: --threads is a whole number ${range}, got ${args.threads}`);
    return 2;
  }
  if (args.user.trim() === '') {
    io.complain('kpss mine: --user is missing; usually it is the address to be paid, as in ADDRESS.worker');
    return 2;
  }
  const options = {
    url: args.url,
    user: args.user,
    threads,
    insecure: args.insecure ?? false,
    dag,
    cacheDirectory: io.cacheDirectory,
    ...(args.password === undefined ? {} : { password: args.password }),
    ...(io.reportMs === undefined ? {} : { reportMs: io.reportMs }),
  };
  const watch = watchEpochs(io.progress);
  const miner = tryCreate(options, io, watch);
  if (!miner) return 2;
  log.info({ threads }, `mining on ${threads} ${threads === 1 ? 'thread' : 'threads'}; Ctrl+C stops it`);
  miner.start();
  await fired(signal);
  watch.end();
  await miner.stop();
  const { accepted, rejected } = miner.stats();
  log.info({ accepted, rejected }, `stopped after ${accepted} accepted shares, ${rejected} refused`);
  return 0;
}

/** @returns undefined where the address is none, which was said */
function tryCreate(options: CpuMinerOptions, io: MineIo, watch: EpochWatch): CpuMiner | undefined {
  const { log, complain } = io;
  const onVerifierEvent = (event: VerifierEvent): void => {
    // How it ended is told by the miner itself.
    if (event.kind === 'epoch-building') {
      log.info(
        { epoch: event.epoch },
        `building the light cache of epoch ${event.epoch}; mining starts after it`,
      );
    }
    watch.onEvent(event);
  };
  const events = { onShare: (share: MinerShare) => tell(share, log), onVerifierEvent };
  try {
    return createCpuMiner(options, io, events);
  } catch (error) {
    if (!(error instanceof KpssError) || error.code !== 'KPSS_MINER_URL') throw error;
    complain(`kpss mine: ${error.message} [${error.code}]`);
    return undefined;
  }
}

/** Refused shares are told by the miner itself. */
function tell(share: MinerShare, log: Log): void {
  if (!share.accepted) return;
  const { height, candidate } = share;
  log.info(
    { height, candidate },
    candidate ? `share accepted, which meets the network target: perhaps block ${height}` : 'share accepted',
  );
}

function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
