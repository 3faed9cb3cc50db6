/**
 * How long to wait after the n-th failure in a row: doubled each time, from `firstMs` up to `maxMs`. Without jitter:
 * one process asks a handful of nodes.
 * @param failures 1 after the first failure
 */
export function backoffMs(failures: number, firstMs: number, maxMs: number): number {
  // 2^30 of any first delay is beyond every maximum, and still a number.
  return Math.min(firstMs * 2 ** Math.min(failures - 1, 30), maxMs);
}
