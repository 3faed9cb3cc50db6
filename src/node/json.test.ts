import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from './json.ts';

const golden = new URL('../../test/golden/ravend/', import.meta.url);

interface Recording {
  responseText: string;
}

function recording(path: string): Recording {
  return JSON.parse(readFileSync(new URL(path, golden), 'utf8')) as Recording;
}

/** The digits as ravend wrote them, taken from the text without any JSON parser. */
function digitsOf(text: string, member: string): string {
  const found = new RegExp(`"${member}":(\\d+)`).exec(text);
  assert.ok(found, `${member} is in the text`);
  return found[1] as string;
}

function resultMember(text: string, member: string): unknown {
  const answer = parseJson(text) as { result: Record<string, unknown> };
  return answer.result[member];
}

for (const name of ['getblock-1', 'getblock-2', 'getblock-asset', 'getblock-stale', 'decodeblock']) {
  test(`nonce64 of ${name} is read digit for digit`, () => {
    const { responseText } = recording(`misc/${name}.json`);
    const nonce = resultMember(responseText, 'nonce64');
    assert.equal(typeof nonce, 'bigint');
    assert.equal(String(nonce), digitsOf(responseText, 'nonce64'));
  });
}

for (const name of ['getblock-true', 'getblock-genesis']) {
  test(`a small nonce64, as in ${name}, stays a number`, () => {
    const { responseText } = recording(`misc/${name}.json`);
    assert.equal(resultMember(responseText, 'nonce64'), Number(digitsOf(responseText, 'nonce64')));
  });
}

test('a nonce64 above 2^63 is read digit for digit', () => {
  const { getblockText } = recording('submitblock/accepted-nonce-high.json') as unknown as {
    getblockText: string;
  };
  assert.equal(resultMember(getblockText, 'nonce64'), 18446744073709547520n);
});

test('every other recorded answer is read as JSON.parse reads it', () => {
  let compared = 0;
  for (const folder of ['errors', 'submitblock', 'getblocktemplate']) {
    for (const file of readdirSync(new URL(folder, golden))) {
      const { responseText } = recording(`${folder}/${file}`);
      if (!responseText.startsWith('{')) continue;
      assert.deepEqual(parseJson(responseText), JSON.parse(responseText));
      compared += 1;
    }
  }
  assert.ok(compared > 80);
});

test('digits inside strings are never touched', () => {
  const text =
    '{"message":"at height:1234567890123456789, see [18446744073709551615","nonce64":18446744073709551615}';
  assert.deepEqual(parseJson(text), {
    message: 'at height:1234567890123456789, see [18446744073709551615',
    nonce64: 18446744073709551615n,
  });
});

test('the border is where doubles stop being exact', () => {
  assert.deepEqual(parseJson('[9007199254740991,9007199254740992,-9007199254740991,-9007199254740992]'), [
    9007199254740991,
    9007199254740992n,
    -9007199254740991,
    -9007199254740992n,
  ]);
  assert.equal(parseJson(' 18446744073709551615'), 18446744073709551615n);
});

test('fractions and exponents stay numbers, however long', () => {
  const text = '[12345678901234567890.5, 1e20, 1234567890123456789e3, 4.656542373906925e-10, -0.0]';
  assert.deepEqual(parseJson(text), JSON.parse(text));
});

test('white space and line breaks before a long integer do not hide it', () => {
  assert.deepEqual(parseJson('{"nonce64" : \n\t 9007199254740993}'), { nonce64: 9007199254740993n });
});

test('a text too long for a header is read as JSON.parse reads it', () => {
  const text = `[18446744073709551615,"${'a'.repeat(64 * 1024)}"]`;
  assert.deepEqual(parseJson(text), JSON.parse(text));
});

test('what is not JSON is a SyntaxError', () => {
  for (const text of ['', '{', 'Work queue depth exceeded', '{"nonce64":18446744073709551615', '[1,]', '-']) {
    assert.throws(() => parseJson(text), SyntaxError, text);
  }
});

test('any JSON value comes back, its integers exact', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        tie('any'),
        { maxKeys: 4 },
      ),
    ),
  })).any;
  fc.assert(
    fc.property(value, (given) => {
      assert.deepEqual(normal(parseJson(write(given))), normal(given));
    }),
  );
});

/** JSON text with bigints as bare digits. */
function write(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Small integers arrive as numbers; compare all integers as bigint. */
function normal(value: unknown): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, normal(member)]));
  }
  return value;
}
