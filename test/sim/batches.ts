import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed } from './world.ts';

/** Seeds of one test: a second or two, on a busy machine ten. */
const BATCH = 26;

/** Makes tests of the seeds from `from` on. Whoever reads a failure finds in it how to see it again. */
export function testSeeds(from: number, batches: number): void {
  for (let first = from; first < from + batches * BATCH; first += BATCH) {
    test(`seeds ${first} to ${first + BATCH - 1}: faults, healing, and all is well`, async () => {
      let candidates = 0;
      for (let seed = first; seed < first + BATCH; seed++) {
        const result = await runSeed(seed);
        candidates += result.candidates;
        assert.equal(result.violation, undefined, failureText(result));
      }
      assert(candidates > BATCH, 'hardly a block was found, so nothing was tested');
    });
  }
}

function failureText({ seed, violation, lastEvents }: Awaited<ReturnType<typeof runSeed>>): string {
  const again = `npm run sim -- --seeds 1 --from ${seed} --trace`;
  return `seed ${seed}: ${violation?.invariant}: ${violation?.detail}\n${lastEvents.join('\n')}\nsee it again: ${again}`;
}
