import { bigintToTarget, bitsToTarget, targetToBigint, targetToBits } from '../chain/target.ts';

/** The easiest bits a block may carry: every second hash meets them. Also where a new chain starts. */
export const POW_LIMIT_BITS = 0x207fffff;

/**
 * How many blocks it takes to follow a change of hashrate: 4 doublings or halvings of speed are followed within some
 * ten blocks, while chance alone moves the difficulty by about a third (one over the root of twice this number).
 */
const SMOOTHING_BLOCKS = 4;

/** A single block that took very long counts as five block times: it eases the target to its triple, not further. */
const SOLVE_TIME_FACTOR_MAX = 5;

/**
 * After this many block times without a block, the next one may be as easy as can be. A chance of e^-20 for miners
 * that are there; a way on when a graphics card drove the difficulty up and left.
 */
const STALL_FACTOR = 20;

export interface RetargetBlock {
  readonly height: number;
  readonly bits: number;
  readonly timeS: number;
}

interface RetargetInput {
  readonly parent: RetargetBlock;
  /** undefined where the parent is the genesis block. */
  readonly grandparent: RetargetBlock | undefined;
  /** The new block's own time. */
  readonly timeS: number;
  readonly blockTimeS: number;
  /** Bits of the first two blocks, whose solve times mean nothing. */
  readonly startBits: number;
}

/**
 * The bits demanded of a block: the parent's target times e^((solve time - block time) / (4 · block time)), in
 * integers. The parent's solve time is used, because the block's own is not known when its template is made.
 * One step makes a target at most 9/7 times as hard or 3 times as easy, and never easier than the limit.
 */
export function requiredBits(input: RetargetInput): number {
  const { parent, grandparent, timeS, blockTimeS } = input;
  // Times of the genesis block and of the first block after it say when somebody began to mine, not how fast.
  if (parent.height === 0) return input.startBits;
  if (timeS - parent.timeS > STALL_FACTOR * blockTimeS) return POW_LIMIT_BITS;
  if (grandparent === undefined || grandparent.height === 0) return parent.bits;
  const solveTimeS = Math.min(
    Math.max(parent.timeS - grandparent.timeS, 0),
    SOLVE_TIME_FACTOR_MAX * blockTimeS,
  );
  return scaleBits(parent.bits, solveTimeS - blockTimeS, SMOOTHING_BLOCKS * blockTimeS);
}

/** bits with the target multiplied by e^(numerator / denominator), approximated as (2d + n) / (2d - n). */
function scaleBits(bits: number, numeratorS: number, denominatorS: number): number {
  const numerator = BigInt(2 * denominatorS + numeratorS);
  const denominator = BigInt(2 * denominatorS - numeratorS);
  const limit = targetToBigint(bitsToTarget(POW_LIMIT_BITS));
  const scaled = (targetToBigint(bitsToTarget(bits)) * numerator) / denominator;
  const bounded = scaled > limit ? limit : scaled < 1n ? 1n : scaled;
  return targetToBits(bigintToTarget(bounded));
}
