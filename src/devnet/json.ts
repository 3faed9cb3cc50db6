/** JSON text for a value that a double cannot hold or would write differently. */
type RawJson = (text: string) => unknown;

/** V8 has it since Node 21 (TC39 "JSON.parse source text access"); TypeScript's library does not know it yet. */
const rawJson = (JSON as unknown as { rawJSON: RawJson }).rawJSON;

const SATOSHI_PER_COIN = 100_000_000n;

/**
 * A value as JSON text, like JSON.stringify, with bigints written as numbers with all their digits: `nonce64` is an
 * unsigned number up to 2^64 - 1.
 */
export function writeJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? rawJson(String(member)) : member,
  );
}

/** An amount as ravend writes it: coins with eight decimals, as a JSON number. */
export function coinsJson(amountSat: bigint): unknown {
  const sign = amountSat < 0n ? '-' : '';
  const absolute = amountSat < 0n ? -amountSat : amountSat;
  const fraction = String(absolute % SATOSHI_PER_COIN).padStart(8, '0');
  return rawJson(`${sign}${absolute / SATOSHI_PER_COIN}.${fraction}`);
}

/**
 * JSON text to a value; whole numbers outside ±(2^53 - 1) become bigint, so that a request's id comes back unchanged.
 * @throws SyntaxError on anything that is not JSON, also where it is nested too deep to read
 */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text, reviveBigNumber as Parameters<typeof JSON.parse>[1]);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw cause;
    // The reviver recurses: deep nesting ends in a RangeError for the stack.
    throw new SyntaxError('nested too deep', { cause });
  }
}

/** Whether a parsed value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function reviveBigNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}
