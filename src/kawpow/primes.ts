/**
 * Trial division: the numbers asked for are counts of cache items, below 2^32, so at most 2^15 divisions.
 * @param n a whole number
 */
export function isPrime(n: number): boolean {
  if (n < 2) return false;
  if (n % 2 === 0) return n === 2;
  for (let divisor = 3; divisor * divisor <= n; divisor += 2) {
    if (n % divisor === 0) return false;
  }
  return true;
}

/**
 * @param max a whole number, 2 or more
 * @throws RangeError when there is no prime up to max
 */
export function largestPrimeUpTo(max: number): number {
  if (!Number.isSafeInteger(max) || max < 2) throw new RangeError(`no prime up to ${max}`);
  let n = max;
  while (!isPrime(n)) n -= 1;
  return n;
}
