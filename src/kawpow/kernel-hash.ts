import { FNV_OFFSET_BASIS, FNV_PRIME } from './fnv.ts';
import type { ItemFunctions } from './kernel-items.ts';
import { held, keccakPermutation, LANES_32 } from './kernel-keccak.ts';
import {
  F800_CONSTANTS,
  ITEM,
  JOB,
  KERNEL_BATCH_MAX,
  type KernelLayout,
  REGISTER_BYTES,
} from './kernel-layout.ts';
import type { KawPow } from './params.ts';
import {
  type Callable,
  countUp,
  type FunctionScope,
  type Local,
  type ModuleBuilder,
  sequence,
  unrolled,
  when,
} from './wasm-assembler.ts';
import { type Code, i32, i32x4, v128 } from './wasm-ops.ts';

/** Vectors of four lanes in a register. */
const GROUPS = 4;
const ROUNDS_F800 = 22;
const HASH_WORDS = 8;

const prime = i32x4.splat(i32.const(FNV_PRIME));
const fnv1a = (hash: Code, word: Code): Code => i32x4.mul(v128.xor(hash, word), prime);
const fnv1aWord = (hash: Code, word: Code): Code => i32.mul(i32.xor(hash, word), i32.const(FNV_PRIME));

/**
 * Keccak-f[800] of some words and the coin's padding.
 * @param words code for each of them
 * @returns code that leaves the state in the locals, as held
 */
function absorb(scope: FunctionScope, pow: KawPow, state: readonly Local[], words: readonly Code[]): Code {
  const padding = Array.from(pow.padding, (character) => i32.const(character.charCodeAt(0)));
  const input = [...words, ...padding].slice(0, state.length);
  return sequence(
    ...input.map((word, lane) => state[lane]!.set(held(LANES_32, lane, word))),
    keccakPermutation(scope, LANES_32, state, F800_CONSTANTS, ROUNDS_F800),
  );
}

function storeHash(state: readonly Local[], at: Local, offset: number): Code {
  return unrolled(HASH_WORDS, (lane) =>
    i32.store(at.get, held(LANES_32, lane, state[lane]!.get), offset + 4 * lane),
  );
}

const wordsAt = (at: Local, offset: number, count: number): Code[] =>
  Array.from({ length: count }, (_, i) => i32.load(at.get, offset + 4 * i));

/** `(job)`: the seed, from header hash and nonce. */
function defineSeed(module: ModuleBuilder, pow: KawPow): Callable {
  return module.function({ parameters: ['i32'] }, (scope, job) => {
    const state = scope.locals(25, 'i32');
    const words = wordsAt(job!, JOB.header, HASH_WORDS + 2);
    return sequence(absorb(scope, pow, state, words), storeHash(state, job!, JOB.seed));
  });
}

/** `(job)`: the final hash, from seed and mix. They stand side by side. */
function defineSeal(module: ModuleBuilder, pow: KawPow): Callable {
  return module.function({ parameters: ['i32'] }, (scope, job) => {
    const state = scope.locals(25, 'i32');
    const words = wordsAt(job!, JOB.seed, 2 * HASH_WORDS);
    return sequence(absorb(scope, pow, state, words), storeHash(state, job!, JOB.final));
  });
}

/** `(job, registers)`: fills the registers, each lane from a KISS99 generator of its own; four lanes at a time. */
function defineFill(module: ModuleBuilder, pow: KawPow): Callable {
  return module.function({ parameters: ['i32', 'i32'] }, (scope, job, registers) => {
    const [zWord, wWord, at, end] = scope.locals(4, 'i32');
    const [z, w, jsr, jcong] = scope.locals(4, 'v128');
    const all = (value: number): Code => i32x4.splat(i32.const(value));
    const low = (vector: Code): Code => v128.and(vector, all(0xffff));
    const high = (vector: Code): Code => i32x4.shiftRightUnsigned(vector, i32.const(16));
    const carry = (local: Local, factor: number): Code =>
      local.set(i32x4.add(i32x4.mul(low(local.get), all(factor)), high(local.get)));
    const shifted = (by: (vector: Code, n: Code) => Code, n: number): Code =>
      jsr!.set(v128.xor(jsr!.get, by(jsr!.get, i32.const(n))));
    const multiplyWithCarry = i32x4.add(i32x4.shiftLeft(z!.get, i32.const(16)), w!.get);
    const next = sequence(
      carry(z!, 36969),
      carry(w!, 18000),
      jcong!.set(i32x4.add(i32x4.mul(jcong!.get, all(69069)), all(1234567))),
      shifted(i32x4.shiftLeft, 17),
      shifted(i32x4.shiftRightUnsigned, 13),
      shifted(i32x4.shiftLeft, 5),
    );
    const fillGroup = (group: number): Code => {
      const lanes = i32x4.const([0, 1, 2, 3].map((lane) => 4 * group + lane));
      const word = i32x4.add(v128.xor(multiplyWithCarry, jcong!.get), jsr!.get);
      return sequence(
        z!.set(i32x4.splat(zWord!.get)),
        w!.set(i32x4.splat(wWord!.get)),
        jsr!.set(fnv1a(w!.get, lanes)),
        jcong!.set(fnv1a(jsr!.get, lanes)),
        at!.set(registers!.get),
        countUp(at!, REGISTER_BYTES, end!.get, sequence(next, v128.store(at!.get, word, 16 * group))),
      );
    };
    return sequence(
      zWord!.set(fnv1aWord(i32.const(FNV_OFFSET_BASIS), i32.load(job!.get, JOB.seed))),
      wWord!.set(fnv1aWord(zWord!.get, i32.load(job!.get, JOB.seed + 4))),
      end!.set(i32.add(registers!.get, i32.const(pow.registers * REGISTER_BYTES))),
      unrolled(GROUPS, fillGroup),
    );
  });
}

/** `(job, registers)`: all registers of a lane into one word, then lanes 0 and 8, 1 and 9 … into the eight of the mix. */
function defineReduce(module: ModuleBuilder, pow: KawPow): Callable {
  return module.function({ parameters: ['i32', 'i32'] }, (scope, job, registers) => {
    const [at, end] = scope.locals(2, 'i32');
    const lanes = scope.locals(GROUPS, 'v128');
    const basis = i32x4.splat(i32.const(FNV_OFFSET_BASIS));
    const half = (i: number): Code => fnv1a(fnv1a(basis, lanes[i]!.get), lanes[i + 2]!.get);
    return sequence(
      ...lanes.map((lane) => lane.set(basis)),
      at!.set(registers!.get),
      end!.set(i32.add(registers!.get, i32.const(pow.registers * REGISTER_BYTES))),
      countUp(
        at!,
        REGISTER_BYTES,
        end!.get,
        unrolled(GROUPS, (i) => lanes[i]!.set(fnv1a(lanes[i]!.get, v128.load(at!.get, 16 * i)))),
      ),
      unrolled(2, (i) => v128.store(job!.get, half(i), JOB.mix + 16 * i)),
    );
  });
}

interface HashContext {
  readonly pow: KawPow;
  readonly layout: KernelLayout;
  /** Code that gives the number of items a round chooses from. */
  readonly datasetReads: Code;
  readonly items: ItemFunctions;
  /** `(jobs, end, lastItem)`: dagFetch in dag.ts. */
  readonly fetchItems: Callable;
  readonly runProgram: Callable;
}

/**
 * `hash(scratch, count, hasDag)`: as many hashes as the scratch holds jobs for, 1 to KERNEL_BATCH_MAX. They go through the
 * rounds in lock-step, because the items of a round's reads are what is worth computing together.
 *
 * With a DAG, only those items are computed that are not in it yet. They take the places from the first on, those that
 * were fetched the places from the last down, so that those to be computed stand side by side.
 */
export function defineHash(module: ModuleBuilder, context: HashContext): void {
  const { pow, layout, items, fetchItems, runProgram, datasetReads } = context;
  const seed = defineSeed(module, pow);
  const fill = defineFill(module, pow);
  const reduce = defineReduce(module, pow);
  const seal = defineSeal(module, pow);
  const parameters = ['i32', 'i32', 'i32'] as const;
  module.function({ parameters, exported: 'hash' }, (scope, scratch, count, hasDag) => {
    const [round, job, registers, end, item, itemsEnd] = scope.locals(6, 'i32');
    const start = (at: Local, offset: number): Code => at.set(i32.add(scratch!.get, i32.const(offset)));
    const advance = (at: Local, bytes: number): Code => at.set(i32.add(at.get, i32.const(bytes)));
    const eachHash = (body: Code): Code =>
      sequence(
        start(registers!, layout.registers),
        start(job!, layout.jobs),
        countUp(job!, JOB.bytes, end!.get, sequence(body, advance(registers!, layout.registersBytes))),
      );
    const jobs = i32.add(scratch!.get, i32.const(layout.jobs));
    const firstItem = i32.add(scratch!.get, i32.const(layout.items));
    const lastItem = i32.add(firstItem, i32.const((KERNEL_BATCH_MAX - 1) * ITEM.bytes));
    // Register 0 of the lanes in turn.
    const lane = i32.and(round!.get, i32.const(pow.lanes - 1));
    const chooser = i32.load(i32.add(registers!.get, i32.shiftLeft(lane, i32.const(2))));
    const field = (offset: number): Code => i32.load(job!.get, offset);
    const choose = sequence(
      i32.store(job!.get, i32.remainderUnsigned(chooser, datasetReads), JOB.number),
      i32.store(job!.get, i32.const(0), JOB.item),
    );
    const startItem = sequence(
      items.start.call(itemsEnd!.get, field(JOB.number)),
      i32.store(job!.get, itemsEnd!.get, JOB.item),
      advance(itemsEnd!, ITEM.bytes),
    );
    const computeItems = sequence(
      items.mix.call(firstItem, itemsEnd!.get),
      item!.set(firstItem),
      countUp(item!, ITEM.bytes, itemsEnd!.get, items.finish.call(item!.get)),
    );
    const oneRound = sequence(
      eachHash(choose),
      when(hasDag!.get, fetchItems.call(jobs, end!.get, lastItem)),
      itemsEnd!.set(firstItem),
      eachHash(when(i32.eqz(field(JOB.item)), startItem)),
      when(i32.lessUnsigned(firstItem, itemsEnd!.get), computeItems),
      eachHash(runProgram.call(registers!.get, field(JOB.program), field(JOB.item), round!.get)),
    );
    return sequence(
      start(end!, layout.jobs),
      end!.set(i32.add(end!.get, i32.mul(count!.get, i32.const(JOB.bytes)))),
      eachHash(sequence(seed.call(job!.get), fill.call(job!.get, registers!.get))),
      countUp(round!, 1, i32.const(pow.rounds), oneRound),
      eachHash(sequence(reduce.call(job!.get, registers!.get), seal.call(job!.get))),
    );
  });
}
