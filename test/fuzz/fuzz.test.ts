import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRequest } from '../../src/stratum/messages.ts';
import { readCases } from './case-file.ts';
import { fuzzSeed, minimise, replay } from './fuzz.ts';
import { recordedTranscripts } from './recorded.ts';
import type { Parser } from './rig.ts';

/** Connections: a few seconds. */
const SEEDS = 1_500;
/** A planted fault is found much sooner; more would only take time. */
const PLANTED_SEEDS_MAX = 1_500;

test('whatever a miner sends, each request gets one right answer', async () => {
  const recorded = recordedTranscripts();
  let accepted = 0;
  let lines = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await fuzzSeed(seed, { recorded });
    accepted += result.accepted;
    lines += result.lines;
    assert.equal(result.problem, undefined, `seed ${seed}; see it again: npm run fuzz -- --seed ${seed}`);
  }
  assert(accepted > SEEDS / 4, `${accepted} shares of ${lines} lines were accepted, so hardly any was tried`);
});

test('the same seed sends the same bytes', async () => {
  const [one, two] = [await fuzzSeed(7), await fuzzSeed(7)];
  assert.deepEqual(one, two);
});

test('what was found once stays mended', async () => {
  const cases = readCases();
  assert(cases.length > 0, 'there is no case');
  for (const { name, chunks } of cases) assert.equal((await replay(chunks)).problem, undefined, name);
});

/** @returns what the fuzzer finds with this parser, made small */
async function hunt(parse: Parser) {
  for (let seed = 1; seed <= PLANTED_SEEDS_MAX; seed++) {
    const result = await fuzzSeed(seed, { parse });
    if (result.problem !== undefined) return minimise(result, parse);
  }
  return undefined;
}

test('a parser whose stack overflows is found, and the case is made small', async () => {
  const found = await hunt((line) => {
    // As the parser once did for ids that are no whole numbers.
    if (/"id":\d+\.5/.test(line)) tryJson(() => JSON.parse(line, (_key, value) => value));
    return parseRequest(line);
  });
  assert.match(found?.problem ?? '', /^it throws: RangeError/);
  assert(found !== undefined && found.chunks.length <= 2, `${found?.chunks.length} chunks`);
});

/** What is no JSON is somebody else's to refuse. */
function tryJson(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}

test('an id that comes back as a text is found', async () => {
  const found = await hunt((line) => {
    const parsed = parseRequest(line);
    if (!parsed.ok || parsed.request.method !== 'submit') return parsed;
    return { ok: true, request: { ...parsed.request, id: String(parsed.request.id) } };
  });
  assert.match(found?.problem ?? '', /^the id /);
});

test('a nonce with a digit too many that is taken is found', async () => {
  const found = await hunt((line) => {
    const parsed = parseRequest(line);
    if (!parsed.ok || parsed.request.method !== 'submit') return parsed;
    const { submission } = parsed.request;
    const nonceHex = submission.nonceHex.replace(/^0x/i, '').slice(0, 16);
    return { ok: true, request: { ...parsed.request, submission: { ...submission, nonceHex } } };
  });
  assert.match(found?.problem ?? '', /^«malformed»/);
});
