import { KAWPOW, type KawPow } from '../../src/kawpow/params.ts';

/** KawPoW in small, for tests of what is around it: caches built in milliseconds, an epoch every 12 blocks. */
export const SMALL_POW: KawPow = {
  ...KAWPOW,
  name: 'small',
  epochLength: 12,
  lightCacheBytes: { initial: 2 ** 14, growth: 2 ** 8 },
  datasetBytes: { initial: 2 ** 20, growth: 2 ** 12 },
  datasetParents: 16,
};
