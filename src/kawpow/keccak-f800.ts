import { laneMoves, roundConstants } from './keccak-tables.ts';
import { rotateLeft } from './rotate.ts';

/** Words of the state: 5 × 5 lanes of 32 bits. */
export const F800_WORDS = 25;

/** 12 + 2·log2(lane width). */
const ROUNDS = 22;
const IOTA = roundConstants(ROUNDS).filter((_, i) => i % 2 === 0);
const MOVE_TO = Uint8Array.from(laneMoves(), (move) => move.to);
const ROTATION = Uint8Array.from(laneMoves(), (move) => move.rotation % 32);

/**
 * Keccak-f[800], the permutation at both ends of a KawPoW hash, in place.
 * @param state 25 words; lane x + 5y
 * Source: FIPS 202 section 3.2, with lanes of 32 bits
 */
export function keccakF800(state: Uint32Array): void {
  for (let round = 0; round < ROUNDS; round++) {
    theta(state);
    rhoAndPi(state);
    chi(state);
    state[0]! ^= IOTA[round]!;
  }
}

function theta(state: Uint32Array): void {
  const column0 = column(state, 0);
  const column1 = column(state, 1);
  const column2 = column(state, 2);
  const column3 = column(state, 3);
  const column4 = column(state, 4);
  const change0 = column4 ^ rotateLeft(column1, 1);
  const change1 = column0 ^ rotateLeft(column2, 1);
  const change2 = column1 ^ rotateLeft(column3, 1);
  const change3 = column2 ^ rotateLeft(column4, 1);
  const change4 = column3 ^ rotateLeft(column0, 1);
  for (let row = 0; row < F800_WORDS; row += 5) {
    state[row]! ^= change0;
    state[row + 1]! ^= change1;
    state[row + 2]! ^= change2;
    state[row + 3]! ^= change3;
    state[row + 4]! ^= change4;
  }
}

function column(state: Uint32Array, x: number): number {
  return state[x]! ^ state[x + 5]! ^ state[x + 10]! ^ state[x + 15]! ^ state[x + 20]!;
}

function rhoAndPi(state: Uint32Array): void {
  let carried = state[1]!;
  for (let t = 0; t < 24; t++) {
    const to = MOVE_TO[t]!;
    const next = state[to]!;
    state[to] = rotateLeft(carried, ROTATION[t]!);
    carried = next;
  }
}

function chi(state: Uint32Array): void {
  for (let row = 0; row < F800_WORDS; row += 5) {
    const a = state[row]!;
    const b = state[row + 1]!;
    const c = state[row + 2]!;
    const d = state[row + 3]!;
    const e = state[row + 4]!;
    state[row] = a ^ (~b & c);
    state[row + 1] = b ^ (~c & d);
    state[row + 2] = c ^ (~d & e);
    state[row + 3] = d ^ (~e & a);
    state[row + 4] = e ^ (~a & b);
  }
}
