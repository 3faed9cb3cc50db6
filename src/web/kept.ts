import type { Clock } from '../mining/ports.ts';

/**
 * A status of many miners and nodes is a millisecond's work: ten times a second, it takes nothing from the mining, however
 * many ask. Nobody sees the difference to a newer one.
 */
const KEPT_MS = 100;

/**
 * @param make may throw, and is asked again the next time then
 * @returns what `make` gives, or gave less than 100 ms ago
 */
export function keptAWhile<T>(clock: Pick<Clock, 'nowMs'>, make: () => T): () => T {
  let kept: { readonly value: T; readonly atMs: number } | undefined;
  return () => {
    const nowMs = clock.nowMs();
    // A clock that was set back must not keep it for hours.
    if (kept === undefined || nowMs < kept.atMs || nowMs - kept.atMs >= KEPT_MS)
      kept = { value: make(), atMs: nowMs };
    return kept.value;
  };
}
