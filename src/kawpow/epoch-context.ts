import { buildL1Cache } from './dataset.ts';
import { buildLightCache, type LightCacheOptions } from './light-cache.ts';
import { KAWPOW, type KawPow } from './params.ts';

/** What hashing in one epoch needs. */
export interface EpochContext {
  readonly pow: KawPow;
  readonly epoch: number;
  /** Items of 16 words. */
  readonly lightCache: Uint32Array;
  /** 4096 words. */
  readonly l1Cache: Uint32Array;
}

/**
 * Builds both caches of an epoch, which takes seconds: for worker threads, tools and tests.
 * @throws RangeError on an epoch beyond EPOCH_MAX, or when there is not enough memory
 */
export function buildEpochContext(epoch: number, options: LightCacheOptions = {}): EpochContext {
  const pow = options.pow ?? KAWPOW;
  const lightCache = buildLightCache(epoch, options);
  return { pow, epoch, lightCache, l1Cache: buildL1Cache(lightCache, pow, options.shared) };
}
