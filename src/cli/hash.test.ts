import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type HashVector, kawPowVectors } from '../../test/conformance/kawpow-vectors.ts';
import { SMALL_POW } from '../../test/conformance/small-pow.ts';
import { readGolden } from '../../test/support/golden.ts';
import { createVerifierPool } from '../kawpow/pool.ts';
import type { Verifier } from '../kawpow/verifier.ts';
import { type HashArgs, type HashIo, runHash } from './hash.ts';

const vectors = kawPowVectors((epoch) => epoch === 0).vectors;
const vector = vectors[0] ?? assert.fail('there are vectors of epoch 0');
const flags = { height: String(vector.height), header: vector.headerHash, nonce: vector.nonce };
const hashesOf = ({ mixHash, finalHash }: { mixHash: string; finalHash: string }): string =>
  JSON.stringify({ mixHash, finalHash });

/** A block of ravend's regtest, in epoch 0: its bits let every second hash pass. */
const block = (
  readGolden('ravend/block/height-00001.json') as {
    assembled: {
      blockHeader: string;
      headerHash: string;
      mixHash: string;
      finalHash: string;
      height: number;
    };
  }
).assembled;

// One for all tests, because it builds the light cache of epoch 0.
const pool = createVerifierPool({ threads: 2 });
after(() => pool.close());
const lasting: Verifier = {
  verify: (request) => pool.verify(request),
  hash: (request) => pool.hash(request),
  prepare: (epoch) => pool.prepare(epoch),
  epochMemory: (epoch) => pool.epochMemory(epoch),
  keep: (owner, epochs) => pool.keep(owner, epochs),
  endSession: (sessionId) => pool.endSession(sessionId),
  status: () => pool.status(),
  close: async () => {},
};

interface Ran {
  readonly exitCode: number;
  readonly printed: string[];
  readonly complaints: string[];
}

async function run(
  args: HashArgs,
  input: Iterable<string | Uint8Array> = [],
  change: Partial<HashIo> = {},
): Promise<Ran> {
  const printed: string[] = [];
  const complaints: string[] = [];
  const exitCode = await runHash(args, {
    input: (async function* () {
      yield* input;
    })(),
    print: async (line) => printed.push(line) > 0,
    complain: (line) => complaints.push(line),
    progress: { show() {}, done() {} },
    availableMemoryBytes: () => 2 ** 31,
    createVerifier: () => lasting,
    ...change,
  });
  return { exitCode, printed, complaints };
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

test('height, header and nonce give one line with both hashes', async () => {
  const expected = { exitCode: 0, printed: [hashesOf(vector)], complaints: [] };
  assert.deepEqual(await run(flags), expected);
  const spelled = {
    height: flags.height,
    header: `0x${flags.header}`,
    nonce: `0X${flags.nonce.toUpperCase()}`,
  };
  assert.deepEqual(await run(spelled), expected);
});

test('a block header that proves its work is valid', async () => {
  const { headerHash, height, mixHash, finalHash } = block;
  assert.deepEqual(await run({ blockHeader: `0x${block.blockHeader.toUpperCase()}` }), {
    exitCode: 0,
    printed: [JSON.stringify({ headerHash, height, mixHash, finalHash, valid: true })],
    complaints: [],
  });
});

test('a block header is not valid with another mix hash, harder bits or bits that mean nothing', async () => {
  const altered = (offset: number, hex: string): string =>
    block.blockHeader.slice(0, 2 * offset) + hex + block.blockHeader.slice(2 * offset + hex.length);
  const lastByte = block.blockHeader.endsWith('00') ? '01' : '00';
  const wrongMixHash = await run({ blockHeader: altered(119, lastByte) });
  assert.deepEqual(JSON.parse(wrongMixHash.printed[0] ?? ''), {
    headerHash: block.headerHash,
    height: block.height,
    mixHash: block.mixHash,
    finalHash: block.finalHash,
    valid: false,
  });
  assert.equal(wrongMixHash.exitCode, 0);
  for (const bits of ['90ba021b', '00000000']) {
    const { printed } = await run({ blockHeader: altered(72, bits) });
    const answer = JSON.parse(printed[0] ?? '') as { mixHash: string; valid: boolean };
    // With its new mix hash put in, only the target is left to fail.
    const mixHash = Buffer.from(answer.mixHash, 'hex').reverse().toString('hex');
    const again = await run({ blockHeader: altered(72, bits).slice(0, 176) + mixHash });
    assert.equal((JSON.parse(again.printed[0] ?? '') as { valid: boolean }).valid, false, bits);
  }
});

test('wrong arguments are told on standard error, with exit code 2', async () => {
  const wrong: [HashArgs, RegExp][] = [
    [{}, /give --height, --header and --nonce/],
    [{ height: '1', header: flags.header }, /give --height, --header and --nonce/],
    [{ ...flags, blockHeader: block.blockHeader }, /--block-header stands alone/],
    [{ ...flags, height: '-1' }, /--height is a decimal number, got "-1"/],
    [{ ...flags, height: '1.5' }, /--height is a decimal number/],
    [{ ...flags, height: '' }, /--height is a decimal number/],
    [{ ...flags, height: '4294967296' }, /--height is a whole number from 0 to 4294967295/],
    [{ ...flags, header: flags.header.slice(2) }, /--header is 64 hex digits \(32 bytes\), got 62 digits/],
    [{ ...flags, header: `${flags.header.slice(1)}g` }, /--header is 64 hex digits \(32 bytes\), got "/],
    [{ ...flags, nonce: 'abc' }, /--nonce is 16 hex digits \(8 bytes\), got 3 digits/],
    [{ ...flags, nonce: '' }, /--nonce is 16 hex digits/],
    [{ blockHeader: block.blockHeader.slice(2) }, /--block-header is 240 hex digits \(120 bytes\), got 238/],
    [{ source: 'lines.txt' }, /the only argument is -/],
    [{ source: '-', height: '1' }, /with - the only other flag is --pow/],
    [{ ...flags, pow: 'ethash' }, /--pow is one of kawpow, evrprogpow, meowpow, got ethash/],
  ];
  for (const [args, message] of wrong) {
    const { exitCode, printed, complaints } = await run(args);
    assert.equal(exitCode, 2, JSON.stringify(args));
    assert.deepEqual(printed, []);
    assert.match(complaints.join('\n'), message);
  }
});

test('an epoch whose light cache would not fit is refused before anything is built', async () => {
  const createVerifier = (): Verifier => assert.fail('nothing is started');
  const far = await run({ ...flags, height: '4294967295' }, [], { createVerifier });
  assert.equal(far.exitCode, 2);
  assert.match(far.complaints[0] ?? '', /epoch 572662; light caches are built up to epoch 8191 \(1 GiB\)/);
  const small = { createVerifier, availableMemoryBytes: () => 100 * 2 ** 20 };
  const big = await run({ ...flags, height: String(8191 * 7500) }, [], small);
  assert.equal(big.exitCode, 2);
  assert.match(big.complaints[0] ?? '', /takes 1040 MiB and does not fit the 100 MiB of free memory/);
});

test('lines of standard input are answered in order, however they are cut into chunks', async () => {
  const input = [
    ...vectors.map(line),
    line({ blockHeader: block.blockHeader }),
    line({ height: 0, headerHash: `0x${vector.headerHash.toUpperCase()}`, nonce: `0x${vector.nonce}` }),
  ].join('');
  const expected = [
    ...vectors.map(hashesOf),
    JSON.stringify({
      headerHash: block.headerHash,
      height: block.height,
      mixHash: block.mixHash,
      finalHash: block.finalHash,
      valid: true,
    }),
    hashesOf(vector),
  ];
  const bytes = new TextEncoder().encode(input);
  const cuts = [
    [bytes],
    [input.trimEnd()],
    Array.from(bytes, (byte) => Uint8Array.of(byte)),
    input.split(/(?<=,)/),
  ];
  for (const chunks of cuts) {
    assert.deepEqual(await run({ source: '-' }, chunks), { exitCode: 0, printed: expected, complaints: [] });
  }
});

test('a malformed line is answered by an error in its place, and the exit code is 1 at the end', async () => {
  const bad: [string, RegExp][] = [
    ['', /not JSON/],
    ['{"height":', /not JSON/],
    ['[]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['{}', /height is a whole number .*, got nothing/],
    [JSON.stringify({ ...vector, height: '0' }), /height is a whole number .*, got "0"/],
    [JSON.stringify({ ...vector, height: -1 }), /height is a whole number/],
    [JSON.stringify({ ...vector, height: 4294967295 }), /epoch 572662/],
    [JSON.stringify({ ...vector, nonce: 7 }), /nonce is 16 hex digits \(8 bytes\), got 7/],
    [
      JSON.stringify({ ...vector, headerHash: 'ab' }),
      /headerHash is 64 hex digits \(32 bytes\), got 2 digits/,
    ],
    [JSON.stringify({ blockHeader: 'ab' }), /blockHeader is 240 hex digits/],
    [JSON.stringify({ blockHeader: block.blockHeader, height: 1 }), /blockHeader stands alone/],
    ['x'.repeat(100_000), /more than 16384 characters/],
  ];
  const input = bad.flatMap(([text]) => [`${text}\r\n`, line(vector)]);
  const { exitCode, printed, complaints } = await run({ source: '-' }, input);
  assert.equal(exitCode, 1);
  assert.deepEqual(complaints, []);
  assert.equal(printed.length, 2 * bad.length);
  for (const [i, [text, message]] of bad.entries()) {
    const answer = JSON.parse(printed[2 * i] ?? '') as { error: string };
    assert.match(answer.error, message, text.slice(0, 60));
    assert.equal(printed[2 * i + 1], hashesOf(vector));
  }
});

test('no input gives no output', async () => {
  assert.deepEqual(await run({ source: '-' }, []), { exitCode: 0, printed: [], complaints: [] });
});

test('an answer is printed before the next line is there', async () => {
  let told: () => void = () => {};
  const answered = new Promise<void>((resolve) => {
    told = resolve;
  });
  async function* input(): AsyncGenerator<string> {
    yield line(vector);
    await answered;
    yield line(vector);
  }
  const printed: string[] = [];
  const print = async (text: string): Promise<boolean> => {
    told();
    return printed.push(text) > 0;
  };
  const { exitCode } = await run({ source: '-' }, [], { input: input(), print });
  assert.equal(exitCode, 0);
  assert.deepEqual(printed, [hashesOf(vector), hashesOf(vector)]);
});

test('when nobody reads the answers any more it stops reading lines', async () => {
  let taken = 0;
  function* endless(): Generator<string> {
    for (;;) {
      taken += 1;
      yield 'not JSON\n';
    }
  }
  const { exitCode } = await run({ source: '-' }, endless(), { print: async () => false });
  assert.equal(exitCode, 1);
  assert.ok(taken <= 300, `${taken} lines were read`);
});

test('the cache of an epoch is built once for all lines of it in a row', async () => {
  const heights = Array.from({ length: 60 }, (_, i) => i);
  const input = heights.map((height) => line({ ...vector, height }));
  const createVerifier: HashIo['createVerifier'] = (threads, _pow, onEvent) =>
    createVerifierPool({ threads, pow: SMALL_POW, onEvent });
  const { exitCode, printed, complaints } = await run({ source: '-' }, input, { createVerifier });
  assert.equal(exitCode, 0);
  assert.equal(printed.length, 60);
  assert.equal(new Set(printed).size, 20, 'one hash for each period of three blocks');
  const built = [0, 1, 2, 3, 4].map(
    (epoch) => new RegExp(`^kpss hash: building the light cache of epoch ${epoch} \\(`),
  );
  assert.equal(complaints.length, built.length, 'it is told on standard error, once an epoch');
  for (const [i, line] of built.entries()) assert.match(complaints[i] ?? '', line);
});

test('a hash that fails is told, with exit code 1, and the verifier is closed', async () => {
  let closed = 0;
  const failing: Verifier = {
    ...lasting,
    hash: async () => ({ ok: false, reason: 'failed' }),
    close: async () => {
      closed += 1;
    },
  };
  const createVerifier = (): Verifier => failing;
  const once = await run(flags, [], { createVerifier });
  assert.deepEqual(once, {
    exitCode: 1,
    printed: [],
    complaints: ['kpss hash: height 0 was not hashed: failed'],
  });
  const lines = await run({ source: '-' }, [line(vector)], { createVerifier });
  assert.deepEqual(lines, {
    exitCode: 1,
    printed: ['{"error":"height 0 was not hashed: failed"}'],
    complaints: [],
  });
  assert.equal(closed, 2);
});

test('another coin’s proof of work is hashed on request, alone and line by line', async () => {
  const { vectors } = readGolden('kawpow/variants.json') as {
    vectors: (HashVector & { pow: string })[];
  };
  const wanted = vectors.find(({ pow, height }) => pow === 'meowpow' && height === 0);
  assert.ok(wanted);
  const { height, headerHash: header, nonce, mixHash, finalHash } = wanted;
  const createVerifier: HashIo['createVerifier'] = (threads, pow, onEvent) =>
    createVerifierPool({ threads, pow, onEvent });
  const pow = 'meowpow';
  const once = await run({ height: String(height), header, nonce, pow }, [], { createVerifier });
  assert.deepEqual(once.printed, [JSON.stringify({ mixHash, finalHash })]);
  const lines = await run({ source: '-', pow }, [line(wanted)], { createVerifier });
  assert.deepEqual(lines.printed, once.printed);
  const mistaken = await run({ source: '-' }, [line(wanted)], { createVerifier });
  assert.match(mistaken.printed.join(), /pow is .*meowpow.*, and kawpow is hashed: see --pow/);
});
