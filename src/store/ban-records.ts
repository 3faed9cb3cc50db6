import { BAN_REASONS, BANS_MAX, type Ban, type BanReason } from '../stratum/bans.ts';
import { banKey } from '../stratum/peer-address.ts';

/** Of the file's shape; a newer one is not guessed at. */
const VERSION = 1;
/** The last day that JavaScript knows; a ban by hand may last for ever. */
const TIME_MS_MAX = 8.64e15;

/** What a file of bans says. */
export interface DecodedBans {
  /** Those still in force, the ones that end first in front. At most BANS_MAX. */
  readonly bans: readonly Ban[];
  /** Something in it was not understood, and is not among them. */
  readonly isDamaged: boolean;
}

/** A line for each ban, so that its owner can read and mend it. */
export function encodeBans(bans: readonly Ban[]): string {
  const lines = bans.map(({ address, reason, sinceMs, untilMs }) =>
    JSON.stringify({ address, reason, since: timeText(sinceMs), until: timeText(untilMs) }),
  );
  return `{"version": ${VERSION}, "bans": [\n${lines.join(',\n')}\n]}\n`;
}

/** Takes what can be understood, whatever the text is. */
export function decodeBans(text: string, nowMs: number): DecodedBans {
  const listed = listIn(text);
  if (listed === undefined) return { bans: [], isDamaged: true };
  const found = listed.map((entry) => banIn(entry, nowMs));
  const inForce = found.flatMap((ban) => (ban !== undefined && ban.untilMs > nowMs ? [ban] : []));
  return {
    bans: inForce.sort((a, b) => a.untilMs - b.untilMs).slice(-BANS_MAX),
    isDamaged: found.includes(undefined),
  };
}

function listIn(text: string): readonly unknown[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { version, bans } = (value ?? {}) as Record<string, unknown>;
  return version === VERSION && Array.isArray(bans) ? bans : undefined;
}

/** One whose beginning is yet to come is of a clock that was set back since: it begins now, and lasts as long as it would have. */
function banIn(entry: unknown, nowMs: number): Ban | undefined {
  const { address: given, reason, since, until } = (entry ?? {}) as Record<string, unknown>;
  const address = typeof given === 'string' ? banKey(given) : undefined;
  if (address === undefined) return undefined;
  if (typeof since !== 'string' || typeof until !== 'string' || !isReason(reason)) return undefined;
  const givenMs = Date.parse(since);
  const lastsMs = Date.parse(until) - givenMs;
  if (!(lastsMs > 0)) return undefined;
  const sinceMs = Math.min(givenMs, nowMs);
  return { address, reason, sinceMs, untilMs: Math.min(sinceMs + lastsMs, TIME_MS_MAX) };
}

function isReason(value: unknown): value is BanReason {
  return BAN_REASONS.some((reason) => reason === value);
}

function timeText(atMs: number): string {
  return new Date(Math.min(atMs, TIME_MS_MAX)).toISOString();
}
