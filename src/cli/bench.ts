import { epochMax } from '../kawpow/epoch.ts';
import type { PowName } from '../kawpow/params.ts';
import type { KawpowFigures, MeasureOptions } from '../measure/kawpow.ts';
import { powOf } from './pow-flag.ts';
import { textTable } from './text-table.ts';

/** What Ravencoin had in 2025; the light cache grows by one part in 700 each epoch. */
const USUAL_EPOCH = 560;
/** Reads of one hash: rounds × parts of an item × parents. */
const READS_PER_HASH = 131_072;

export interface BenchArgs {
  /** What is measured; kawpow is all there is. */
  readonly subject: string;
  /** As typed. */
  readonly epoch?: string | undefined;
  readonly json?: boolean | undefined;
  /** Measure hashing with the whole dataset, too. */
  readonly dag?: boolean | undefined;
  /** A name of PROOFS_OF_WORK; kawpow when left out. */
  readonly pow?: string | undefined;
}

export interface BenchIo {
  /** To standard output. */
  print(text: string): void;
  /** To standard error: what is wrong, and what is being done. */
  complain(line: string): void;
  measure(options: MeasureOptions): Promise<KawpowFigures>;
}

/**
 * `kpss bench kawpow`: how fast this machine verifies shares, beside what its memory can do.
 * @returns the exit code: 0, or 2 for wrong arguments
 * @throws Error when a thread or process that measures fails
 */
export async function runBench(args: BenchArgs, io: BenchIo): Promise<number> {
  const chosen = chosenOf(args);
  if ('complaint' in chosen) {
    io.complain(`kpss bench: ${chosen.complaint}`);
    return 2;
  }
  const { powName, epoch } = chosen;
  const onStep = (step: string): void => io.complain(`kpss bench: ${step}…`);
  const figures = await io.measure({ powName, epoch, dag: args.dag ?? false, onStep });
  io.print(args.json ? JSON.stringify(figures, undefined, 2) : tableOf(figures));
  return 0;
}

function chosenOf({
  subject,
  epoch = String(USUAL_EPOCH),
  pow,
}: BenchArgs): { readonly powName: PowName; readonly epoch: number } | { readonly complaint: string } {
  if (subject !== 'kawpow') return { complaint: `there is a benchmark of kawpow, and none of ${subject}` };
  const known = powOf(pow);
  if ('complaint' in known) return known;
  const max = epochMax(known.pow);
  if (/^\d+$/.test(epoch) && Number(epoch) <= max) return { powName: known.name, epoch: Number(epoch) };
  return { complaint: `--epoch is a whole number from 0 to ${max}, got ${epoch}` };
}

/** For people: each figure beside the floor. */
export function tableOf(figures: KawpowFigures): string {
  const { machine, floorNs, hashUs, pow, epoch } = figures;
  const floorUs = (inFlight: number): number => ((floorNs[inFlight] ?? Number.NaN) * READS_PER_HASH) / 1000;
  const hash = (batch: number): number => hashUs[batch] ?? Number.NaN;
  const ratio = (value: number): string => `${value.toFixed(2)} ×`;
  const row = (name: string, us: number): string[] => [
    name,
    us.toFixed(us < 100 ? 1 : 0),
    ratio(us / floorUs(4)),
    ratio(us / floorUs(64)),
  ];
  const cores = machine.cores === 1 ? '1 core' : `${machine.cores} cores`;
  const where = `${machine.processor}, ${cores}, ${machine.memoryGiB} GiB, Node.js ${machine.node}, ${machine.platform}`;
  const floors = Object.entries(floorNs).map(([inFlight, ns]) =>
    row(
      `131,072 random reads, ${inFlight} in flight (${ns.toFixed(1)} ns each)`,
      (ns * READS_PER_HASH) / 1000,
    ),
  );
  const batches = Object.entries(hashUs).map(([batch, us]) =>
    row(batch === '1' ? 'one hash alone' : `a hash of a batch of ${batch}`, us),
  );
  const { dagHashUs, dagMinutes } = figures;
  const dag = dagHashUs === null ? [] : [row('a hash of a batch of 32, with the DAG in memory', dagHashUs)];
  const table = textTable(
    ['figure', 'µs', 'of 4 in flight', 'of 64 in flight'],
    [...floors, ...batches, ...dag, row('final hash only', figures.finalHashUs)],
  );
  const share = (ms: number): string => ((ms * 1000) / hash(32)).toFixed(0);
  const facts: [string, string][] = [
    ['light cache', `${figures.cacheMiB.toFixed(0)} MiB`],
    ['… built, in a fresh process', `${figures.cacheMs.toFixed(0)} ms, as ${share(figures.cacheMs)} shares`],
    ['start with it on disk → first share', `${figures.cacheFromDiskMs.toFixed(0)} ms`],
    ['batch of 8 against one alone', ratio(hash(1) / hash(8))],
    ['one worker thread', `${figures.oneWorkerPerS.toFixed(0)} shares a second`],
    [
      'two worker threads',
      `${figures.twoWorkersPerS.toFixed(0)} shares a second, ${ratio(figures.twoWorkersPerS / figures.oneWorkerPerS)}`,
    ],
    [
      'resident memory with this epoch',
      `${figures.rssMiB.toFixed(0)} MiB, ${(figures.rssMiB - figures.cacheMiB).toFixed(0)} over the cache`,
    ],
  ];
  if (dagMinutes !== null) facts.push(['DAG, generated in one thread', `${dagMinutes.toFixed(1)} minutes`]);
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  return `${pow}, epoch ${epoch}: ${where}\n\n${table}\n\n${lines.join('\n')}`;
}
