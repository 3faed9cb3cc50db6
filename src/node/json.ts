/**
 * An integer of 16 digits or more where a JSON value may begin. Below 16 digits every integer is exact in a double.
 * Inside strings it matches only after a colon, comma or bracket, which hex never holds, so ordinary answers pass in
 * one scan (0.5 ms for a template of 4 MB) and are parsed by the plain, fast `JSON.parse`.
 */
const LONG_INTEGER = /[:[,]\s*-?\d{16}/;

/**
 * Exact reading calls a function for every value, which costs up to 25 µs each, and a number of a million digits takes a
 * second: too long for a stranger to choose. What of a node's answers has `nonce64` is a header, of some 1 KiB.
 */
const EXACT_TEXT_MAX = 64 * 1024;

/** Without fraction and exponent; JSON allows no leading zero or plus. */
const INTEGER_LITERAL = /^-?\d+$/;

/**
 * Parses JSON without loss: integers beyond ±(2^53 - 1) come as bigint, everything else as `JSON.parse` gives it.
 * ravend writes `nonce64` as an unsigned number up to 2^64 - 1, which `JSON.parse` alone would round. In texts of more
 * than 64 Ki characters they are rounded.
 * @throws SyntaxError on anything that is not JSON; RangeError when long integers and a nesting of thousands of
 * levels come together
 */
export function parseJson(text: string): unknown {
  if (text.length > EXACT_TEXT_MAX) return JSON.parse(text);
  if (!LONG_INTEGER.test(text) && !/^\s*-?\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, exactInteger);
}

/** Whether a parsed value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a block hash as RPC shows it; upper-case hex is one, too. */
export function isBlockHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value);
}

function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && INTEGER_LITERAL.test(source) ? BigInt(source) : value;
}
