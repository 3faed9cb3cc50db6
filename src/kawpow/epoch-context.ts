import { buildL1Cache } from './dataset.ts';
import { compileKernel, openKernel } from './kernel.ts';
import { createKernelMemory, fillKernelMemory, l1CacheIn, lightCacheIn } from './kernel-memory.ts';
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
 * @throws RangeError on an epoch beyond epochMax, when there is not enough memory, or on a variant that the kernel
 * cannot compute
 */
export function buildEpochContext(epoch: number, options: EpochContextOptions = {}): EpochContext {
  const pow = options.pow ?? KAWPOW;
  const memory = createKernelMemory(epoch, pow);
  fillKernelMemory(openKernel(compileKernel(pow), pow, epoch, memory), memory, { epoch, ...options, pow });
  return epochContextIn({ pow, epoch, memory });
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
