/**
 * The numbers that make one coin's KawPoW. Ravencoin's are KAWPOW; a coin that changed some of them is another value of
 * this type, not other code.
 *
 * Plain data without functions, so that it can be sent to a worker thread as it is.
 */
export interface KawPow {
  readonly name: string;
  /** Blocks for which one light cache is used. */
  readonly epochLength: number;
  /** Blocks for which one random program is used. */
  readonly period: number;
  /** Parallel mixes of one hash. A power of two, at least as many as the mix hash has words (8). */
  readonly lanes: number;
  /** 32-bit registers of each lane. */
  readonly registers: number;
  /** Rounds of the random program in one hash; each reads one item of the dataset. */
  readonly rounds: number;
  /** Reads from the L1 cache in one round. */
  readonly cacheOps: number;
  /** Random math operations in one round. */
  readonly mathOps: number;
  /** Size of the L1 cache: the first bytes of the dataset. */
  readonly l1CacheBytes: number;
  /** Fills the unused words of both Keccak-f[800] states, one character a word: exactly 15 characters. */
  readonly padding: string;
  /** Light cache of epoch 0 and growth each epoch, before rounding down to a prime count of items. */
  readonly lightCacheBytes: { readonly initial: number; readonly growth: number };
  /** The same for the dataset. */
  readonly datasetBytes: { readonly initial: number; readonly growth: number };
  /** Light cache items that one dataset item is made from. */
  readonly datasetParents: number;
  /** From this epoch on, light cache and dataset have the sizes of epoch × factor; their seed stays the epoch's own. */
  readonly sizeJump?: { readonly fromEpoch: number; readonly factor: number };
}

/** Which proof of work a coin has, as the table of coins names it. */
export type PowName = 'kawpow' | 'evrprogpow' | 'meowpow';

/**
 * Ravencoin's KawPoW: ProgPoW 0.9.4 with its own epoch length, period, padding and twice Ethash's dataset parents.
 * Source: Ravencoin Core, src/crypto/ethash (progpow.hpp, ethash.cpp in lib/ethash)
 */
export const KAWPOW: KawPow = {
  name: 'kawpow',
  epochLength: 7500,
  period: 3,
  lanes: 16,
  registers: 32,
  rounds: 64,
  cacheOps: 11,
  mathOps: 18,
  l1CacheBytes: 16 * 1024,
  padding: 'rAVENCOINKAWPOW',
  lightCacheBytes: { initial: 2 ** 24, growth: 2 ** 17 },
  datasetBytes: { initial: 2 ** 30, growth: 2 ** 23 },
  datasetParents: 512,
};

/**
 * Evrmore's: longer epochs, and a dataset that starts at 3 GiB. Experimental: known hashes come out right, but no chain
 * of it was mined with this program yet.
 * Source: Evrmore, src/crypto/ethash (ethash.h, ethash.cpp, progpow.cpp)
 */
export const EVRPROGPOW: KawPow = {
  ...KAWPOW,
  name: 'evrprogpow',
  epochLength: 12_000,
  padding: 'EVRMORE-PROGPOW',
  datasetBytes: { initial: 3 * 2 ** 30, growth: 2 ** 23 },
};

/**
 * Meowcoin's: half the registers and operations, and caches that grew fourfold at epoch 110. Experimental, as Evrmore's.
 * Source: Meowcoin, src/crypto/ethash (meowpow.hpp, meowpow.cpp, ethash.cpp)
 */
export const MEOWPOW: KawPow = {
  ...KAWPOW,
  name: 'meowpow',
  period: 6,
  registers: 16,
  cacheOps: 6,
  mathOps: 9,
  padding: 'MEOWCOINMEOWPOW',
  sizeJump: { fromEpoch: 110, factor: 4 },
};

/** Every proof of work that is known. */
export const PROOFS_OF_WORK: Readonly<Record<PowName, KawPow>> = {
  kawpow: KAWPOW,
  evrprogpow: EVRPROGPOW,
  meowpow: MEOWPOW,
};

/** Those that are held against known hashes only. */
export const EXPERIMENTAL_PROOFS_OF_WORK: readonly PowName[] = ['evrprogpow', 'meowpow'];

/**
 * The same proof of work with shorter epochs, for chains of our own: an epoch's end can be tried in a minute.
 * @throws RangeError unless a whole number of 1 or more
 */
export function withEpochLength(pow: KawPow, epochLength: number): KawPow {
  if (!Number.isSafeInteger(epochLength) || epochLength < 1) {
    throw new RangeError(`an epoch has a whole number of blocks, at least 1, got ${epochLength}`);
  }
  return epochLength === pow.epochLength ? pow : { ...pow, name: `${pow.name}-${epochLength}`, epochLength };
}
