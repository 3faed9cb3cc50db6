import { hexToBytes } from '../chain/bytes.ts';
import { meetsTarget } from '../chain/target.ts';
import { finalHash as computeFinalHash } from '../kawpow/final-hash.ts';
import { nonceHasPrefix } from './extranonce.ts';
import type { IssuedJob } from './issued-jobs.ts';

/** `mining.submit` as received: hex with or without 0x, any case, any length. */
export interface Submission {
  readonly jobId: string;
  readonly nonceHex: string;
  readonly headerHashHex: string;
  readonly mixHashHex: string;
}

/** A submission that passed the screening. Only its mix hash is still a claim. */
export interface Share {
  readonly issued: IssuedJob;
  readonly nonce: bigint;
  /** 32 bytes, display order. */
  readonly claimedMixHash: Uint8Array;
  /** 32 bytes, display order: what the claim leads to, and the block hash if it is a candidate. */
  readonly finalHash: Uint8Array;
  /** It meets the network target: the block must go out before anything else happens. */
  readonly isCandidate: boolean;
}

/** Why a submission is no share. */
export type ScreeningReason =
  | 'unknown-job'
  | 'malformed'
  | 'wrong-header'
  | 'wrong-prefix'
  | 'duplicate'
  | 'stale'
  | 'low-difficulty'
  | 'too-many-shares';

export type Screening =
  | { readonly ok: true; readonly share: Share }
  /** A stale share may still be a candidate: a node decides, not we, whether its block wins. */
  | { readonly ok: false; readonly reason: ScreeningReason; readonly share?: Share };

export interface ScreeningContext {
  /** What the submission's job id stands for on this connection; undefined if nothing. */
  readonly issued: IssuedJob | undefined;
  readonly prefix: number;
  /** Whether the job builds on another tip than the present one. */
  readonly isStale: boolean;
}

/**
 * Everything that can be said of a submission without the light cache, in this order: job known · field sizes ·
 * header hash is the job's · nonce carries the connection's prefix · not seen before · final hash · candidate if it
 * meets the network target · stale · final hash meets the target its job was issued at.
 *
 * A candidate is taken even where the share target is the harder one: kawpowminer submits what meets the easier of
 * the two. A share that passes is remembered in the issued job, so that it passes once.
 */
export function screenShare(
  submission: Submission,
  { issued, prefix, isStale }: ScreeningContext,
): Screening {
  if (issued === undefined) return { ok: false, reason: 'unknown-job' };
  const nonceHex = digits(submission.nonceHex, 16);
  const headerHashHex = digits(submission.headerHashHex, 64);
  const mixHashHex = digits(submission.mixHashHex, 64);
  if (nonceHex === undefined || headerHashHex === undefined || mixHashHex === undefined) {
    return { ok: false, reason: 'malformed' };
  }
  const { job } = issued;
  if (headerHashHex.toLowerCase() !== job.headerHashHex) return { ok: false, reason: 'wrong-header' };
  const nonce = BigInt(`0x${nonceHex}`);
  if (!nonceHasPrefix(nonce, prefix)) return { ok: false, reason: 'wrong-prefix' };
  if (issued.seenNonces.has(nonce)) return { ok: false, reason: 'duplicate' };

  const claimedMixHash = hexToBytes(mixHashHex);
  const finalHash = computeFinalHash(job.headerHash, nonce, claimedMixHash, job.template.pow);
  const isCandidate = meetsTarget(finalHash, job.template.networkTarget);
  const share: Share = { issued, nonce, claimedMixHash, finalHash, isCandidate };
  if (!isCandidate) {
    if (isStale) return { ok: false, reason: 'stale' };
    if (!meetsTarget(finalHash, issued.shareTarget)) return { ok: false, reason: 'low-difficulty' };
    if (issued.seenNonces.size >= SHARES_PER_JOB_MAX) return { ok: false, reason: 'too-many-shares' };
  }
  issued.seenNonces.add(nonce);
  return isStale ? { ok: false, reason: 'stale', share } : { ok: true, share };
}

/**
 * Shares remembered of one connection's job, so that a miner at a senseless difficulty cannot fill the memory. At one
 * refresh in 30 s it is over 1,000 shares a second; a candidate is never refused for it.
 */
export const SHARES_PER_JOB_MAX = 32_768;

const HEX = /^[0-9a-f]+$/i;

/** The digits of a hex field without its 0x, or undefined unless there are exactly that many. */
function digits(field: string, count: number): string | undefined {
  const prefixed = field.length === count + 2 && (field.startsWith('0x') || field.startsWith('0X'));
  const bare = prefixed ? field.slice(2) : field;
  return bare.length === count && HEX.test(bare) ? bare : undefined;
}
