import { FNV_PRIME } from './fnv.ts';
import { ITEM } from './kernel-layout.ts';
import type { KawPow } from './params.ts';
import {
  type Callable,
  countUp,
  type FunctionScope,
  ifElse,
  type Local,
  type ModuleBuilder,
  sequence,
  unrolled,
} from './wasm-assembler.ts';
import { type Code, drop, i32, i32x4, v128 } from './wasm-ops.ts';

/**
 * Items of the dataset: nearly all the time of a hash. Each of an item's four parts takes in 512 parents, of which each
 * is chosen by what came of the one before, so that a part waits for memory 512 times. What helps is to have as many
 * parts under way as the processor can keep reads in flight:
 *
 * - one hash: its four parts, in the processor's registers (mixAlone);
 * - a batch: the parts of all its hashes in lock-step, one parent each (mixTogether). The processor looks some 300
 *   instructions ahead, which is about ten parts; so each step begins with a pass that does nothing but touch the next
 *   parents of all parts: three instructions a read, and as many reads in flight as the memory can serve. After it the
 *   mixing finds everything in the innermost cache. Measured on a Zen 4 with 87 MiB: nothing gained nor lost at two
 *   hashes, 12 % gained at four, 30 % at eight, 43 % at 32.
 */

/** Parts of an item, and words of a part. */
const PARTS = 4;
const WORDS = 16;
const VECTORS = 4;
const PART_BYTES = 64;

export interface ItemFunctions {
  /** `(item, number)`: from the light cache, up to the first choice of parents. */
  readonly start: Callable;
  /** `(items, end)`: takes in all parents of the items from `items` to `end`. */
  readonly mix: Callable;
  /** `(item)` */
  readonly finish: Callable;
}

interface ItemsContext {
  readonly pow: KawPow;
  /** Where the light cache starts. */
  readonly lightCache: number;
  /** Code that gives its number of items. */
  readonly cacheItems: Code;
  readonly keccak512Pair: Callable;
}

export function defineItems(module: ModuleBuilder, context: ItemsContext): ItemFunctions {
  const alone = defineMixAlone(module, context);
  const together = defineMixTogether(module, context);
  const mix = module.function({ parameters: ['i32', 'i32'] }, (_, items, end) => {
    const isOne = i32.lessUnsigned(i32.sub(end!.get, items!.get), i32.const(2 * ITEM.bytes));
    return ifElse(isOne, alone.call(items!.get), together.call(items!.get, end!.get));
  });
  return { start: defineStart(module, context), mix, finish: defineFinish(module, context) };
}

/** Where in the light cache a part's next parent is, from the part's number, the parent's number, and a word. */
function parentOf(context: ItemsContext, part: Code, parent: Code, word: Code): Code {
  const hash = i32.xor(i32.mul(i32.xor(part, parent), i32.const(FNV_PRIME)), word);
  return i32.shiftLeft(i32.remainderUnsigned(hash, context.cacheItems), i32.const(6));
}

function defineStart(module: ModuleBuilder, context: ItemsContext): Callable {
  const { cacheItems, lightCache, keccak512Pair } = context;
  return module.function({ parameters: ['i32', 'i32'] }, (scope, item, number) => {
    const source = scope.local('i32');
    const firstPart = number!;
    const load = unrolled(PARTS, (part) => {
      const at = part * PART_BYTES;
      const partNumber = i32.add(firstPart.get, i32.const(part));
      const firstWord = i32.xor(i32.load(item!.get, at), partNumber);
      return sequence(
        source.set(i32.shiftLeft(i32.remainderUnsigned(partNumber, cacheItems), i32.const(6))),
        unrolled(VECTORS, (i) =>
          v128.store(item!.get, v128.load(source.get, lightCache + 16 * i), at + 16 * i),
        ),
        i32.store(item!.get, firstWord, at),
      );
    });
    const choose = unrolled(PARTS, (part) => {
      const partNumber = i32.add(firstPart.get, i32.const(part));
      const word = i32.load(item!.get, part * PART_BYTES);
      const parent = parentOf(context, partNumber, i32.const(0), word);
      return i32.store(item!.get, parent, ITEM.parents + 4 * part);
    });
    return sequence(
      firstPart.set(i32.mul(number!.get, i32.const(PARTS))),
      i32.store(item!.get, firstPart.get, ITEM.firstPart),
      load,
      keccakAll(keccak512Pair, item!),
      choose,
    );
  });
}

function defineFinish(module: ModuleBuilder, { keccak512Pair }: ItemsContext): Callable {
  return module.function({ parameters: ['i32'] }, (_, item) => keccakAll(keccak512Pair, item!));
}

function keccakAll(keccak512Pair: Callable, item: Local): Code {
  return sequence(
    keccak512Pair.call(item.get),
    keccak512Pair.call(i32.add(item.get, i32.const(2 * PART_BYTES))),
  );
}

/** A part of an item while it takes in parents: its words, and where the next parent is. */
interface Part {
  readonly words: readonly Local[];
  readonly parent: Local;
}

/**
 * FNV-1 of the part's words with its parent's, and the choice of the next parent. The word that it is chosen by is taken
 * out of the vector where it is; word positions are written out for that.
 * @param next the next parent's number
 * @param wordIndex the word that chooses it
 */
function takeIn(context: ItemsContext, part: Part, number: Code, next: Code, wordIndex: number): Code {
  const prime = i32x4.splat(i32.const(FNV_PRIME));
  const word = i32x4.extractLane(part.words[Math.floor(wordIndex / 4)]!.get, wordIndex % 4);
  return sequence(
    unrolled(VECTORS, (i) => {
      const parentWords = v128.load(part.parent.get, context.lightCache + 16 * i);
      return part.words[i]!.set(v128.xor(i32x4.mul(part.words[i]!.get, prime), parentWords));
    }),
    part.parent.set(parentOf(context, number, next, word)),
  );
}

/** `(item)`: the parts of one item, side by side in locals. */
function defineMixAlone(module: ModuleBuilder, context: ItemsContext): Callable {
  return module.function({ parameters: ['i32'] }, (scope, item) => {
    const parent = scope.local('i32');
    const firstPart = scope.local('i32');
    const parts = Array.from({ length: PARTS }, () => newPart(scope));
    const nextParent = (word: number): Code => i32.add(parent.get, i32.const(word + 1));
    return sequence(
      firstPart.set(i32.load(item!.get, ITEM.firstPart)),
      ...parts.map((part, i) => loadPart(part, item!, i)),
      countUp(
        parent,
        WORDS,
        i32.const(context.pow.datasetParents),
        unrolled(WORDS, (word) =>
          parts.flatMap((part, i) => {
            const number = i32.add(firstPart.get, i32.const(i));
            return takeIn(context, part, number, nextParent(word), (word + 1) % WORDS);
          }),
        ),
      ),
      ...parts.map((part, i) => storePart(part, item!, i)),
    );
  });
}

/** `(items, end)`: the parts of several items, one parent each in turn; their words stay in memory. */
function defineMixTogether(module: ModuleBuilder, context: ItemsContext): Callable {
  return module.function({ parameters: ['i32', 'i32'] }, (scope, items, end) => {
    const parent = scope.local('i32');
    const item = scope.local('i32');
    const firstPart = scope.local('i32');
    const part = newPart(scope);
    const touchAll = sequence(
      item.set(items!.get),
      countUp(
        item,
        ITEM.bytes,
        end!.get,
        unrolled(PARTS, (i) => drop(i32.load(i32.load(item.get, ITEM.parents + 4 * i), context.lightCache))),
      ),
    );
    const mixAll = (word: number): Code => {
      const next = i32.add(parent.get, i32.const(word + 1));
      const mixItem = unrolled(PARTS, (i) => {
        const number = i32.add(firstPart.get, i32.const(i));
        return sequence(
          loadPart(part, item, i),
          takeIn(context, part, number, next, (word + 1) % WORDS),
          storePart(part, item, i),
        );
      });
      return sequence(
        item.set(items!.get),
        countUp(
          item,
          ITEM.bytes,
          end!.get,
          sequence(firstPart.set(i32.load(item.get, ITEM.firstPart)), mixItem),
        ),
      );
    };
    return countUp(
      parent,
      WORDS,
      i32.const(context.pow.datasetParents),
      unrolled(WORDS, (word) => sequence(touchAll, mixAll(word))),
    );
  });
}

function newPart(scope: FunctionScope): Part {
  return { words: scope.locals(VECTORS, 'v128'), parent: scope.local('i32') };
}

function loadPart(part: Part, item: Local, index: number): Code {
  return sequence(
    unrolled(VECTORS, (i) => part.words[i]!.set(v128.load(item.get, index * PART_BYTES + 16 * i))),
    part.parent.set(i32.load(item.get, ITEM.parents + 4 * index)),
  );
}

function storePart(part: Part, item: Local, index: number): Code {
  return sequence(
    unrolled(VECTORS, (i) => v128.store(item.get, part.words[i]!.get, index * PART_BYTES + 16 * i)),
    i32.store(item.get, part.parent.get, ITEM.parents + 4 * index),
  );
}

/** `datasetItems(items, count, first)`: items first … first + count − 1 of the dataset, into a batch's items. */
export function defineDatasetItems(module: ModuleBuilder, { start, mix, finish }: ItemFunctions): void {
  module.function(
    { parameters: ['i32', 'i32', 'i32'], exported: 'datasetItems' },
    (scope, items, count, first) => {
      const item = scope.local('i32');
      const end = scope.local('i32');
      const all = (body: Code): Code =>
        sequence(item.set(items!.get), countUp(item, ITEM.bytes, end.get, body));
      return sequence(
        end.set(i32.add(items!.get, i32.mul(count!.get, i32.const(ITEM.bytes)))),
        all(sequence(start.call(item.get, first!.get), first!.set(i32.add(first!.get, i32.const(1))))),
        mix.call(items!.get, end.get),
        all(finish.call(item.get)),
      );
    },
  );
}
