import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bookWithTemplate, PAYOUT } from '../../test/support/mining.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { IssuedJobs } from './issued-jobs.ts';
import { judgeShare, REPLY_WITHIN_MS, type ShareVerifier } from './judge.ts';
import type { Share } from './share.ts';

type Outcome = Awaited<ReturnType<ShareVerifier['verify']>>;

function start(answerAfterMs: number, outcome: Outcome | Error) {
  const clock = createVirtualClock();
  const job = bookWithTemplate().current(PAYOUT);
  assert(job);
  const issued = new IssuedJobs().issue(job, 1e-12, () => true);
  const hash = new Uint8Array(32);
  const share: Share = { issued, nonce: 1n, claimedMixHash: hash, finalHash: hash, isCandidate: false };
  const late: boolean[] = [];
  const verifier: ShareVerifier = {
    verify: () =>
      new Promise((resolve, reject) => {
        clock.setTimer(answerAfterMs, () => (outcome instanceof Error ? reject(outcome) : resolve(outcome)));
      }),
  };
  const judgement = judgeShare(share, '1', { verifier, clock }, (isRight) => late.push(isRight));
  return { clock, judgement, late };
}

test('a verdict in time decides', async () => {
  const good = start(10, { ok: true, valid: true });
  await good.clock.advance(10);
  assert.deepEqual(await good.judgement, { accepted: true, verified: true });
  const bad = start(10, { ok: true, valid: false });
  await bad.clock.advance(10);
  assert.deepEqual(await bad.judgement, { accepted: false, reason: 'wrong-mix' });
  assert.equal(bad.clock.pending(), 0);
  assert.deepEqual([...good.late, ...bad.late], [], 'none of them was late');
});

test('without a verdict in time the share is accepted unverified, and one that comes later is reported', async () => {
  const outcomes = [
    [{ ok: true, valid: false }, [false]],
    [{ ok: true, valid: true }, [true]],
    [{ ok: false, reason: 'closed' }, []],
    [new Error('broken'), []],
  ] as const;
  for (const [outcome, expected] of outcomes) {
    const { clock, judgement, late } = start(REPLY_WITHIN_MS + 5_000, outcome);
    await clock.advance(REPLY_WITHIN_MS);
    assert.deepEqual(await judgement, { accepted: true, verified: false, because: 'no-verdict' });
    assert.deepEqual(late, []);
    await clock.advance(5_000);
    assert.deepEqual(late, expected);
  }
});

test('a share that is shed, a full queue or a failed verifier leaves nobody without a judgement', async () => {
  const cases = [
    ['overload', { ok: false, reason: 'shed' }],
    ['overload', { ok: false, reason: 'queue-full' }],
    ['no-verdict', { ok: false, reason: 'failed' }],
    ['no-verdict', { ok: false, reason: 'closed' }],
    ['no-verdict', new Error('broken')],
  ] as const;
  for (const [because, outcome] of cases) {
    const { clock, judgement, late } = start(10, outcome);
    await clock.advance(10);
    assert.deepEqual(await judgement, { accepted: true, verified: false, because });
    assert.deepEqual(late, []);
  }
});
