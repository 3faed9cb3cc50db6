import { type Dag, dagFetch } from './dag.ts';
import { datasetReads, lightCacheItems } from './epoch.ts';
import { defineFillChain, defineKeccak512, defineKeccak512Pair, defineMixCache } from './kernel-cache.ts';
import { defineHash } from './kernel-hash.ts';
import { defineDatasetItems, defineItems } from './kernel-items.ts';
import { assertKernelCan, kernelLayout, kernelMemoryBytes } from './kernel-layout.ts';
import { defineRunProgram } from './kernel-program.ts';
import type { KawPow } from './params.ts';
import { ModuleBuilder } from './wasm-assembler.ts';
import {
  compileModule,
  instantiate,
  WASM_PAGE_BYTES,
  WASM_PAGES_MAX,
  type WasmMemory,
  type WasmModule,
} from './webassembly.ts';

/** What the kernel can do, once it has an epoch's memory. Addresses and ends of ranges are bytes. */
export interface Kernel {
  /** @param at the first item to fill, after at least one that is */
  fillChain(at: number, end: number): void;
  /** @param previous the item before `at`: for the first one, the last of the cache */
  mixCache(at: number, end: number, previous: number): void;
  /** Items `first` … of the dataset, into a scratch's items. */
  datasetItems(items: number, count: number, first: number): void;
  /** Computes the jobs of a scratch. */
  hash(scratch: number, count: number): void;
}

/**
 * The kernel's code for one variant of KawPoW: the same in all epochs. It is generated, because that is how a variant is
 * data, and how loops are written out without writing them out; that takes 30 ms, once a thread.
 * @throws RangeError on a variant that the kernel cannot compute
 */
export function compileKernel(pow: KawPow): WasmModule {
  assertKernelCan(pow);
  const layout = kernelLayout(pow);
  // 32-bit addresses: V8 puts unreadable pages around the 4 GiB they can reach, and checks no bounds. Checks before each
  // access would cost 3.6 times the time.
  const module = new ModuleBuilder({
    min: Math.ceil(layout.lightCache / WASM_PAGE_BYTES),
    max: WASM_PAGES_MAX,
  });
  const fetchItems = module.importedFunction('fetchItems', { parameters: ['i32', 'i32', 'i32'] });
  const cacheItems = module.importedConstant('cacheItems');
  const reads = module.importedConstant('datasetReads');
  const { lightCache } = layout;
  const keccak512 = defineKeccak512(module);
  defineFillChain(module, keccak512);
  defineMixCache(module, keccak512, cacheItems, lightCache);
  const keccak512Pair = defineKeccak512Pair(module);
  const items = defineItems(module, { pow, lightCache, cacheItems, keccak512Pair });
  defineDatasetItems(module, items);
  const runProgram = defineRunProgram(module, pow, layout);
  defineHash(module, { pow, layout, datasetReads: reads, items, fetchItems, runProgram });
  return compileModule(module.bytes());
}

/**
 * @param memory of this epoch, kernelMemoryBytes large
 * @param dag of this epoch, where there is one: hashes then take from it what it has
 */
export function openKernel(
  module: WasmModule,
  pow: KawPow,
  epoch: number,
  memory: WasmMemory,
  dag?: Dag,
): Kernel {
  if (memory.buffer.byteLength < kernelMemoryBytes(epoch, pow)) {
    throw new RangeError(`the memory is not that of epoch ${epoch}`);
  }
  const exports = instantiate(module, {
    memory,
    cacheItems: lightCacheItems(epoch, pow),
    datasetReads: datasetReads(epoch, pow),
    fetchItems: dag === undefined ? neverCalled : dagFetch(dag, memory.buffer),
  });
  const { fillChain, mixCache, datasetItems, hash } = exports;
  if (!fillChain || !mixCache || !datasetItems || !hash) throw new Error('the kernel lacks a function');
  const hasDag = dag === undefined ? 0 : 1;
  return { fillChain, mixCache, datasetItems, hash: (scratch, count) => void hash(scratch, count, hasDag) };
}

function neverCalled(): never {
  throw new Error('the kernel asks for an item of a DAG, and has none');
}
