// `npm run fuzz [-- --minutes N --seed S]`: sends mutated stratum to real sessions, seed after seed, until the time is up.
// What it finds it makes as small as it can and writes to test/golden/fuzz/, where a test replays it ever after.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { FUZZ_FOLDER, formatChunks } from './case-file.ts';
import { fuzzSeed, minimise } from './fuzz.ts';
import { recordedTranscripts } from './recorded.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
});
const minutes = Number(values.minutes);
const first = Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(first) || first < 0) {
  console.error('usage: npm run fuzz -- [--minutes N] [--seed S]');
  process.exit(2);
}

/** More of one kind would not tell more. */
const FOUND_MAX = 10;
const recorded = recordedTranscripts();
const endMs = performance.now() + minutes * 60_000;
let lines = 0;
let accepted = 0;
let found = 0;
let seed = first;
for (; performance.now() < endMs && found < FOUND_MAX; seed++) {
  const result = await fuzzSeed(seed, { recorded });
  lines += result.lines;
  accepted += result.accepted;
  if (result.problem === undefined) continue;
  found += 1;
  const small = await minimise(result);
  const file = new URL(`seed-${seed}.txt`, FUZZ_FOLDER);
  writeFileSync(file, formatChunks(small.chunks));
  console.log(`seed ${seed}: ${small.problem ?? result.problem}\n  written to ${file.pathname}`);
}
console.log(`seeds ${first} to ${seed - 1}: ${lines} lines, ${accepted} shares accepted, ${found} problems`);
process.exitCode = found === 0 ? 0 : 1;
