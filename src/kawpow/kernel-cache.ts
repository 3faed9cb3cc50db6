import { held, keccakPermutation, LANES_64, LANES_64X2, type LaneKind } from './kernel-keccak.ts';
import { F1600_CONSTANTS } from './kernel-layout.ts';
import {
  type Callable,
  countUp,
  type FunctionScope,
  type Local,
  type ModuleBuilder,
  repeatWhile,
  sequence,
  unrolled,
} from './wasm-assembler.ts';
import { type Code, drop, i32, i64, i64x2, select, v128 } from './wasm-ops.ts';

/** Bytes of an item, and its lanes of 64 bits and vectors of 128: the message and the result of a Keccak-512. */
const ITEM_BYTES = 64;
const ITEM_LANES = 8;
const ITEM_VECTORS = 4;
const ROUNDS = 24;
/** The rest of the block: the bit that follows the message and the block's last bit meet in one lane. */
const PADDING = 0x8000000000000001n;

/**
 * Items whose parents are touched before the first of them is mixed. Mixing is a chain, each item needs the one before,
 * and would wait for memory at each of them; but whom it mixes with is known long before, and so all of them are fetched
 * at once: 20 % less. In groups, not one ahead of each item: a read that waits for memory holds up the Keccak behind it.
 */
const TOUCHED_ITEMS = 32;

/** Keccak-512 of lanes that are already in the first eight locals, as held. The result is there, too. */
export function keccak512(
  scope: FunctionScope,
  kind: LaneKind,
  state: readonly Local[],
  splat: (lane: bigint) => Code,
): Code {
  const rest = unrolled(25 - ITEM_LANES, (i) => {
    const lane = ITEM_LANES + i;
    const value = lane === ITEM_LANES ? PADDING : 0n;
    return state[lane]!.set(splat(kind.complemented.includes(lane) ? ~value : value));
  });
  return sequence(rest, keccakPermutation(scope, kind, state, F1600_CONSTANTS, ROUNDS));
}

/**
 * `keccak512(at)`: the item there is replaced by its Keccak-512. A function of its own for both ways of filling: V8 has
 * to optimise it only once, and puts the faster code in place between two calls.
 */
export function defineKeccak512(module: ModuleBuilder): Callable {
  return module.function({ parameters: ['i32'] }, (scope, at) => {
    const state = scope.locals(25, 'i64');
    const load = (lane: number): Code => state[lane]!.set(held(LANES_64, lane, i64.load(at!.get, 8 * lane)));
    const store = (lane: number): Code =>
      i64.store(at!.get, held(LANES_64, lane, state[lane]!.get), 8 * lane);
    return sequence(
      unrolled(ITEM_LANES, load),
      keccak512(scope, LANES_64, state, i64.const),
      unrolled(ITEM_LANES, store),
    );
  });
}

/** `fillChain(at, end)`: each item from at on becomes the Keccak-512 of the one before it. */
export function defineFillChain(module: ModuleBuilder, keccak: Callable): void {
  module.function({ parameters: ['i32', 'i32'], exported: 'fillChain' }, (_, at, end) => {
    const previous = i32.sub(at!.get, i32.const(ITEM_BYTES));
    const copy = (i: number): Code => v128.store(at!.get, v128.load(previous, 16 * i), 16 * i);
    const next = sequence(unrolled(ITEM_VECTORS, copy), keccak.call(at!.get));
    return countUp(at!, ITEM_BYTES, end!.get, next);
  });
}

/**
 * `mixCache(at, end, previous)`: one pass of RandMemoHash over the items from at to end.
 * @param items code that gives the number of items
 * @param base where the light cache starts
 */
export function defineMixCache(module: ModuleBuilder, keccak: Callable, items: Code, base: number): void {
  module.function({ parameters: ['i32', 'i32', 'i32'], exported: 'mixCache' }, (scope, at, end, previous) => {
    const chosen = scope.local('i32');
    const touched = scope.local('i32');
    const groupEnd = scope.local('i32');
    const chosenBy = (item: Code): Code =>
      i32.mul(i32.remainderUnsigned(i32.load(item), items), i32.const(ITEM_BYTES));
    const combine = (i: number): Code => {
      const mixed = v128.xor(v128.load(chosen.get, base + 16 * i), v128.load(previous!.get, 16 * i));
      return v128.store(at!.get, mixed, 16 * i);
    };
    const touch = drop(i32.load(chosenBy(touched.get), base));
    const mix = sequence(
      chosen.set(chosenBy(at!.get)),
      unrolled(ITEM_VECTORS, combine),
      keccak.call(at!.get),
      previous!.set(at!.get),
    );
    const group = sequence(
      touched.set(at!.get),
      groupEnd.set(i32.add(at!.get, i32.const(TOUCHED_ITEMS * ITEM_BYTES))),
      groupEnd.set(select(groupEnd.get, end!.get, i32.lessUnsigned(groupEnd.get, end!.get))),
      countUp(touched, ITEM_BYTES, groupEnd.get, touch),
      countUp(at!, ITEM_BYTES, groupEnd.get, mix),
    );
    return repeatWhile(i32.lessUnsigned(at!.get, end!.get), group);
  });
}

/** `keccak512Pair(at)`: the two items from at on, each replaced by its Keccak-512, side by side. */
export function defineKeccak512Pair(module: ModuleBuilder): Callable {
  return module.function({ parameters: ['i32'] }, (scope, at) => {
    const state = scope.locals(25, 'v128');
    const second = ITEM_BYTES;
    const load = (lane: number): Code => {
      const first = v128.load64Splat(at!.get, 8 * lane);
      return state[lane]!.set(v128.load64Lane(at!.get, first, 1, second + 8 * lane));
    };
    const store = (lane: number): Code =>
      sequence(
        v128.store64Lane(at!.get, state[lane]!.get, 0, 8 * lane),
        v128.store64Lane(at!.get, state[lane]!.get, 1, second + 8 * lane),
      );
    const splat = (lane: bigint): Code => i64x2.splat(i64.const(lane));
    return sequence(
      unrolled(ITEM_LANES, load),
      keccak512(scope, LANES_64X2, state, splat),
      unrolled(ITEM_LANES, store),
    );
  });
}
