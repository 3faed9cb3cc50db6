import { FNV_OFFSET_BASIS, fnv1a } from './fnv.ts';
import { Kiss99 } from './kiss99.ts';
import { KAWPOW, type KawPow } from './params.ts';

/** How a new word goes into a register: `kind` says which formula, `rotation` (1 to 31) is used by two of them. */
export interface Merge {
  readonly kind: 'multiply-add' | 'xor-multiply' | 'left-xor' | 'right-xor';
  readonly rotation: number;
}

export type MathOp =
  | 'add'
  | 'multiply'
  | 'multiply-high'
  | 'min'
  | 'rotate-left'
  | 'rotate-right'
  | 'and'
  | 'or'
  | 'xor'
  | 'count-leading-zeros'
  | 'count-ones';

/** One instruction, run by all lanes on their own registers before the next one is. */
type Step =
  | { readonly kind: 'cache'; readonly from: number; readonly to: number; readonly merge: Merge }
  | {
      readonly kind: 'math';
      readonly op: MathOp;
      readonly a: number;
      readonly b: number;
      readonly to: number;
      readonly merge: Merge;
    };

/** What one round of KawPoW does. It is the same in all rounds of all hashes of one period. */
export interface Program {
  readonly period: number;
  readonly steps: readonly Step[];
  /** Where the words of the dataset item that each lane gets go to, in order. */
  readonly loads: readonly { readonly to: number; readonly merge: Merge }[];
}

/** In the order of their numbers in the specification. */
const MATH_OPS: readonly MathOp[] = [
  'add',
  'multiply',
  'multiply-high',
  'min',
  'rotate-left',
  'rotate-right',
  'and',
  'or',
  'xor',
  'count-leading-zeros',
  'count-ones',
];
const MERGE_KINDS: readonly Merge['kind'][] = ['multiply-add', 'xor-multiply', 'left-xor', 'right-xor'];

/** Words that each lane gets of a dataset item: 256 bytes over 16 lanes. */
function loadsPerLane(pow: KawPow): number {
  return 64 / pow.lanes;
}

/**
 * The random program of a period. The order in which numbers are drawn is part of the algorithm.
 * @param period as periodOf gives it
 * Source: EIP-1057, progPowInit and progPowLoop, with Ravencoin's counts of operations
 */
export function programOf(period: number, pow: KawPow = KAWPOW): Program {
  const random = seededRandom(period);
  const { destinations, sources } = shuffledRegisters(random, pow.registers);
  const nextSource = cycle(sources);
  const nextDestination = cycle(destinations);

  const steps: Step[] = [];
  for (let i = 0; i < Math.max(pow.cacheOps, pow.mathOps); i++) {
    if (i < pow.cacheOps) {
      const from = nextSource();
      const to = nextDestination();
      steps.push({ kind: 'cache', from, to, merge: mergeOf(random.next()) });
    }
    if (i < pow.mathOps) {
      const { a, b } = twoRegisters(random.next(), pow.registers);
      const op = MATH_OPS[random.next() % MATH_OPS.length]!;
      const to = nextDestination();
      steps.push({ kind: 'math', op, a, b, to, merge: mergeOf(random.next()) });
    }
  }

  const loads: { to: number; merge: Merge }[] = [];
  for (let i = 0; i < loadsPerLane(pow); i++) {
    // Register 0 always takes part, because it chooses the next dataset item.
    const to = i === 0 ? 0 : nextDestination();
    loads.push({ to, merge: mergeOf(random.next()) });
  }
  return { period, steps, loads };
}

function seededRandom(period: number): Kiss99 {
  // The seed is a uint64, but heights are uint32 and so the high word is always 0.
  const z = fnv1a(FNV_OFFSET_BASIS, period);
  const w = fnv1a(z, 0);
  const jsr = fnv1a(w, period);
  const jcong = fnv1a(jsr, 0);
  return new Kiss99(z, w, jsr, jcong);
}

/** Two Fisher-Yates shuffles that take turns in drawing from the generator. */
function shuffledRegisters(random: Kiss99, registers: number): { destinations: number[]; sources: number[] } {
  const destinations = Array.from({ length: registers }, (_, i) => i);
  const sources = Array.from({ length: registers }, (_, i) => i);
  for (let left = registers; left > 1; left--) {
    swap(destinations, left - 1, random.next() % left);
    swap(sources, left - 1, random.next() % left);
  }
  return { destinations, sources };
}

function swap(list: number[], i: number, j: number): void {
  const held = list[i]!;
  list[i] = list[j]!;
  list[j] = held;
}

function cycle(list: readonly number[]): () => number {
  let drawn = 0;
  return () => list[drawn++ % list.length]!;
}

/** Two different registers from one number. */
function twoRegisters(selector: number, registers: number): { a: number; b: number } {
  const choice = selector % (registers * (registers - 1));
  const a = choice % registers;
  const b = Math.floor(choice / registers);
  return { a, b: b >= a ? b + 1 : b };
}

function mergeOf(selector: number): Merge {
  return { kind: MERGE_KINDS[selector % 4]!, rotation: ((selector >>> 16) % 31) + 1 };
}
