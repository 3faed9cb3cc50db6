import { cpus, totalmem } from 'node:os';
import { measureFanOut } from './stratum/fan-out.ts';
import type { Figure } from './stratum/figure.ts';
import { measureHeld } from './stratum/held.ts';
import { measureArrivals, measureMemory, QUICK_JOBS_YAML } from './stratum/idle.ts';
import { measureAllocations, measureReply, measureShareRate, measureWithDag } from './stratum/throughput.ts';
import { Ground, type World, type WorldOptions } from './stratum/world.ts';
import { printTable } from './support-table.ts';

export const purpose = 'the miners’ side under load: jobs, shares, memory; [--json] [--quick] [FIGURE …]';

/** How much is measured: the whole takes some minutes, the quick one shows that the bench works. */
interface Scale {
  readonly fanOut: readonly { readonly miners: number; readonly blocks: number; readonly maxMs: number }[];
  readonly sharesEach: number;
  readonly replies: number;
  readonly idle: { readonly miners: number; readonly settleS: number };
  readonly held: { readonly miners: number; readonly everyS: number; readonly seconds: number };
  readonly arrivals: { readonly miners: number; readonly withinS: number };
}

const WHOLE: Scale = {
  fanOut: [
    { miners: 1_000, blocks: 10, maxMs: 30 },
    { miners: 5_000, blocks: 10, maxMs: 120 },
  ],
  sharesEach: 200,
  replies: 300,
  idle: { miners: 5_000, settleS: 55 },
  held: { miners: 10_000, everyS: 15, seconds: 60 },
  arrivals: { miners: 5_000, withinS: 5 },
};
const QUICK: Scale = {
  fanOut: [{ miners: 50, blocks: 2, maxMs: 30 }],
  sharesEach: 4,
  replies: 5,
  idle: { miners: 50, settleS: 1 },
  held: { miners: 50, everyS: 1, seconds: 2 },
  arrivals: { miners: 50, withinS: 1 },
};

interface Subject extends WorldOptions {
  readonly measure: (world: World, scale: Scale) => Promise<Figure[]>;
}

/** Each has a server of its own. */
const FIGURES: Readonly<Record<string, Subject>> = {
  'fan-out': {
    measure: async (world, { fanOut }) => {
      const figures: Figure[] = [];
      for (const options of fanOut) figures.push(await measureFanOut(world, options));
      return figures;
    },
  },
  shares: {
    measure: async (world, { sharesEach }) => [
      await measureShareRate(world, { connections: 50, sharesEach, minPerS: 600 }),
    ],
  },
  reply: {
    measure: async (world, { replies }) => [await measureReply(world, { shares: replies, maxMs: 4 })],
  },
  dag: {
    // Two threads generate it in half the time.
    yaml: ['verifier: { dag: on, threads: 2 }'],
    measure: (world, { replies, sharesEach }) =>
      measureWithDag(world, {
        reply: { shares: replies, maxMs: 4 },
        rate: { connections: 50, sharesEach, minPerS: 600 },
      }),
  },
  allocations: {
    measure: async (world, { sharesEach }) => [
      await measureAllocations(world, { connections: 50, sharesEach: Math.ceil(sharesEach / 4) }),
    ],
  },
  memory: {
    yaml: [QUICK_JOBS_YAML],
    measure: async (world, { idle }) => [await measureMemory(world, { ...idle, maxKiB: 12 })],
  },
  held: {
    // 667 shares a second are a thread and a bit of one of two cores.
    yaml: ['verifier: { threads: 2 }'],
    measure: async (world, { held }) => [await measureHeld(world, { ...held, maxMs: 250 })],
  },
  arrivals: {
    measure: async (world, { arrivals }) => [await measureArrivals(world, { ...arrivals, maxMs: 25 })],
  },
};

/**
 * The real server, a devnet and the load generator on one machine.
 * @param args `--json`, `--quick`, and names of FIGURES where not all are wanted
 */
export async function run(args: readonly string[]): Promise<void> {
  const names = args.filter((arg) => !arg.startsWith('--'));
  const unknown = names.find((name) => !Object.hasOwn(FIGURES, name));
  if (unknown !== undefined)
    throw new Error(`no figure ${unknown}; there are ${Object.keys(FIGURES).join(', ')}`);
  const scale = args.includes('--quick') ? QUICK : WHOLE;
  const figures: Figure[] = [];
  const ground = new Ground();
  try {
    for (const [name, subject] of Object.entries(FIGURES)) {
      if (names.length > 0 && !names.includes(name)) continue;
      process.stderr.write(`bench stratum: ${name}…\n`);
      for (const figure of await measured(ground, name, subject, scale)) {
        process.stderr.write(`  ${figure.name}: ${textOf(figure)}\n`);
        figures.push(figure);
      }
    }
  } finally {
    ground.remove();
  }
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.version}, ${process.platform} ${process.arch}`;
  if (args.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ machine, figures }, undefined, 2)}\n`);
    return;
  }
  printTable(
    `stratum, server, devnet and load generator together on ${machine}`,
    ['figure', 'must', 'measured', ''],
    figures.map((figure) => [figure.name, figure.must, textOf(figure), verdictOf(figure)]),
  );
  for (const { name, beside } of figures)
    if (beside !== '') process.stdout.write(`\n${name}:\n  ${beside}\n`);
  if (scale === QUICK)
    process.stdout.write('\n--quick only shows that all of it works: judge by a whole run.\n');
}

function verdictOf({ must, isMet }: Figure): string {
  if (must === '' && isMet) return '';
  return isMet ? 'met' : 'MISSED';
}

/** One that fails leaves the others their turn. */
async function measured(ground: Ground, name: string, subject: Subject, scale: Scale): Promise<Figure[]> {
  try {
    return await ground.with((world) => subject.measure(world, scale), subject);
  } catch (error) {
    process.exitCode = 1;
    const beside = `not measured: ${error instanceof Error ? error.message : error}`;
    return [{ name, must: '', value: Number.NaN, unit: '', isMet: false, beside }];
  }
}

function textOf({ value, unit }: Figure): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`;
}
