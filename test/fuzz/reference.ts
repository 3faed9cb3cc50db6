import { bytesToHex } from '../../src/chain/bytes.ts';
import { finalHash } from '../../src/kawpow/final-hash.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import { trueMixHash } from '../sim/sim-chain.ts';

/** A job as the wire told of it. */
export interface WireJob {
  readonly headerHex: string;
  readonly targetHex: string;
  readonly bitsHex: string;
}

/** What docs/stratum.md says of a refusal, and what it counts against a connection. Written down here a second time. */
export type Verdict = 'accepted' | keyof typeof REFUSALS;

export const REFUSALS = {
  'not subscribed': { code: 25, demerits: 5 },
  'unauthorized worker': { code: 24, demerits: 5 },
  'job not found': { code: 21, demerits: 0 },
  malformed: { code: 20, demerits: 10 },
  'header hash': { code: 20, demerits: 5 },
  'nonce is outside': { code: 24, demerits: 5 },
  'duplicate share': { code: 22, demerits: 2 },
  'low difficulty share': { code: 23, demerits: 2 },
  'wrong mix hash': { code: 20, demerits: 25 },
  'one connection pays one address': { code: 24, demerits: 20 },
  'unsupported method': { code: 20, demerits: 0 },
  'not a difficulty': { code: 20, demerits: 0 },
  not: { code: 20, demerits: 10 },
  method: { code: 20, demerits: 10 },
} as const;

/** What the fuzzer knows of a connection, from the wire alone. */
export interface Known {
  readonly prefixHex: string | undefined;
  readonly isLoggedIn: boolean;
  readonly jobs: ReadonlyMap<string, WireJob>;
  /** Header and nonce of what passed. */
  readonly passed: Set<string>;
}

/** What a submission deserves, in the order of checks that ARCHITECTURE.md tells. @param params as they were sent */
export function judge(params: readonly unknown[], known: Known): Verdict {
  if (known.prefixHex === undefined) return 'not subscribed';
  if (!known.isLoggedIn) return 'unauthorized worker';
  const [, jobId, ...hex] = params;
  const job = known.jobs.get(asText(jobId).toLowerCase());
  if (job === undefined) return 'job not found';
  const [nonce, header, mix] = hex.map((field) => asText(field).replace(/^0x/i, '').toLowerCase());
  if (!isHex(nonce, 16) || !isHex(header, 64) || !isHex(mix, 64)) return 'malformed';
  if (header !== job.headerHex) return 'header hash';
  if (nonce?.slice(0, 4) !== known.prefixHex) return 'nonce is outside';
  const key = `${header}/${nonce}`;
  if (known.passed.has(key)) return 'duplicate share';
  const headerHash = Buffer.from(header, 'hex');
  const number = BigInt(`0x${nonce}`);
  const hashHex = bytesToHex(finalHash(headerHash, number, Buffer.from(mix ?? '', 'hex'), KAWPOW));
  // Both are 64 digits, so that the order of texts is the order of numbers.
  if (hashHex > job.targetHex) return 'low difficulty share';
  known.passed.add(key);
  return bytesToHex(trueMixHash(headerHash, number)) === mix ? 'accepted' : 'wrong mix hash';
}

/** @returns a nonce with the prefix that makes a share of the job, counting on from the last */
export function findNonce(
  job: WireJob,
  prefixHex: string,
  from: number,
): { nonceHex: string; mixHex: string; at: number } {
  const headerHash = Buffer.from(job.headerHex, 'hex');
  for (let at = from; ; at++) {
    const nonceHex = prefixHex + at.toString(16).padStart(12, '0');
    const nonce = BigInt(`0x${nonceHex}`);
    const mix = trueMixHash(headerHash, nonce);
    if (bytesToHex(finalHash(headerHash, nonce, mix, KAWPOW)) <= job.targetHex)
      return { nonceHex, mixHex: bytesToHex(mix), at };
  }
}

function asText(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : '';
}

function isHex(text: string | undefined, length: number): boolean {
  return text?.length === length && /^[0-9a-f]*$/.test(text);
}
