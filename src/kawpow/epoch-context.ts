import { buildL1Cache } from './dataset.ts';
import { compileKernel, openKernel } from './kernel.ts';
import {
  createKernelMemory,
  fillKernelMemory,
  fillL1Cache,
  l1CacheIn,
  lightCacheIn,
} from './kernel-memory.ts';
import { buildLightCache } from './light-cache.ts';
import { KAWPOW, type KawPow } from './params.ts';
import type { EpochMemory } from './thread-messages.ts';

/** What hashing in one epoch needs, for any engine: one memory for all threads, and views of what is in it. */
export interface EpochContext extends EpochMemory {
  /** Items of 16 words. */
  readonly lightCache: Uint32Array;
  /** 4096 words. */
  readonly l1Cache: Uint32Array;
}

export interface EpochContextOptions {
  readonly pow?: KawPow;
  /** Called with 0 < fraction ≤ 1 while the light cache is being built, and with 1 at the end. */
  readonly onProgress?: (fraction: number) => void;
}

/** @param memory of this epoch, as createKernelMemory makes it */
export function epochContextIn({ pow, epoch, memory }: EpochMemory): EpochContext {
  return {
    pow,
    epoch,
    memory,
    lightCache: lightCacheIn(memory, epoch, pow),
    l1Cache: l1CacheIn(memory, pow),
  };
}

/**
 * Builds both caches of an epoch with the kernel. It takes a second or two: for worker threads, tools and tests.
 * @param read fills the light cache from where it is kept; where it returns false, it may leave anything there, and the
 * cache is built. Only the L1 cache is always computed: that takes milliseconds
 * @throws RangeError on an epoch beyond epochMax, when there is not enough memory, or on a variant that the kernel
 * cannot compute
 */
export function buildEpochContext(
  epoch: number,
  options: EpochContextOptions = {},
  read: (lightCache: Uint32Array) => boolean = () => false,
): EpochContext {
  const pow = options.pow ?? KAWPOW;
  const memory = createKernelMemory(epoch, pow);
  const kernel = openKernel(compileKernel(pow), pow, epoch, memory);
  const context = epochContextIn({ pow, epoch, memory });
  if (read(context.lightCache)) fillL1Cache(kernel, memory, pow);
  else fillKernelMemory(kernel, memory, { epoch, ...options, pow });
  return context;
}

/**
 * The same the plain way: what the kernel is held against.
 * @throws RangeError on an epoch beyond epochMax, or when there is not enough memory
 */
export function buildReferenceContext(epoch: number, options: EpochContextOptions = {}): EpochContext {
  const pow = options.pow ?? KAWPOW;
  const context = epochContextIn({ pow, epoch, memory: createKernelMemory(epoch, pow) });
  context.lightCache.set(buildLightCache(epoch, options));
  context.l1Cache.set(buildL1Cache(context.lightCache, pow));
  return context;
}
