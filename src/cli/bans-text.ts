import type { ApiBan } from '../web/api-types.ts';
import { cutText, manyText, spanText } from './status-words.ts';
import { textTable } from './text-table.ts';

/** So that a table of IPv6 networks stays within 80 columns. */
const NAME_COLUMNS_MAX = 17;

/** For people. A word that a newer KPSS has is shown as it is. */
const REASONS: Readonly<Record<ApiBan['reason'], string>> = {
  'invalid-shares': 'invalid shares',
  'wrong-mix': 'wrong mix hashes',
  garbage: 'garbage',
  'failed-logins': 'failed logins',
};

/**
 * The bans as a table for a terminal of 80 columns, and how many there are.
 * @returns lines without a newline at the end
 */
export function bansText(bans: readonly ApiBan[], nowMs: number): string {
  if (bans.length === 0) return 'Nobody is banned.';
  const rows = bans.map(({ instance, address, reason, since, until }) => [
    address,
    // Of a server that is newer than this program it may be another word.
    Object.hasOwn(REASONS, reason) ? REASONS[reason] : reason,
    cutText(instance, NAME_COLUMNS_MAX),
    spanText(Math.max(0, nowMs - Date.parse(since)) / 1000),
    spanText(Math.max(0, Date.parse(until) - nowMs) / 1000),
  ]);
  const table = textTable(['address', 'banned for', 'instance', 'ago', 'left'], rows, 3);
  return `${table}\n\n${manyText(bans.length, 'ban')}; kpss bans lift ADDRESS ends one`;
}
