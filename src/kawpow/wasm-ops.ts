/**
 * WebAssembly instructions as functions from operands to code: `i32.add(a, b)` is the bytes that compute a, then b, then
 * their sum, so that an expression reads as it would in any language.
 * Source: WebAssembly Core Specification 2.0, chapter 5.4 (instructions), with the SIMD opcodes of its section 5.4.8
 */

/**
 * Bytes of instructions, and code within code: put together at the end, because copying it from one expression into the
 * next would take most of the time. An expression leaves one value on the stack, a statement none.
 */
export type Code = readonly (number | Code)[];

/** @returns the bytes of code, to the end of `bytes` */
export function flatten(code: Code, bytes: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === 'number') bytes.push(part);
    else flatten(part, bytes);
  }
  return bytes;
}

export type ValueType = 'i32' | 'i64' | 'v128';

/** Unsigned LEB128, as indexes, lengths and offsets are written. @param value a whole number below 2^53 */
export function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  while (left >= 0x80) {
    bytes.push((left % 0x80) | 0x80);
    left = Math.floor(left / 0x80);
  }
  bytes.push(left);
  return bytes;
}

/** Signed LEB128, as the operands of `const` are written. */
export function signedLeb(value: bigint): number[] {
  const bytes: number[] = [];
  let left = value;
  for (;;) {
    const low = Number(left & 0x7fn);
    left >>= 7n;
    const isLast = (left === 0n && (low & 0x40) === 0) || (left === -1n && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

type Unary = (value: Code) => Code;
type Binary = (left: Code, right: Code) => Code;
/** @param offset added to the address; it costs nothing */
type Load = (address: Code, offset?: number) => Code;
type Store = (address: Code, value: Code, offset?: number) => Code;

const unary =
  (...opcode: number[]): Unary =>
  (value) => [value, ...opcode];
const binary =
  (...opcode: number[]): Binary =>
  (left, right) => [left, right, ...opcode];
/** @param align a hint: the alignment's power of two. It must not exceed the size of what is read or written. */
const load =
  (align: number, ...opcode: number[]): Load =>
  (address, offset = 0) => [address, ...opcode, align, ...unsignedLeb(offset)];
const store =
  (align: number, ...opcode: number[]): Store =>
  (address, value, offset = 0) => [address, value, ...opcode, align, ...unsignedLeb(offset)];

/** SIMD opcodes are a prefix and a LEB128 number. */
const simd = (opcode: number): number[] => [0xfd, ...unsignedLeb(opcode)];

/** @param value a uint32 or an int32: the same bits */
const constant32 = (value: number): Code => [0x41, ...signedLeb(BigInt(value | 0))];

export const i32 = {
  const: constant32,
  load: load(2, 0x28),
  store: store(2, 0x36),
  eqz: unary(0x45),
  lessUnsigned: binary(0x49),
  countLeadingZeros: unary(0x67),
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  remainderUnsigned: binary(0x70),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  shiftLeft: binary(0x74),
  shiftRightUnsigned: binary(0x76),
  rotateLeft: binary(0x77),
  rotateRight: binary(0x78),
};

export const i64 = {
  /** @param value any bigint; its low 64 bits count */
  const: (value: bigint): Code => [0x42, ...signedLeb(BigInt.asIntN(64, value))],
  load: load(3, 0x29),
  store: store(3, 0x37),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  rotateLeft: binary(0x89),
};

export const v128 = {
  load: load(4, ...simd(0)),
  /** 8 bytes, twice. */
  load64Splat: load(3, ...simd(10)),
  store: store(4, ...simd(11)),
  andNot: binary(...simd(79)),
  and: binary(...simd(78)),
  or: binary(...simd(80)),
  xor: binary(...simd(81)),
  /** Replaces one 32-bit lane by what is at an address. */
  load32Lane: (address: Code, vector: Code, lane: number): Code => [address, vector, ...simd(86), 2, 0, lane],
  /** Replaces one 64-bit lane by what is at an address. */
  load64Lane: (address: Code, vector: Code, lane: number, offset = 0): Code => [
    address,
    vector,
    ...simd(87),
    3,
    ...unsignedLeb(offset),
    lane,
  ],
  store64Lane: (address: Code, vector: Code, lane: number, offset = 0): Code => [
    address,
    vector,
    ...simd(91),
    3,
    ...unsignedLeb(offset),
    lane,
  ],
  /** Takes 32-bit lanes of two vectors: 0 to 3 of the first, 4 to 7 of the second. */
  shuffle32: (first: Code, second: Code, lanes: readonly number[]): Code => [
    first,
    second,
    ...simd(13),
    ...lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
  ],
};

export const i32x4 = {
  splat: unary(...simd(17)),
  const: (values: readonly number[]): Code => [
    ...simd(12),
    ...values.flatMap((value) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]),
  ],
  extractLane: (vector: Code, lane: number): Code => [vector, ...simd(27), lane],
  replaceLane: (vector: Code, lane: number, value: Code): Code => [vector, value, ...simd(28), lane],
  /** Shifts take one count for all lanes, modulo 32. */
  shiftLeft: binary(...simd(171)),
  shiftRightUnsigned: binary(...simd(173)),
  add: binary(...simd(174)),
  mul: binary(...simd(181)),
  minUnsigned: binary(...simd(183)),
  /** Adds neighbouring 16-bit lanes. */
  addPairsUnsigned: unary(...simd(127)),
};

export const i8x16 = { countOnes: unary(...simd(98)) };
/** Adds neighbouring 8-bit lanes. */
export const i16x8 = { addPairsUnsigned: unary(...simd(125)) };

export const i64x2 = {
  splat: unary(...simd(18)),
  shiftLeft: binary(...simd(203)),
  shiftRightUnsigned: binary(...simd(205)),
  /** Whole 64-bit products of 32-bit lanes 0 and 1, or 2 and 3. */
  multiplyLowUnsigned: binary(...simd(222)),
  multiplyHighUnsigned: binary(...simd(223)),
};

/** The first value where the condition is not 0, else the second. Both are computed. */
export function select(first: Code, second: Code, condition: Code): Code {
  return [first, second, condition, 0x1b];
}

/** Computes a value and forgets it. */
export const drop: Unary = unary(0x1a);
