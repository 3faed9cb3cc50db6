/**
 * The tables of the Keccak permutations, computed from their definitions.
 * Source: FIPS 202, sections 3.2.2 (rho), 3.2.3 (pi), 3.2.5 (iota)
 */

/** One step of rho and pi: the value carried along is turned left by `rotation` and put in lane `to`. */
interface LaneMove {
  /** x + 5y. */
  readonly to: number;
  /** Before reduction to the lane's width. */
  readonly rotation: number;
}

/** Rho and pi as one walk: it starts at lane 1 and visits every lane but lane 0, which neither moves nor turns. */
export function laneMoves(): LaneMove[] {
  const moves: LaneMove[] = [];
  let x = 1;
  let y = 0;
  for (let t = 0; t < 24; t++) {
    [x, y] = [y, (2 * x + 3 * y) % 5];
    moves.push({ to: x + 5 * y, rotation: ((t + 1) * (t + 2)) / 2 });
  }
  return moves;
}

/**
 * Iota's constants for lanes of 64 bits as pairs of words, low then high. For lanes of 32 bits take the low words.
 * @param rounds up to 24
 */
export function roundConstants(rounds: number): Uint32Array {
  const constants = new Uint32Array(2 * rounds);
  let register = 1;
  for (let round = 0; round < rounds; round++) {
    for (let j = 0; j < 7; j++) {
      const bit = 2 ** j - 1;
      if (register & 1) constants[2 * round + (bit >>> 5)]! ^= 1 << (bit & 31);
      register = (register << 1) ^ ((register >>> 7) * 0x171);
    }
  }
  return constants;
}
