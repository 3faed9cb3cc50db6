import { LIGHT_CACHE_ITEM_BYTES, lightCacheItems, seedHashOf } from './epoch.ts';
import { ITEM_WORDS, keccak512, keccak512InPlace } from './keccak.ts';
import { KAWPOW, type KawPow } from './params.ts';
import { readWords } from './words.ts';

/** Passes of RandMemoHash over the cache. */
const PASSES = 3;
/** A progress report every so many items: about 5 ms of work, some 250 reports for epoch 0. */
const REPORT_ITEMS = 4096;

export interface LightCacheOptions {
  readonly pow?: KawPow;
  /** Called with 0 < fraction ≤ 1 while it is being built, and with 1 at the end. */
  readonly onProgress?: (fraction: number) => void;
}

/**
 * The light cache of an epoch, from which every item of its dataset can be computed: a chain of Keccak-512 over the
 * seed hash, then three passes of RandMemoHash, each replacing every item by the hash of two others' xor.
 * @returns items of 16 words, one after the other; as bytes they are little-endian
 * @throws RangeError on an epoch beyond epochMax, or when there is not enough memory for the array
 * Source: Ethash specification, mkcache
 */
export function buildLightCache(epoch: number, options: LightCacheOptions = {}): Uint32Array {
  const pow = options.pow ?? KAWPOW;
  const items = lightCacheItems(epoch, pow);
  const bytes = items * LIGHT_CACHE_ITEM_BYTES;
  const cache = new Uint32Array(bytes / 4);
  const progress = createProgress((PASSES + 1) * items, options.onProgress);
  fillWithChain(cache, items, seedHashOf(epoch), progress);
  for (let pass = 0; pass < PASSES; pass++) mixItems(cache, items, progress);
  return cache;
}

function createProgress(total: number, report?: (fraction: number) => void): () => void {
  let done = 0;
  return () => {
    done += 1;
    if (report !== undefined && (done % REPORT_ITEMS === 0 || done === total)) report(done / total);
  };
}

function fillWithChain(cache: Uint32Array, items: number, seed: Uint8Array, progress: () => void): void {
  cache.set(keccak512OfSeed(seed), 0);
  progress();
  for (let i = 1; i < items; i++) {
    const at = i * ITEM_WORDS;
    cache.copyWithin(at, at - ITEM_WORDS, at);
    keccak512InPlace(cache, at);
    progress();
  }
}

function keccak512OfSeed(seed: Uint8Array): Uint32Array {
  const words = new Uint32Array(ITEM_WORDS);
  readWords(keccak512(seed), words, 0);
  return words;
}

function mixItems(cache: Uint32Array, items: number, progress: () => void): void {
  for (let i = 0; i < items; i++) {
    const at = i * ITEM_WORDS;
    const chosen = (cache[at]! % items) * ITEM_WORDS;
    const previous = ((i + items - 1) % items) * ITEM_WORDS;
    for (let word = 0; word < ITEM_WORDS; word++) {
      cache[at + word] = cache[chosen + word]! ^ cache[previous + word]!;
    }
    keccak512InPlace(cache, at);
    progress();
  }
}
