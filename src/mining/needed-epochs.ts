import { epochMax, epochOf } from '../kawpow/epoch.ts';
import type { KawPow } from '../kawpow/params.ts';

/** Blocks before an epoch's first at which its light cache is begun: hours, for what takes seconds. */
const PREPARE_BLOCKS_AHEAD = 500;
/**
 * Blocks of an epoch for which the one before is kept: for late work on the tip before, at its very beginning, and for
 * reorganisations back over the border, so that none of them has a cache built that was there a moment ago. None was
 * ever that deep without people having to step in. Where epochs are short, half of one.
 */
const LINGER_BLOCKS = 100;

/**
 * The epochs that mining at this height needs, the most urgent first: its own; the one before, at the beginning; the
 * next, when it is near.
 * @param height of the template
 */
export function neededEpochs(height: number, pow: KawPow): number[] {
  const epoch = epochOf(height, pow);
  const blocksIn = height % pow.epochLength;
  const lingerBlocks = Math.max(1, Math.min(LINGER_BLOCKS, Math.floor(pow.epochLength / 2)));
  const needed = [epoch];
  if (blocksIn < lingerBlocks && epoch > 0) needed.push(epoch - 1);
  if (pow.epochLength - blocksIn <= PREPARE_BLOCKS_AHEAD && epoch < epochMax(pow)) needed.push(epoch + 1);
  return needed;
}
