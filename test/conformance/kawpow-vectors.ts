import { readGolden } from '../support/golden.ts';

/** One hash of test/golden/kawpow/vectors.json or real-blocks.json. Hashes in display hex, nonce 16 hex digits. */
export interface HashVector {
  readonly height: number;
  readonly headerHash: string;
  readonly nonce: string;
  readonly mixHash: string;
  readonly finalHash: string;
}

/** What vectors.json says about an epoch. The digests are of little-endian bytes. */
export interface EpochVector {
  readonly epoch: number;
  readonly seedHash: string;
  readonly lightCacheItems: number;
  readonly lightCacheBytes: number;
  readonly datasetItems1024: number;
  readonly datasetBytes: number;
  readonly lightCacheSha256: string;
  readonly l1CacheSha256: string;
  /** Items of 128 bytes by their index. */
  readonly datasetItem1024: Readonly<Record<string, string>>;
}

export interface KawPowVectors {
  readonly vectors: readonly HashVector[];
  readonly epochs: readonly EpochVector[];
}

/** Vectors of native cpp-kawpow, for the epochs that pass the filter. */
export function kawPowVectors(wanted: (epoch: number) => boolean = () => true): KawPowVectors {
  const all = readGolden('kawpow/vectors.json') as KawPowVectors;
  return {
    vectors: all.vectors.filter(({ height }) => wanted(Math.floor(height / 7500))),
    epochs: all.epochs.filter(({ epoch }) => wanted(epoch)),
  };
}

/** Solutions of real blocks, mainnet and testnet. */
export function realBlockVectors(): readonly HashVector[] {
  return (readGolden('kawpow/real-blocks.json') as KawPowVectors).vectors;
}

/** Epochs whose caches build in two seconds each: what quick tests use. */
export function isQuickEpoch(epoch: number): boolean {
  return epoch <= 2;
}
