import { DATASET_READ_BYTES } from './epoch.ts';
import { fnv1 } from './fnv.ts';
import { ITEM_WORDS, keccak512InPlace } from './keccak.ts';
import { KAWPOW, type KawPow } from './params.ts';

/** Words that one round reads. */
const READ_WORDS = DATASET_READ_BYTES / 4;
/** A read is this many parts of 64 bytes, each computed by itself from the light cache. */
const PARTS = READ_WORDS / ITEM_WORDS;

/**
 * The 256 bytes of the dataset that one round of KawPoW reads: two of Ethash's 128-byte items.
 *
 * Each of its four parts starts from one item of the light cache and takes in 512 others, each chosen by what came out
 * so far, so that a part waits for memory at every step. The four are computed side by side, to wait for all four at
 * once: 9 ms instead of 22 ms a hash, measured on Node 24.
 * @param lightCache items of 16 words
 * @param index counts reads of 256 bytes, below datasetReads(epoch)
 * @returns 64 words
 * Source: Ethash specification, calc_dataset_item, with KawPoW's count of parents
 */
export function datasetItem(lightCache: Uint32Array, index: number, pow: KawPow = KAWPOW): Uint32Array {
  // The shift only tells the compiler that this is an integer, which makes the remainders below cheap.
  const cacheItems = (lightCache.length / ITEM_WORDS) >>> 0;
  const item = new Uint32Array(READ_WORDS);
  const firstPart = index * PARTS;
  for (let part = 0; part < PARTS; part++) {
    const first = ((firstPart + part) % cacheItems) * ITEM_WORDS;
    item.set(lightCache.subarray(first, first + ITEM_WORDS), part * ITEM_WORDS);
    item[part * ITEM_WORDS]! ^= firstPart + part;
    keccak512InPlace(item, part * ITEM_WORDS);
  }
  takeInParents(lightCache, cacheItems, firstPart, pow.datasetParents, item);
  for (let part = 0; part < PARTS; part++) keccak512InPlace(item, part * ITEM_WORDS);
  return item;
}

function takeInParents(
  lightCache: Uint32Array,
  cacheItems: number,
  firstPart: number,
  parents: number,
  item: Uint32Array,
): void {
  for (let parent = 0; parent < parents; parent++) {
    const word = parent % ITEM_WORDS;
    const a = parentOffset(firstPart ^ parent, item[word]!, cacheItems);
    const b = parentOffset((firstPart + 1) ^ parent, item[16 + word]!, cacheItems);
    const c = parentOffset((firstPart + 2) ^ parent, item[32 + word]!, cacheItems);
    const d = parentOffset((firstPart + 3) ^ parent, item[48 + word]!, cacheItems);
    for (let i = 0; i < ITEM_WORDS; i++) {
      item[i] = fnv1(item[i]!, lightCache[a + i]!);
      item[16 + i] = fnv1(item[16 + i]!, lightCache[b + i]!);
      item[32 + i] = fnv1(item[32 + i]!, lightCache[c + i]!);
      item[48 + i] = fnv1(item[48 + i]!, lightCache[d + i]!);
    }
  }
}

/** Where in the light cache the next parent's words start. */
function parentOffset(salt: number, word: number, cacheItems: number): number {
  return ((fnv1(salt, word) >>> 0) % cacheItems) * ITEM_WORDS;
}

/**
 * The L1 cache of an epoch: the first 16 KiB of its dataset, which programs read word by word.
 * @returns 4096 words
 */
export function buildL1Cache(lightCache: Uint32Array, pow: KawPow = KAWPOW): Uint32Array {
  const l1Cache = new Uint32Array(pow.l1CacheBytes / 4);
  for (let item = 0; item * READ_WORDS < l1Cache.length; item++) {
    l1Cache.set(datasetItem(lightCache, item, pow), item * READ_WORDS);
  }
  return l1Cache;
}
