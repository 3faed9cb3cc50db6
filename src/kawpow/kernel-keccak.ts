import { laneMoves } from './keccak-tables.ts';
import { countUp, type FunctionScope, type Local, sequence, unrolled } from './wasm-assembler.ts';
import { type Code, i32, i64, i64x2, type ValueType, v128 } from './wasm-ops.ts';

/** What the generator needs to know of a lane: 32 bits, 64 bits, or 64 bits of two states side by side. */
export interface LaneKind {
  readonly type: ValueType;
  readonly bytes: number;
  /**
   * Rounds that are written out, an even number; as many as there are make a loop needless. Measured on a Zen 4: 64-bit
   * lanes gain 10 % without a loop, because V8 then spills a third less and leaves out what the first and the last round
   * need not compute. Two states side by side would take 1.3 times as long: so much vector code does not fit the cache of
   * decoded instructions.
   */
  readonly roundsWritten: number;
  /** Lanes that are kept complemented during the permutation. */
  readonly complemented: readonly number[];
  xor(a: Code, b: Code): Code;
  and(a: Code, b: Code): Code;
  or(a: Code, b: Code): Code;
  /** a and not b. */
  andNot(a: Code, b: Code): Code;
  not(a: Code): Code;
  rotateLeft(a: Code, n: number): Code;
  /** The round constant at an address. */
  constantAt(address: Code, offset: number): Code;
}

/**
 * Chi takes 25 complements a round, and processors know no cheap and-not in V8's hands. With these six lanes kept
 * complemented, and with `or` in place of `and` where De Morgan wants it, 8 are left.
 * Source: Keccak implementation overview 3.2, section 2.2 (lane complementing)
 */
const COMPLEMENTED = [1, 2, 8, 12, 17, 20];

export const LANES_32: LaneKind = {
  type: 'i32',
  bytes: 4,
  roundsWritten: 2,
  complemented: COMPLEMENTED,
  xor: i32.xor,
  and: i32.and,
  or: i32.or,
  andNot: (a, b) => i32.and(a, LANES_32.not(b)),
  not: (a) => i32.xor(a, i32.const(-1)),
  rotateLeft: (a, n) => i32.rotateLeft(a, i32.const(n % 32)),
  constantAt: i32.load,
};

export const LANES_64: LaneKind = {
  type: 'i64',
  bytes: 8,
  roundsWritten: 24,
  complemented: COMPLEMENTED,
  xor: i64.xor,
  and: i64.and,
  or: i64.or,
  andNot: (a, b) => i64.and(a, LANES_64.not(b)),
  not: (a) => i64.xor(a, i64.const(-1n)),
  rotateLeft: (a, n) => i64.rotateLeft(a, i64.const(BigInt(n % 64))),
  constantAt: i64.load,
};

/** Vectors have an and-not, but no rotation. */
export const LANES_64X2: LaneKind = {
  type: 'v128',
  bytes: 8,
  roundsWritten: 2,
  complemented: [],
  xor: v128.xor,
  and: v128.and,
  or: v128.or,
  andNot: v128.andNot,
  not: (a) => v128.andNot(i64x2.splat(i64.const(-1n)), a),
  rotateLeft: (a, n) =>
    n % 64 === 0
      ? a
      : v128.or(i64x2.shiftLeft(a, i32.const(n % 64)), i64x2.shiftRightUnsigned(a, i32.const(64 - (n % 64)))),
  constantAt: v128.load64Splat,
};

/** A value as it is held: complemented, if its lane is. */
export function held(kind: LaneKind, lane: number, value: Code): Code {
  return kind.complemented.includes(lane) ? kind.not(value) : value;
}

/**
 * Where a lane's content after rho and pi comes from, and how far it is turned.
 * @returns by destination
 */
function laneOrigins(): { from: number; rotation: number }[] {
  const origins = Array.from({ length: 25 }, () => ({ from: 0, rotation: 0 }));
  let from = 1;
  for (const { to, rotation } of laneMoves()) {
    origins[to] = { from, rotation };
    from = to;
  }
  return origins;
}

/**
 * A Keccak permutation on locals. The rounds go from one set of locals to another and back, so that they need no copies
 * in between.
 * @param state 25 lanes, each held as its kind says
 * @param constants where the round constants are
 * @param rounds a multiple of those that are written out
 */
export function keccakPermutation(
  scope: FunctionScope,
  kind: LaneKind,
  state: readonly Local[],
  constants: number,
  rounds: number,
): Code {
  const round = createRound(scope, kind);
  const between = scope.locals(25, kind.type);
  const constant = scope.local('i32');
  const written = unrolled(kind.roundsWritten, (i) => {
    const value = kind.constantAt(constant.get, i * kind.bytes);
    return i % 2 === 0 ? round(state, between, value) : round(between, state, value);
  });
  const end = i32.const(constants + rounds * kind.bytes);
  return sequence(
    constant.set(i32.const(constants)),
    kind.roundsWritten === rounds
      ? written
      : countUp(constant, kind.roundsWritten * kind.bytes, end, written),
  );
}

type Round = (from: readonly Local[], to: readonly Local[], constant: Code) => Code;

function createRound(scope: FunctionScope, kind: LaneKind): Round {
  const origins = laneOrigins();
  const columns = scope.locals(5, kind.type);
  const changes = scope.locals(5, kind.type);
  const row = scope.locals(5, kind.type);
  const isHeld = Array.from({ length: 25 }, (_, lane) => kind.complemented.includes(lane));
  const isTurnedHeld = complementsAfterTheta(isHeld);

  function theta(from: readonly Local[]): Code {
    const lane = (i: number): Code => from[i]!.get;
    return sequence(
      unrolled(5, (x) =>
        columns[x]!.set([5, 10, 15, 20].reduce((sum, y) => kind.xor(sum, lane(x + y)), lane(x))),
      ),
      unrolled(5, (x) =>
        changes[x]!.set(kind.xor(columns[(x + 4) % 5]!.get, kind.rotateLeft(columns[(x + 1) % 5]!.get, 1))),
      ),
    );
  }

  return (from, to, constant) => {
    const rows = unrolled(5, (y) => {
      const load = unrolled(5, (x) => {
        const { from: lane, rotation } = origins[x + 5 * y]!;
        return row[x]!.set(kind.rotateLeft(kind.xor(from[lane]!.get, changes[lane % 5]!.get), rotation));
      });
      const inputs = [0, 1, 2, 3, 4].map((x) => isTurnedHeld[origins[x + 5 * y]!.from]!);
      return sequence(
        load,
        unrolled(5, (x) => {
          const lane = x + 5 * y;
          const value = chi(kind, row, inputs, x, isHeld[lane]!);
          return to[lane]!.set(lane === 0 ? kind.xor(value, constant) : value);
        }),
      );
    });
    return sequence(theta(from), rows);
  };
}

/** Theta adds to each lane two columns, and the complements in them. */
function complementsAfterTheta(isHeld: readonly boolean[]): boolean[] {
  const isColumn = [0, 1, 2, 3, 4].map(
    (x) => isHeld.filter((is, lane) => is && lane % 5 === x).length % 2 === 1,
  );
  return isHeld.map((is, lane) => (is !== isColumn[(lane + 4) % 5]) !== isColumn[(lane + 1) % 5]);
}

/**
 * One lane of chi, b0 ^ (~b1 & b2), from lanes some of which are complemented.
 * @param isHeld which of the row are complemented
 * @param isWanted whether the result is to be
 */
function chi(
  kind: LaneKind,
  row: readonly Local[],
  isHeld: readonly boolean[],
  x: number,
  isWanted: boolean,
): Code {
  const [own, first, second] = [row[x]!.get, row[(x + 1) % 5]!.get, row[(x + 2) % 5]!.get];
  const isFirst = isHeld[(x + 1) % 5]!;
  const isSecond = isHeld[(x + 2) % 5]!;
  const mustComplement = isHeld[x]! !== isWanted;
  if (isFirst && !isSecond) return kind.xor(mustComplement ? kind.not(own) : own, kind.and(first, second));
  // ~(~b1 & b2) is b1 | ~b2.
  if (!isFirst && isSecond) return kind.xor(mustComplement ? own : kind.not(own), kind.or(first, second));
  if (!isFirst) {
    return kind.xor(own, mustComplement ? kind.or(first, kind.not(second)) : kind.andNot(second, first));
  }
  return kind.xor(own, mustComplement ? kind.or(kind.not(first), second) : kind.andNot(first, second));
}
