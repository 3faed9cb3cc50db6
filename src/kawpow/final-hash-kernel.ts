import { F800_WORDS } from './keccak-f800.ts';
import { roundConstants } from './keccak-tables.ts';
import { held, keccakPermutation, LANES_32 } from './kernel-keccak.ts';
import { ModuleBuilder, sequence, unrolled } from './wasm-assembler.ts';
import { i32 } from './wasm-ops.ts';
import { compileModule, createSharedMemory, instantiate, WASM_PAGE_BYTES } from './webassembly.ts';
import { HASH_BYTES, HASH_WORDS } from './words.ts';

/** Two Keccak-f[800] in WebAssembly: what final-hash.ts computes, in a fifth of the time that JavaScript takes. */
export interface FinalHashKernel {
  /**
   * @param headerHash 32 bytes
   * @param nonce uint64
   * @param mixHash 32 bytes
   * @param padding 15 words
   * @returns 32 bytes
   */
  hash(headerHash: Uint8Array, nonce: bigint, mixHash: Uint8Array, padding: Uint32Array): Uint8Array;
}

const ROUNDS = 22;
/** Where things are. Header hash, nonce and padding stand side by side: the first state as it is absorbed. */
const CONSTANTS = 0;
const HEADER = 128;
const NONCE = HEADER + HASH_BYTES;
const PADDING = NONCE + 8;
const MIX = 256;
const FINAL = MIX + HASH_BYTES;

/** It takes some milliseconds: once a thread. */
export function createFinalHashKernel(): FinalHashKernel {
  const memory = createSharedMemory(WASM_PAGE_BYTES);
  const { finalHash } = instantiate(compileModule(moduleBytes()), { memory });
  if (finalHash === undefined) throw new Error('the module has no function');
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  for (const [i, word] of roundConstants(ROUNDS).entries()) {
    // For lanes of 32 bits the low words count.
    if (i % 2 === 0) view.setUint32(CONSTANTS + 2 * i, word, true);
  }
  let present: Uint32Array | undefined;
  return {
    hash(headerHash, nonce, mixHash, padding) {
      if (padding !== present) {
        for (const [i, word] of padding.entries()) view.setUint32(PADDING + 4 * i, word, true);
        present = padding;
      }
      bytes.set(headerHash, HEADER);
      view.setBigUint64(NONCE, nonce, true);
      bytes.set(mixHash, MIX);
      finalHash();
      return bytes.slice(FINAL, FINAL + HASH_BYTES);
    },
  };
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ min: 1, max: 1 });
  module.function({ parameters: [], exported: 'finalHash' }, (scope) => {
    const state = scope.locals(F800_WORDS, 'i32');
    const load = (lane: number, at: number) =>
      state[lane]!.set(held(LANES_32, lane, i32.load(i32.const(0), at)));
    const permute = keccakPermutation(scope, LANES_32, state, CONSTANTS, ROUNDS);
    return sequence(
      unrolled(F800_WORDS, (lane) => load(lane, HEADER + 4 * lane)),
      permute,
      // The seed is in the first words and stays there.
      unrolled(HASH_WORDS, (i) => load(HASH_WORDS + i, MIX + 4 * i)),
      unrolled(F800_WORDS - 2 * HASH_WORDS, (i) => load(2 * HASH_WORDS + i, PADDING + 4 * i)),
      permute,
      unrolled(HASH_WORDS, (lane) =>
        i32.store(i32.const(0), held(LANES_32, lane, state[lane]!.get), FINAL + 4 * lane),
      ),
    );
  });
  return module.bytes();
}
