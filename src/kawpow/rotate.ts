/**
 * A 32-bit word turned left. JavaScript takes shift counts modulo 32, so any whole n will do, 0 too.
 * @returns an int32
 */
export function rotateLeft(word: number, n: number): number {
  return (word << n) | (word >>> -n);
}

/** A 32-bit word turned right, in the same way. */
export function rotateRight(word: number, n: number): number {
  return (word >>> n) | (word << -n);
}
