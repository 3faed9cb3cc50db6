/**
 * The little that we use of JavaScript's WebAssembly API. TypeScript describes it only together with everything else that
 * browsers have, so its types stand here.
 */

/** A shared memory. It can be sent to worker threads, which then use the same bytes. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
}

export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

type WasmFunction = (...args: number[]) => number | undefined;
type WasmExports = Readonly<Record<string, WasmFunction>>;
/** What a module imports, by name: its memory, its constants, and functions that it calls. */
type WasmImports = Readonly<Record<string, WasmMemory | number | WasmFunction>>;

declare const WebAssembly: {
  Memory: new (descriptor: { initial: number; maximum: number; shared: true }) => WasmMemory;
  Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  Instance: new (module: WasmModule, imports: { env: WasmImports }) => { readonly exports: WasmExports };
};

/** The unit of a memory's size. */
export const WASM_PAGE_BYTES = 64 * 1024;
/** Memories with 32-bit addresses end here. */
export const WASM_PAGES_MAX = 65_536;

/**
 * A memory of its final size: growing would invalidate all views of it, in all threads.
 * @throws RangeError when there is not enough address space, or it is beyond 4 GiB
 */
export function createSharedMemory(bytes: number): WasmMemory {
  const pages = Math.ceil(bytes / WASM_PAGE_BYTES);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

export function compileModule(bytes: Uint8Array<ArrayBuffer>): WasmModule {
  return new WebAssembly.Module(bytes);
}

export function instantiate(module: WasmModule, env: WasmImports): WasmExports {
  return new WebAssembly.Instance(module, { env }).exports;
}
