import type { ScreeningReason } from '../mining/share.ts';

/** Everything that a request is refused for. */
export type RejectReason =
  | ScreeningReason
  | 'wrong-mix'
  | 'broken-trust'
  | 'unauthorized'
  | 'not-subscribed'
  | 'bad-login'
  | 'server-full'
  | 'unsupported-method'
  | 'bad-suggestion'
  | 'bad-request';

export interface Rejection {
  /** 20 other, 21 job not found or stale, 22 duplicate, 23 low difficulty, 24 unauthorized, 25 not subscribed. */
  readonly code: 20 | 21 | 22 | 23 | 24 | 25;
  readonly text: string;
  /** What it counts against a connection; DEMERITS_MAX closes it. */
  readonly demerits: number;
}

/**
 * A connection with this many demerits is closed; an accepted share takes one off. Ten lines of garbage or four wrong
 * mix hashes in a row reach it, a miner with one bad share in a hundred never does.
 */
export const DEMERITS_MAX = 100;

/** One table from reason to wire. The reason itself is the label in logs and metrics. */
export const REJECTIONS: Readonly<Record<RejectReason, Rejection>> = {
  'unknown-job': { code: 21, text: 'job not found', demerits: 0 },
  stale: { code: 21, text: 'stale share', demerits: 0 },
  duplicate: { code: 22, text: 'duplicate share', demerits: 2 },
  'low-difficulty': { code: 23, text: 'low difficulty share', demerits: 2 },
  'wrong-prefix': { code: 24, text: 'nonce is outside the extranonce of this connection', demerits: 5 },
  'wrong-header': { code: 20, text: 'header hash is not the one of the job', demerits: 5 },
  'wrong-mix': { code: 20, text: 'wrong mix hash', demerits: 25 },
  // A wrong mix hash of a session that had shares accepted on trust: nobody knows how many of those were false.
  'broken-trust': { code: 20, text: 'wrong mix hash', demerits: DEMERITS_MAX },
  malformed: {
    code: 20,
    text: 'malformed share: nonce, header hash and mix hash are 16, 64 and 64 hex digits',
    demerits: 10,
  },
  'too-many-shares': { code: 20, text: 'too many shares for one job', demerits: 1 },
  unauthorized: { code: 24, text: 'unauthorized worker', demerits: 5 },
  'bad-login': { code: 24, text: 'login refused', demerits: 20 },
  'not-subscribed': { code: 25, text: 'not subscribed', demerits: 5 },
  'server-full': { code: 20, text: 'server is full', demerits: DEMERITS_MAX },
  // No demerits: kawpowminer's autodetection asks for two of these on its way to the right dialect.
  'unsupported-method': { code: 20, text: 'unsupported method', demerits: 0 },
  'bad-suggestion': { code: 20, text: 'not a difficulty or target: a number above 0 is', demerits: 0 },
  'bad-request': { code: 20, text: 'not a stratum request', demerits: 10 },
};
