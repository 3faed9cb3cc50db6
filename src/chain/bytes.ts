import { bytesToHex as nobleBytesToHex, hexToBytes as nobleHexToBytes } from '@noble/hashes/utils.js';

/**
 * Hex of any case, without 0x, to bytes.
 * @throws RangeError on an odd length or a character that is not hex
 */
export function hexToBytes(hex: string): Uint8Array {
  try {
    return nobleHexToBytes(hex);
  } catch (cause) {
    throw new RangeError('not a hex string of whole bytes', { cause });
  }
}

/** Bytes to lower-case hex. */
export function bytesToHex(bytes: Uint8Array): string {
  return nobleBytesToHex(bytes);
}

/** A reversed copy: display order to internal order, and back. */
export function reversed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes).reverse();
}

/** One new array holding all parts in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Same length and same content. Not for secrets: it stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function littleEndian(length: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  write(new DataView(bytes.buffer));
  return bytes;
}

function assertInteger(value: number, min: number, max: number, name: string): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be a whole number from ${min} to ${max}, got ${value}`);
  }
}

/** @throws RangeError outside 0 … 2^32 - 1 */
export function uint32Le(value: number): Uint8Array {
  assertInteger(value, 0, 0xffffffff, 'uint32');
  return littleEndian(4, (view) => view.setUint32(0, value, true));
}

/** @throws RangeError outside -2^31 … 2^31 - 1 */
export function int32Le(value: number): Uint8Array {
  assertInteger(value, -0x80000000, 0x7fffffff, 'int32');
  return littleEndian(4, (view) => view.setInt32(0, value, true));
}

/** @throws RangeError outside 0 … 2^64 - 1 */
export function uint64Le(value: bigint): Uint8Array {
  if (value < 0n || value > 0xffffffffffffffffn) throw new RangeError(`uint64 out of range: ${value}`);
  return littleEndian(8, (view) => view.setBigUint64(0, value, true));
}

/**
 * Bitcoin's variable-length count: 1, 3, 5 or 9 bytes, the shortest that holds the value.
 * @throws RangeError unless a whole number from 0 to 2^53 - 1
 */
export function compactSize(value: number): Uint8Array {
  assertInteger(value, 0, Number.MAX_SAFE_INTEGER, 'CompactSize');
  if (value < 0xfd) return Uint8Array.of(value);
  if (value <= 0xffff) return Uint8Array.of(0xfd, value & 0xff, value >>> 8);
  if (value <= 0xffffffff) return concatBytes(Uint8Array.of(0xfe), uint32Le(value));
  return concatBytes(Uint8Array.of(0xff), uint64Le(BigInt(value)));
}

/** A byte string behind its CompactSize length, as scripts and witnesses are serialised. */
export function lengthPrefixed(bytes: Uint8Array): Uint8Array {
  return concatBytes(compactSize(bytes.length), bytes);
}
