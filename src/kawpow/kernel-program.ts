import { type KernelLayout, PROGRAM, REGISTER_BYTES, STEP } from './kernel-layout.ts';
import type { KawPow } from './params.ts';
import type { MathOp, Merge, Program } from './program.ts';
import {
  type Callable,
  choose,
  countUp,
  type Local,
  type ModuleBuilder,
  sequence,
  unrolled,
} from './wasm-assembler.ts';
import { type Code, i8x16, i16x8, i32, i32x4, i64x2, v128 } from './wasm-ops.ts';

/**
 * The random program as a table of steps, and an interpreter that runs each step on all lanes, four at a time. Generating
 * code for each period saved 2.5 of 15 µs a hash of an interpreter like this, and costs a compilation every three blocks.
 */

/** Vectors of four lanes in a register. */
const GROUPS = 4;

type Operation = MathOp | 'cache' | 'load';

/** What an operation is made from: registers a and b of four lanes, the lanes' number and the step. */
interface Operands {
  readonly a: Code;
  readonly b: Code;
  /** Code for the four words at four addresses, which are told by lane. */
  gather(addressOf: (lane: number) => Code): Code;
  /** The address in the dataset item of a lane's words. */
  itemWord(lane: number): Code;
  /** The address in the L1 cache of the word that a register chooses. */
  cacheWord(lane: number): Code;
}

/** By lanes, where no vector instruction does it. */
function eachLane(a: Code, b: Code, operate: (a: Code, b: Code) => Code): Code {
  const result = (lane: number): Code => operate(i32x4.extractLane(a, lane), i32x4.extractLane(b, lane));
  return [1, 2, 3].reduce(
    (vector, lane) => i32x4.replaceLane(vector, lane, result(lane)),
    i32x4.splat(result(0)),
  );
}

/** Bits of bytes, then of pairs of bytes, then of words. */
const countOnes = (vector: Code): Code =>
  i32x4.addPairsUnsigned(i16x8.addPairsUnsigned(i8x16.countOnes(vector)));

/** In the order of their numbers in the table of steps. */
const OPERATIONS: readonly { readonly name: Operation; code(operands: Operands): Code }[] = [
  { name: 'add', code: ({ a, b }) => i32x4.add(a, b) },
  { name: 'multiply', code: ({ a, b }) => i32x4.mul(a, b) },
  {
    name: 'multiply-high',
    code: ({ a, b }) =>
      v128.shuffle32(i64x2.multiplyLowUnsigned(a, b), i64x2.multiplyHighUnsigned(a, b), [1, 3, 5, 7]),
  },
  { name: 'min', code: ({ a, b }) => i32x4.minUnsigned(a, b) },
  { name: 'rotate-left', code: ({ a, b }) => eachLane(a, b, i32.rotateLeft) },
  { name: 'rotate-right', code: ({ a, b }) => eachLane(a, b, i32.rotateRight) },
  { name: 'and', code: ({ a, b }) => v128.and(a, b) },
  { name: 'or', code: ({ a, b }) => v128.or(a, b) },
  { name: 'xor', code: ({ a, b }) => v128.xor(a, b) },
  {
    name: 'count-leading-zeros',
    code: ({ a, b }) => eachLane(a, b, (x, y) => i32.add(i32.countLeadingZeros(x), i32.countLeadingZeros(y))),
  },
  { name: 'count-ones', code: ({ a, b }) => i32x4.add(countOnes(a), countOnes(b)) },
  { name: 'cache', code: ({ gather, cacheWord }) => gather(cacheWord) },
  { name: 'load', code: ({ gather, itemWord }) => gather(itemWord) },
];

const rotatedLeft = (vector: Code, n: Code): Code =>
  v128.or(i32x4.shiftLeft(vector, n), i32x4.shiftRightUnsigned(vector, i32.sub(i32.const(0), n)));
const times33 = (vector: Code): Code => i32x4.mul(vector, i32x4.splat(i32.const(33)));

/** In the order of their numbers in the table of steps. */
const MERGES: readonly { readonly kind: Merge['kind']; code(old: Code, word: Code, rotation: Code): Code }[] =
  [
    { kind: 'multiply-add', code: (old, word) => i32x4.add(times33(old), word) },
    { kind: 'xor-multiply', code: (old, word) => times33(v128.xor(old, word)) },
    { kind: 'left-xor', code: (old, word, rotation) => v128.xor(rotatedLeft(old, rotation), word) },
    {
      kind: 'right-xor',
      code: (old, word, rotation) => v128.xor(rotatedLeft(old, i32.sub(i32.const(32), rotation)), word),
    },
  ];

/**
 * `(registers, program, item, round)`: one round on one hash's registers.
 *
 * A step is done on all four vectors of lanes before the next is looked at: what to do is decided once for each step, and
 * none of the four waits for another. With a DAG, where this is most of a hash, that took 11 of 73 µs off.
 */
export function defineRunProgram(module: ModuleBuilder, pow: KawPow, layout: KernelLayout): Callable {
  return module.function(
    { parameters: ['i32', 'i32', 'i32', 'i32'] },
    (scope, registers, program, item, round) => {
      const [step, a, b, to, end] = scope.locals(5, 'i32');
      const words = scope.locals(GROUPS, 'v128');
      const field = (offset: number): Code => i32.load(step!.get, offset);
      const register = (offset: number): Code => i32.add(registers!.get, field(offset));
      const locals = { a: a!, b: b!, step: step!, item: item!, round: round! };
      const operation = OPERATIONS.map(({ code }) =>
        unrolled(GROUPS, (group) => words[group]!.set(code(operandsOf(pow, layout, locals, group)))),
      );
      const merge = MERGES.map(({ code }) =>
        unrolled(GROUPS, (group) => {
          const old = v128.load(to!.get, 16 * group);
          return v128.store(to!.get, code(old, words[group]!.get, field(STEP.rotation)), 16 * group);
        }),
      );
      return sequence(
        step!.set(i32.add(program!.get, i32.const(PROGRAM.steps))),
        end!.set(i32.load(program!.get, PROGRAM.end)),
        countUp(
          step!,
          STEP.bytes,
          end!.get,
          sequence(
            a!.set(register(STEP.a)),
            b!.set(register(STEP.b)),
            to!.set(register(STEP.to)),
            choose(field(STEP.operation), operation),
            choose(field(STEP.merge), merge),
          ),
        ),
      );
    },
  );
}

interface StepLocals {
  /** Addresses of the two registers. */
  readonly a: Local;
  readonly b: Local;
  readonly step: Local;
  readonly item: Local;
  readonly round: Local;
}

function operandsOf(
  pow: KawPow,
  layout: KernelLayout,
  { a, b, step, item, round }: StepLocals,
  group: number,
): Operands {
  const words = pow.l1CacheBytes / 4;
  return {
    a: v128.load(a.get, 16 * group),
    b: v128.load(b.get, 16 * group),
    gather: (addressOf) =>
      [1, 2, 3].reduce(
        (vector, lane) => v128.load32Lane(addressOf(lane), vector, lane),
        i32x4.splat(i32.load(addressOf(0))),
      ),
    itemWord: (lane) => {
      const share = i32.and(i32.xor(round.get, i32.const(4 * group + lane)), i32.const(pow.lanes - 1));
      const word = i32.load(step.get, STEP.word);
      return i32.add(i32.add(item.get, i32.shiftLeft(share, i32.const(4))), word);
    },
    cacheWord: (lane) => {
      const index = i32.and(i32.load(a.get, 16 * group + 4 * lane), i32.const(words - 1));
      return i32.add(i32.shiftLeft(index, i32.const(2)), i32.const(layout.l1Cache));
    },
  };
}

/** Writes a random program as the interpreter wants it. @param at its address */
export function writeProgram(view: DataView, at: number, { steps, loads }: Program): void {
  let step = at + PROGRAM.steps;
  const write = (
    fields: Partial<Record<'a' | 'b' | 'word', number>>,
    operation: Operation,
    to: number,
    merge: Merge,
  ): void => {
    const number = OPERATIONS.findIndex(({ name }) => name === operation);
    view.setUint32(step + STEP.operation, number, true);
    view.setUint32(step + STEP.a, (fields.a ?? 0) * REGISTER_BYTES, true);
    view.setUint32(step + STEP.b, (fields.b ?? 0) * REGISTER_BYTES, true);
    view.setUint32(step + STEP.word, (fields.word ?? 0) * 4, true);
    view.setUint32(step + STEP.to, to * REGISTER_BYTES, true);
    const merging = MERGES.findIndex(({ kind }) => kind === merge.kind);
    view.setUint32(step + STEP.merge, merging, true);
    view.setUint32(step + STEP.rotation, merge.rotation, true);
    step += STEP.bytes;
  };
  for (const each of steps) {
    if (each.kind === 'cache') write({ a: each.from }, 'cache', each.to, each.merge);
    else write({ a: each.a, b: each.b }, each.op, each.to, each.merge);
  }
  for (const [word, { to, merge }] of loads.entries()) write({ word }, 'load', to, merge);
  view.setUint32(at + PROGRAM.end, step, true);
}
