import type { MathOp, Merge } from './program.ts';
import { rotateLeft, rotateRight } from './rotate.ts';

/**
 * What a random program does to registers: 32-bit words, in and out (results may be int32; a Uint32Array takes the same
 * bits).
 */

/**
 * Puts a new word into a register's value without losing what was there.
 * Source: EIP-1057, merge
 */
export function merged(merge: Merge, old: number, word: number): number {
  switch (merge.kind) {
    case 'multiply-add':
      return Math.imul(old, 33) + word;
    case 'xor-multiply':
      return Math.imul(old ^ word, 33);
    case 'left-xor':
      return rotateLeft(old, merge.rotation) ^ word;
    case 'right-xor':
      return rotateRight(old, merge.rotation) ^ word;
  }
}

/**
 * @param a uint32
 * @param b uint32
 * Source: EIP-1057, math
 */
export function mathOf(op: MathOp, a: number, b: number): number {
  switch (op) {
    case 'add':
      return a + b;
    case 'multiply':
      return Math.imul(a, b);
    case 'multiply-high':
      return multiplyHigh(a, b);
    case 'min':
      return Math.min(a, b);
    case 'rotate-left':
      return rotateLeft(a, b);
    case 'rotate-right':
      return rotateRight(a, b);
    case 'and':
      return a & b;
    case 'or':
      return a | b;
    case 'xor':
      return a ^ b;
    case 'count-leading-zeros':
      return Math.clz32(a) + Math.clz32(b);
    case 'count-ones':
      return countOnes(a) + countOnes(b);
  }
}

/** The upper word of a 64-bit product, by halves: a double would lose the low digits that carry into it. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 0x10000);
  const carry = aLow * bHigh + (middle % 0x10000);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000);
}

/** Sums of neighbouring bits, pairs and nibbles; the multiplication adds up the bytes. */
function countOnes(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  const bytes = (nibbles + (nibbles >>> 4)) & 0x0f0f0f0f;
  return Math.imul(bytes, 0x01010101) >>> 24;
}
