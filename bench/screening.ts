import { performance } from 'node:perf_hooks';
import { finalHash } from '../src/kawpow/final-hash.ts';
import { KAWPOW } from '../src/kawpow/params.ts';
import { median } from '../src/measure/median.ts';
import { IssuedJobs } from '../src/mining/issued-jobs.ts';
import { JobBook } from '../src/mining/job-book.ts';
import { type ScreeningContext, screenShare } from '../src/mining/share.ts';
import { parseRequest } from '../src/stratum/messages.ts';
import { PAYOUT, recordedTemplate } from '../test/support/mining.ts';
import { printTable } from './support-table.ts';

const ROUNDS = 15;
const SHARES_PER_ROUND = 2_000;

export const purpose = 'a share up to its verification';

/** What a share costs before its mix hash is verified: reading the line, and screening it. */
export function run(): void {
  const book = new JobBook(new Uint8Array(0));
  book.add(recordedTemplate({ bits: '1d00ffff', target: `00000000ffff${'0'.repeat(52)}` }));
  const job = book.current(PAYOUT);
  if (job === undefined) throw new Error('no job');
  const mixHash = new Uint8Array(32).fill(0xab);
  const mixHex = 'ab'.repeat(32);
  const line = (jobId: string, i: number) =>
    `{"id":40,"method":"mining.submit","params":["address.worker","${jobId}","0x${i.toString(16).padStart(16, '0')}",` +
    `"0x${job.headerHashHex}","0x${mixHex}"],"worker":"worker"}`;

  const columns: Record<string, number[]> = { 'final hash alone': [], 'read the line': [], screen: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const issued = new IssuedJobs().issue(job, 1e-12, () => true);
    const context: ScreeningContext = { issued, prefix: 0, isStale: false };
    const lines = Array.from({ length: SHARES_PER_ROUND }, (_, i) =>
      line(issued.id, round * SHARES_PER_ROUND + i),
    );
    columns['final hash alone']?.push(timeEach((i) => finalHash(job.headerHash, BigInt(i), mixHash, KAWPOW)));
    const requests = lines.map(parseRequest);
    columns['read the line']?.push(timeEach((i) => parseRequest(lines[i] as string)));
    columns.screen?.push(
      timeEach((i) => {
        const parsed = requests[i];
        if (!parsed?.ok || parsed.request.method !== 'submit') throw new Error('not a submit');
        if (!screenShare(parsed.request.submission, context).ok) throw new Error('not a share');
      }),
    );
  }
  const base = median(columns['final hash alone'] ?? []);
  printTable(
    'A share before its mix hash is verified (median of 15 rounds of 2,000 shares; must: under 50 µs)',
    ['step', 'µs', 'against the final hash'],
    Object.entries(columns).map(([name, times]) => [
      name,
      median(times).toFixed(2),
      `${(median(times) / base).toFixed(2)} ×`,
    ]),
  );
}

/** Microseconds for one of SHARES_PER_ROUND calls. */
function timeEach(call: (i: number) => unknown): number {
  const startMs = performance.now();
  for (let i = 0; i < SHARES_PER_ROUND; i++) call(i);
  return ((performance.now() - startMs) * 1000) / SHARES_PER_ROUND;
}
