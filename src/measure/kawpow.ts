import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { dagBytes } from '../kawpow/dag.ts';
import { lightCacheBytes } from '../kawpow/epoch.ts';
import { type EpochContext, epochContextIn } from '../kawpow/epoch-context.ts';
import { type PowName, PROOFS_OF_WORK } from '../kawpow/params.ts';
import { createVerifierPool } from '../kawpow/pool.ts';
import { gibText } from '../kawpow/size-text.ts';
import { measureBatches } from './batches.ts';
import { type DagFigures, measureDag } from './dag.ts';
import { measureColdCache, measureStart } from './fresh-process.ts';
import { median } from './median.ts';
import { measureWorkers } from './workers.ts';

/** Fresh processes for each figure that needs them. */
const PROCESSES = 5;

export interface KawpowFigures {
  /** The proof of work's name. */
  readonly pow: string;
  readonly epoch: number;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly node: string;
    readonly platform: string;
  };
  /** Nanoseconds of one random 64-byte read, by reads in flight. */
  readonly floorNs: Readonly<Record<string, number>>;
  /** Microseconds a hash, by batch size. */
  readonly hashUs: Readonly<Record<string, number>>;
  readonly finalHashUs: number;
  /** Building the light cache in a fresh process. */
  readonly cacheMs: number;
  /** From the start of a process, with the light cache on disk, to its first verified share. */
  readonly cacheFromDiskMs: number;
  /** Hashes a second. */
  readonly oneWorkerPerS: number;
  readonly twoWorkersPerS: number;
  /** Microseconds a hash with the whole dataset in memory; null when not run. */
  readonly dagHashUs: number | null;
  /** What generating the dataset would take one thread; null when not run. */
  readonly dagMinutes: number | null;
  /** Resident memory of a process that verifies this epoch. */
  readonly rssMiB: number;
  readonly cacheMiB: number;
}

export interface MeasureOptions {
  readonly powName: PowName;
  readonly epoch: number;
  /** Measure hashing with the whole dataset, too: it needs gigabytes. */
  readonly dag: boolean;
  /** Told what is measured now. */
  readonly onStep: (step: string) => void;
}

/**
 * How fast this machine computes KawPoW. It takes a minute and keeps up to two cores busy.
 * @throws Error when a process or thread that measures fails, RangeError on an epoch beyond epochMax
 */
export async function measureKawpow({ powName, epoch, dag, onStep }: MeasureOptions): Promise<KawpowFigures> {
  const pow = PROOFS_OF_WORK[powName];
  const directory = await mkdtemp(join(tmpdir(), 'kpss-bench-'));
  try {
    onStep('building the light cache in fresh processes');
    const cacheMs: number[] = [];
    for (let i = 0; i < PROCESSES; i++) cacheMs.push(await measureColdCache(powName, epoch));
    onStep('starting with the light cache on disk');
    // The first one puts it there.
    await measureStart(powName, epoch, directory);
    const starts = [];
    for (let i = 0; i < PROCESSES; i++) starts.push(await measureStart(powName, epoch, directory));
    const loader = createVerifierPool({ threads: 1, pow, cacheDirectory: directory });
    const context = epochContextIn(await loader.epochMemory(epoch));
    await loader.close();
    onStep('hashing in batches, beside the floor of this machine');
    const { hashUs, floorNs, finalHashUs } = measureBatches(context);
    onStep('one worker thread against two');
    const { oneWorkerPerS, twoWorkersPerS } = await measureWorkers(context);
    const dagFigures = dag ? measureDagIfItFits(context, onStep) : undefined;
    return {
      pow: pow.name,
      epoch,
      machine: machine(),
      floorNs: Object.fromEntries(floorNs),
      hashUs: Object.fromEntries(hashUs),
      finalHashUs,
      cacheMs: median(cacheMs),
      cacheFromDiskMs: median(starts.map(({ firstShareMs }) => firstShareMs)),
      oneWorkerPerS,
      twoWorkersPerS,
      dagHashUs: dagFigures?.hashUs ?? null,
      dagMinutes: dagFigures?.generateMinutes ?? null,
      rssMiB: median(starts.map(({ rssMiB }) => rssMiB)),
      cacheMiB: lightCacheBytes(epoch, pow) / 2 ** 20,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function measureDagIfItFits(context: EpochContext, onStep: MeasureOptions['onStep']): DagFigures | undefined {
  const neededBytes = dagBytes(context.epoch, context.pow);
  onStep(`hashing with a DAG of ${gibText(neededBytes)}`);
  const availableBytes = process.availableMemory();
  const figures = measureDag(context, availableBytes);
  if (figures === undefined) {
    onStep(`it does not fit the ${gibText(availableBytes)} of free memory, and is left out`);
  }
  return figures;
}

function machine(): KawpowFigures['machine'] {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}
