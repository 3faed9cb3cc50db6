// `npm run sim -- --seeds N --from S [--trace]`: runs the simulation over N seeds from S on, prints what did not hold and
// how to see it again, and ends with the count.

import { parseArgs } from 'node:util';
import { runSeed } from './world.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    /** Ends at the first failure. */
    first: { type: 'boolean', default: false },
  },
});
const count = Number(values.seeds);
const from = Number(values.from);
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(from) || from < 0) {
  console.error('usage: npm run sim -- --seeds N --from S [--trace] [--first]');
  process.exit(2);
}

let passed = 0;
let failed = 0;
let candidates = 0;
const startedMs = performance.now();
for (let seed = from; seed < from + count; seed++) {
  const result = await runSeed(seed, values.trace ? console.log : undefined);
  candidates += result.candidates;
  if (result.violation === undefined) {
    passed += 1;
    continue;
  }
  failed += 1;
  const { invariant, detail } = result.violation;
  console.log(`seed ${seed}: ${invariant}: ${detail}`);
  if (!values.trace) console.log(result.lastEvents.map((line) => `    ${line}`).join('\n'));
  console.log(`see it again: npm run sim -- --seeds 1 --from ${seed} --trace\n`);
  if (values.first) break;
}
const seconds = (performance.now() - startedMs) / 1000;
console.log(
  `${seconds.toFixed(1)} s, ${((passed + failed) / seconds).toFixed(1)} seeds/s, ${candidates} candidates`,
);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
