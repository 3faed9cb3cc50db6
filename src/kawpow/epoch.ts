import { keccak256 } from './keccak.ts';
import { KAWPOW, type KawPow } from './params.ts';
import { largestPrimeUpTo } from './primes.ts';

/** Items of the light cache: one Keccak-512 each. */
export const LIGHT_CACHE_ITEM_BYTES = 64;
/** Ethash's dataset item, the unit in which the dataset's size is a prime. */
const DATASET_ITEM_BYTES = 128;
/** What one round of KawPoW reads: two dataset items. */
export const DATASET_READ_BYTES = 256;

/**
 * The last epoch we compute. Its light cache is 1040 MiB; Ravencoin gets there around the year 2134. Heights are uint32
 * and would allow epoch 572662 with 70 GiB, which could only be asked for by mistake or malice.
 */
export const EPOCH_MAX = 8191;

const UINT32_MAX = 0xffffffff;

/** The last epoch of a proof of work that we compute: its caches are no larger than those of EPOCH_MAX. */
export function epochMax(pow: KawPow): number {
  const { sizeJump } = pow;
  return sizeJump === undefined ? EPOCH_MAX : Math.floor(EPOCH_MAX / sizeJump.factor);
}

/**
 * @param height a uint32, as headers hold it
 * @throws RangeError on anything else
 */
export function epochOf(height: number, pow: KawPow): number {
  assertHeight(height);
  return Math.floor(height / pow.epochLength);
}

/**
 * Number of the random program that blocks of this height use.
 * @throws RangeError unless a uint32
 */
export function periodOf(height: number, pow: KawPow): number {
  assertHeight(height);
  return Math.floor(height / pow.period);
}

/** @throws RangeError unless a whole number from 0 to epochMax */
export function assertEpoch(epoch: number, pow: KawPow): void {
  const max = epochMax(pow);
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > max) {
    throw new RangeError(`an epoch is a whole number from 0 to ${max}, got ${epoch}`);
  }
}

/**
 * What the light cache of an epoch grows from: Keccak-256 applied to 32 zero bytes, once for each epoch before it.
 * @returns 32 bytes, in the order they are hashed
 */
export function seedHashOf(epoch: number): Uint8Array {
  // The sequence is the same in all variants, and ends where the largest of them does.
  assertEpoch(epoch, KAWPOW);
  let seed: Uint8Array = new Uint8Array(32);
  for (let i = 0; i < epoch; i++) seed = keccak256(seed);
  return seed;
}

/** Items of 64 bytes in an epoch's light cache: the largest prime count that fits its nominal size. */
export function lightCacheItems(epoch: number, pow: KawPow = KAWPOW): number {
  const nominalBytes = pow.lightCacheBytes.initial + pow.lightCacheBytes.growth * sizeEpoch(epoch, pow);
  return largestPrimeUpTo(Math.floor(nominalBytes / LIGHT_CACHE_ITEM_BYTES));
}

export function lightCacheBytes(epoch: number, pow: KawPow = KAWPOW): number {
  return lightCacheItems(epoch, pow) * LIGHT_CACHE_ITEM_BYTES;
}

/** Items of 128 bytes in an epoch's dataset (DAG): the largest prime count that fits its nominal size. */
export function datasetItems(epoch: number, pow: KawPow = KAWPOW): number {
  const nominalBytes = pow.datasetBytes.initial + pow.datasetBytes.growth * sizeEpoch(epoch, pow);
  return largestPrimeUpTo(Math.floor(nominalBytes / DATASET_ITEM_BYTES));
}

export function datasetBytes(epoch: number, pow: KawPow = KAWPOW): number {
  return datasetItems(epoch, pow) * DATASET_ITEM_BYTES;
}

/** How many different reads of 256 bytes a round chooses from: pairs of dataset items, the odd one left over. */
export function datasetReads(epoch: number, pow: KawPow = KAWPOW): number {
  return Math.floor(datasetItems(epoch, pow) / 2);
}

/** Whose nominal sizes an epoch has. */
function sizeEpoch(epoch: number, pow: KawPow): number {
  assertEpoch(epoch, pow);
  const { sizeJump } = pow;
  return sizeJump !== undefined && epoch >= sizeJump.fromEpoch ? epoch * sizeJump.factor : epoch;
}

function assertHeight(height: number): void {
  if (!Number.isInteger(height) || height < 0 || height > UINT32_MAX) {
    throw new RangeError(`a height is a whole number from 0 to ${UINT32_MAX}, got ${height}`);
  }
}
