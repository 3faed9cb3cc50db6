import { hexToBytes } from '../chain/bytes.ts';
import { type DecodedHeader, decodeHeader, HEADER_BYTES } from '../chain/header.ts';
import type { HashRequest } from '../kawpow/verifier.ts';
import { HASH_BYTES } from '../kawpow/words.ts';

/** A line of standard input may be this long: many times what a header takes, and no burden to hold. */
export const LINE_CHARS_MAX = 16_384;

const NONCE_BYTES = 8;
const UINT32_MAX = 0xffffffff;

/** What `kpss hash` is asked for: a hash, or a header whose proof of work is to be judged. */
export interface HashJob {
  readonly request: HashRequest;
  /** Only when the request was read from a header. */
  readonly header?: DecodedHeader;
}

export type HashJobResult =
  | { readonly ok: true; readonly job: HashJob }
  | { readonly ok: false; readonly reason: string };

/** The command line, as it came. */
export interface HashOptions {
  readonly height?: string | undefined;
  readonly header?: string | undefined;
  readonly nonce?: string | undefined;
  readonly blockHeader?: string | undefined;
}

/** @param options all three of height, header and nonce, or blockHeader alone */
export function parseHashOptions(options: HashOptions): HashJobResult {
  const { height, header, nonce, blockHeader } = options;
  if (blockHeader !== undefined) {
    if (height === undefined && header === undefined && nonce === undefined) {
      return parse(() => headerJob(blockHeader, '--block-header'));
    }
    return { ok: false, reason: '--block-header stands alone: it has its own height and nonce' };
  }
  if (height === undefined || header === undefined || nonce === undefined) {
    return {
      ok: false,
      reason:
        'give --height, --header and --nonce, or --block-header alone, or - to read from standard input',
    };
  }
  return parse(() => ({
    request: {
      height: decimalHeight(height),
      headerHash: hexOf(header, HASH_BYTES, '--header'),
      nonce: nonceOf(nonce, '--nonce'),
    },
  }));
}

/**
 * One line of standard input: `{"height","headerHash","nonce"}` or `{"blockHeader"}`. Other members are not looked at,
 * so that lines of recorded hashes can be given as they are; but one that names another proof of work is refused.
 * @param powName what is hashed
 */
export function parseHashLine(line: string, powName: string): HashJobResult {
  if (line.length > LINE_CHARS_MAX) {
    return { ok: false, reason: `the line has more than ${LINE_CHARS_MAX} characters` };
  }
  return parse(() => {
    const members = objectOf(line);
    const { height, headerHash, nonce, blockHeader, pow = powName } = members;
    if (pow !== powName) throw new RangeError(`pow is ${quoted(pow)}, and ${powName} is hashed: see --pow`);
    if (blockHeader !== undefined) {
      if (height !== undefined || headerHash !== undefined || nonce !== undefined) {
        throw new RangeError('blockHeader stands alone: it has its own height and nonce');
      }
      return headerJob(blockHeader, 'blockHeader');
    }
    return {
      request: {
        height: heightOf(height),
        headerHash: hexOf(headerHash, HASH_BYTES, 'headerHash'),
        nonce: nonceOf(nonce, 'nonce'),
      },
    };
  });
}

/** Turns what the readers below throw about a value into a result. */
function parse(read: () => HashJob): HashJobResult {
  try {
    return { ok: true, job: read() };
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, reason: error.message };
    throw error;
  }
}

function objectOf(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new RangeError('the line is not JSON', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RangeError('the line is not a JSON object');
  }
  return value as Record<string, unknown>;
}

function headerJob(hex: unknown, name: string): HashJob {
  const header = decodeHeader(hexOf(hex, HEADER_BYTES, name));
  const { height, headerHash, nonce } = header;
  return { header, request: { height, headerHash, nonce } };
}

function decimalHeight(text: string): number {
  if (!/^[0-9]{1,16}$/.test(text)) throw new RangeError(`--height is a decimal number, got ${quoted(text)}`);
  return heightOf(Number(text), '--height');
}

function heightOf(value: unknown, name = 'height'): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > UINT32_MAX) {
    throw new RangeError(`${name} is a whole number from 0 to ${UINT32_MAX}, got ${quoted(value)}`);
  }
  return value;
}

function nonceOf(value: unknown, name: string): bigint {
  const bytes = hexOf(value, NONCE_BYTES, name);
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
}

/** @param bytes how many there must be */
function hexOf(value: unknown, bytes: number, name: string): Uint8Array {
  const what = `${name} is ${2 * bytes} hex digits (${bytes} bytes)`;
  if (typeof value !== 'string') throw new RangeError(`${what}, got ${quoted(value)}`);
  const digits = /^0x/i.test(value) ? value.slice(2) : value;
  if (!/^[0-9a-f]*$/i.test(digits)) throw new RangeError(`${what}, got ${quoted(value)}`);
  if (digits.length !== 2 * bytes) throw new RangeError(`${what}, got ${digits.length} digits`);
  return hexToBytes(digits);
}

/** What was given instead, cut to a length that suits a message. */
function quoted(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
