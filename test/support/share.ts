import assert from 'node:assert/strict';
import { IssuedJobs } from '../../src/mining/issued-jobs.ts';
import type { JobBook } from '../../src/mining/job-book.ts';
import type { Share } from '../../src/mining/share.ts';
import { PAYOUT } from './mining.ts';

let made = 0;

/** A candidate on the current work as a session would have screened it; each has a final hash of its own. */
export function makeCandidate(jobs: JobBook): Share {
  const job = jobs.current(PAYOUT);
  assert(job, 'no template yet');
  made += 1;
  const finalHash = new Uint8Array(32);
  new DataView(finalHash.buffer).setUint32(28, made);
  const issued = new IssuedJobs().issue(job, 1e-12, () => true);
  return { issued, nonce: BigInt(made), claimedMixHash: new Uint8Array(32), finalHash, isCandidate: true };
}
