import { formatHashrate } from '../mining/hashrate.ts';
import { MINERS_TOLD_MAX } from '../stratum/miner-report.ts';
import type { ApiMiners } from '../web/api-types.ts';
import { countText, cutText, manyText, spanText } from './status-words.ts';
import { textTable } from './text-table.ts';

/** So that the table stays within 80 columns. */
const WORKER_COLUMNS_MAX = 18;

/** How many of them `kpss status` shows where nobody says. */
export const MINERS_SHOWN = 10;

/**
 * The fastest miners as a table: what their shares say of their speed beside what they say themselves.
 * @param shown at most so many
 * @returns lines of at most 78 columns; none where none is to be shown
 */
export function minerLines({ count, top }: ApiMiners, shown: number): string[] {
  const told = top.slice(0, shown);
  if (told.length === 0) return [];
  const rows = told.map((miner) => [
    cutText(miner.worker, WORKER_COLUMNS_MAX),
    formatHashrate(miner.hashesPerS),
    miner.reportedHashesPerS === null ? '-' : formatHashrate(miner.reportedHashesPerS),
    countText(miner.accepted),
    countText(miner.rejected),
    miner.lastShareAgeS === null ? '-' : spanText(miner.lastShareAgeS),
  ]);
  const head = ['miner', 'measured', 'reported', 'accepted', 'rejected', 'last share'];
  const more = count - told.length;
  const where =
    told.length < top.length
      ? `: --miners ${MINERS_TOLD_MAX} shows ${count > MINERS_TOLD_MAX ? 'the fastest 100' : 'them'}`
      : ', slower than these';
  return [
    ...textTable(head, rows).split('\n'),
    ...(more > 0 ? [`and ${manyText(more, 'other')}${where}`] : []),
  ];
}
