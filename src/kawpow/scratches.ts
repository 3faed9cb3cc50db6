import { claimScratch, releaseScratch } from './kernel-memory.ts';
import type { WasmMemory } from './webassembly.ts';

/**
 * Takes a scratch for each of several threads: all or none.
 * @throws RangeError when there are not as many; then none is taken
 */
export function claimScratches(memory: WasmMemory, count: number): number[] {
  const scratches: number[] = [];
  try {
    while (scratches.length < count) scratches.push(claimScratch(memory));
  } catch (error) {
    releaseScratches(memory, scratches);
    throw error;
  }
  return scratches;
}

/** Gives them back. No thread may use them any more. */
export function releaseScratches(memory: WasmMemory, scratches: readonly number[]): void {
  for (const scratch of scratches) releaseScratch(memory, scratch);
}
