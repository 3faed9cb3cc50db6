import { bytesToHex } from './bytes.ts';

/** The highest number a 32-byte hash can be. */
export const TARGET_MAX = (1n << 256n) - 1n;

/** ravend's difficulty 1: the target of bits 0x1d00ffff, 0x00000000ffff0000…00. */
export const DIFFICULTY_1_TARGET = 0xffffn << 208n;

/** Difficulties are doubles; this many fractional bits keep every digit of one down to 1e-10 and beyond. */
const DIFFICULTY_SCALE_BITS = 96n;

/** @param target 32 bytes, big-endian */
export function targetToBigint(target: Uint8Array): bigint {
  if (target.length !== 32) throw new RangeError(`a target has 32 bytes, got ${target.length}`);
  return BigInt(`0x${bytesToHex(target)}`);
}

/**
 * @returns 32 bytes, big-endian
 * @throws RangeError below 0 or above 2^256 - 1
 */
export function bigintToTarget(value: bigint): Uint8Array {
  if (value < 0n || value > TARGET_MAX) throw new RangeError('a target has 256 bits');
  const bytes = new Uint8Array(32);
  for (let i = 31, rest = value; rest > 0n; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

/**
 * The network target that a header's bits stand for (Bitcoin's compact form: exponent byte, three mantissa bytes).
 * @returns 32 bytes, big-endian
 * @throws RangeError where ravend calls the bits invalid: zero, negative, or above 256 bits
 * Source: Ravencoin Core, arith_uint256::SetCompact and CheckProofOfWork
 */
export function bitsToTarget(bits: number): Uint8Array {
  const exponent = bits >>> 24;
  const mantissa = bits & 0x007fffff;
  if (bits & 0x00800000 && mantissa !== 0) throw new RangeError('bits stand for a negative target');
  const value =
    exponent <= 3
      ? BigInt(mantissa) >> BigInt(8 * (3 - exponent))
      : BigInt(mantissa) << BigInt(8 * (exponent - 3));
  if (value === 0n) throw new RangeError('bits stand for a target of zero');
  if (value > TARGET_MAX) throw new RangeError('bits stand for a target above 256 bits');
  return bigintToTarget(value);
}

/**
 * The compact form of a target, rounded down to its three leading bytes.
 * Source: Ravencoin Core, arith_uint256::GetCompact
 */
export function targetToBits(target: Uint8Array): number {
  let exponent = 32 - target.findIndex((byte) => byte !== 0);
  if (exponent > 32) return 0;
  const start = 32 - exponent;
  let mantissa = ((target[start] ?? 0) << 16) | ((target[start + 1] ?? 0) << 8) | (target[start + 2] ?? 0);
  // The mantissa's top bit is a sign: a number that would set it takes one byte more.
  if (mantissa & 0x00800000) {
    mantissa >>>= 8;
    exponent += 1;
  }
  return ((exponent << 24) | mantissa) >>> 0;
}

/**
 * The target a hash must meet at a difficulty: difficulty 1 divided by it, at most 2^256 - 1.
 * @param difficulty above 0; fractions are exact to the double's last digit
 * @returns 32 bytes, big-endian, never zero
 * @throws RangeError unless a finite number above 0
 */
export function difficultyToTarget(difficulty: number): Uint8Array {
  if (!(difficulty > 0) || !Number.isFinite(difficulty))
    throw new RangeError(`not a difficulty: ${difficulty}`);
  const scaled = doubleToScaled(difficulty);
  if (scaled === 0n) return bigintToTarget(TARGET_MAX);
  const target = (DIFFICULTY_1_TARGET << DIFFICULTY_SCALE_BITS) / scaled;
  if (target > TARGET_MAX) return bigintToTarget(TARGET_MAX);
  return bigintToTarget(target === 0n ? 1n : target);
}

/** A double times 2^96, cut to an integer, without going through floating point again. */
function doubleToScaled(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const raw = view.getBigUint64(0);
  const exponent = Number((raw >> 52n) & 0x7ffn);
  const mantissa = (raw & 0xfffffffffffffn) | (exponent === 0 ? 0n : 1n << 52n);
  const shift = BigInt(Math.max(exponent, 1) - 1075) + DIFFICULTY_SCALE_BITS;
  return shift >= 0n ? mantissa << shift : mantissa >> -shift;
}

/** What people call the difficulty of a target; for display and vardiff, never for a decision. */
export function targetToDifficulty(target: Uint8Array): number {
  const value = targetToBigint(target);
  if (value === 0n) return Number.POSITIVE_INFINITY;
  // 64 extra bits keep the quotient's digits for targets far above and far below difficulty 1.
  const quotient = (DIFFICULTY_1_TARGET << 128n) / value;
  return Number(quotient) / 2 ** 128;
}

/** Hashes a miner computes on average to meet a target: 2^256 / (target + 1). */
export function expectedHashes(target: Uint8Array): number {
  return Number((TARGET_MAX + 1n) / (targetToBigint(target) + 1n));
}

/**
 * hash ≤ target, as integers.
 * @param hash 32 bytes, big-endian (display order)
 * @param target 32 bytes, big-endian
 */
export function meetsTarget(hash: Uint8Array, target: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = (hash[i] ?? 0) - (target[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

/** The same target, as integers. */
export function equalTargets(a: Uint8Array, b: Uint8Array): boolean {
  return meetsTarget(a, b) && meetsTarget(b, a);
}
