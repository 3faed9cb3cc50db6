import type { Session } from './session.ts';

/** How one miner is doing, for the status. */
export interface MinerReport extends Arrival {
  readonly worker: string;
  /** Its software, as it calls itself; '' when it does not. */
  readonly agent: string;
  readonly difficulty: number;
  /** From its accepted shares, over the last ten minutes. */
  readonly hashesPerS: number;
  /** What it says of itself; undefined when it does not. */
  readonly reportedHashesPerS: number | undefined;
  readonly accepted: number;
  readonly rejected: number;
  /** Its last accepted one; undefined before the first. */
  readonly lastShareMs: number | undefined;
}

/** What is read of a session. */
type Told = Pick<
  Session,
  'workerName' | 'agent' | 'arrival' | 'difficulty' | 'hashesPerS' | 'reportedHashesPerS' | 'record'
>;

/** More than anybody reads; a status of ten thousand would be megabytes. */
export const MINERS_TOLD_MAX = 100;

/** The beginning of a connection. */
export interface Arrival {
  /** Where it comes from. */
  readonly address: string;
  /** That it came to. */
  readonly port: number;
  readonly connectedMs: number;
}

/** Of a connection of which nothing is known. */
const NOWHERE: Arrival = { address: '', port: 0, connectedMs: 0 };

/**
 * The fastest of those that are logged in, the fastest first. Each is looked at once, and only the best so far are kept
 * in order: a millisecond for ten thousand.
 */
export function reportMiners(sessions: Iterable<Told>, nowMs: number): MinerReport[] {
  const best: { readonly session: Told; readonly hashesPerS: number }[] = [];
  for (const session of sessions) {
    if (session.workerName === undefined) continue;
    const hashesPerS = session.hashesPerS(nowMs);
    const last = best[MINERS_TOLD_MAX - 1];
    if (last !== undefined && hashesPerS <= last.hashesPerS) continue;
    let place = best.length;
    // Of equal ones the longest connected stays in front.
    while (place > 0 && (best[place - 1]?.hashesPerS ?? 0) < hashesPerS) place -= 1;
    best.splice(place, 0, { session, hashesPerS });
    best.length = Math.min(best.length, MINERS_TOLD_MAX);
  }
  return best.map(({ session, hashesPerS }) => ({
    worker: session.workerName ?? '',
    agent: session.agent,
    ...(session.arrival ?? NOWHERE),
    difficulty: session.difficulty,
    hashesPerS,
    reportedHashesPerS: session.reportedHashesPerS,
    accepted: session.record?.accepted ?? 0,
    rejected: session.record?.rejected ?? 0,
    lastShareMs: session.record?.lastShareMs,
  }));
}
