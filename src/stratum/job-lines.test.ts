import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAYOUT, recordedTemplate, tipOf } from '../../test/support/mining.ts';
import { HARD_BITS } from '../../test/support/session-harness.ts';
import { bytesToHex } from '../chain/bytes.ts';
import { IssuedJobs } from '../mining/issued-jobs.ts';
import { JobBook } from '../mining/job-book.ts';
import type { Template } from '../mining/template.ts';
import { encodeJob } from './messages.ts';

test('whoever else got a job in between, the lines have the own id, target, header and word to switch', () => {
  const book = new JobBook(new Uint8Array(0));
  const miners = [1e-4, 1e-3, 1e-4].map((difficulty) => ({ difficulty, jobs: new IssuedJobs() }));
  for (const byte of [1, 2]) {
    book.add(recordedTemplate({ ...HARD_BITS, previousblockhash: tipOf(byte) }));
    const job = book.current(PAYOUT);
    assert(job);
    for (const { jobs, difficulty } of miners) {
      for (const cleanJobs of [true, false, false, true]) {
        const issued = jobs.issue(job, difficulty, () => true);
        const [setTarget, notify, end] = encodeJob(issued, cleanJobs).split('\n');
        const target = bytesToHex(issued.shareTarget);
        assert.deepEqual(JSON.parse(setTarget ?? ''), {
          id: null,
          method: 'mining.set_target',
          params: [target],
        });
        const { bits, height }: Template = job.template;
        const bitsHex = bits.toString(16).padStart(8, '0');
        assert.deepEqual(JSON.parse(notify ?? '').params, [
          issued.id,
          job.headerHashHex,
          job.seedHashHex,
          target,
          cleanJobs,
          height,
          bitsHex,
        ]);
        assert.equal(end, '');
      }
    }
  }
});
