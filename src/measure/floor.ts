import { countUp, ModuleBuilder, unrolled } from '../kawpow/wasm-assembler.ts';
import { type Code, i32 } from '../kawpow/wasm-ops.ts';
import { compileModule, createSharedMemory, instantiate, WASM_PAGES_MAX } from '../kawpow/webassembly.ts';

/** Reads of one call: a few milliseconds, so that V8 gets to put its optimised code in place between calls. */
export const FLOOR_READS = 131_072;

/** Random reads from a table, a number of them in flight. */
export interface Floor {
  /** @returns nothing; FLOOR_READS reads are done */
  read(): void;
}

/** The chains' positions come first. */
const TABLE = 64 * 1024;

/**
 * What this machine's memory can do, with nothing else in the way: as many chains as there are to be reads in flight, in
 * a table of 64-byte lines each of which holds the address of another. All lines are on one circle in random order, so
 * that nothing can be read ahead and no chain gets caught on a short one; and there is nothing to compute.
 */
export function createFloors(tableBytes: number, inFlight: readonly number[]): Map<number, Floor> {
  const lines = Math.floor(tableBytes / 64);
  const memory = createSharedMemory(TABLE + lines * 64);
  const order = shuffledLines(lines);
  const table = new Uint32Array(memory.buffer, TABLE, lines * 16);
  for (let i = 0; i < lines; i++) table[order[i]! * 16] = order[(i + 1) % lines]! * 64;
  const positions = new Uint32Array(memory.buffer, 0, TABLE / 4);
  return new Map(
    inFlight.map((chains) => {
      const { read } = instantiate(compileModule(floorModule(chains)), { memory });
      if (read === undefined) throw new Error('the module has no function');
      // Chains go on where others were before, which is long out of the caches.
      for (let i = 0; i < chains; i++) positions[i] = order[Math.floor((i * lines) / chains)]! * 64;
      return [chains, { read: () => void read() }];
    }),
  );
}

/** Fisher-Yates with a xorshift generator: the same in every run. */
function shuffledLines(lines: number): Uint32Array {
  const order = Uint32Array.from({ length: lines }, (_, i) => i);
  let random = 1;
  for (let left = lines; left > 1; left--) {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    const chosen = (random >>> 0) % left;
    const held = order[left - 1]!;
    order[left - 1] = order[chosen]!;
    order[chosen] = held;
  }
  return order;
}

/** Up to 8 chains are in the processor's registers, more in memory, where three instructions move one on. */
function floorModule(chains: number): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ min: 1, max: WASM_PAGES_MAX });
  module.function({ parameters: [], exported: 'read' }, (scope) => {
    const step = scope.local('i32');
    const steps = i32.const(FLOOR_READS / chains);
    const stored = (i: number): Code => i32.load(i32.const(4 * i));
    if (chains > 8) {
      const moved = (i: number): Code => i32.store(i32.const(4 * i), i32.load(stored(i), TABLE));
      return countUp(step, 1, steps, unrolled(chains, moved));
    }
    const positions = scope.locals(chains, 'i32');
    return [
      ...unrolled(chains, (i) => positions[i]!.set(stored(i))),
      ...countUp(
        step,
        1,
        steps,
        unrolled(chains, (i) => positions[i]!.set(i32.load(positions[i]!.get, TABLE))),
      ),
      ...unrolled(chains, (i) => i32.store(i32.const(4 * i), positions[i]!.get)),
    ];
  });
  return module.bytes();
}
