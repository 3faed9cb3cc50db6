import assert from 'node:assert/strict';
import { test } from 'node:test';
import { earnTrust, setUpTimedPool, shareOf, workAt } from '../../test/conformance/pool-harness.ts';

// Which shares are verified when not all can be, as those notice it who would rather not be looked at, and those beside.

/** A batch takes 80 ms. */
const HASHES_PER_S = 400;
/** Sessions that are trusted. */
const TRUSTED = Array.from({ length: 20 }, (_, i) => `s${i}`);

/** Ten times what the thread can do, one share a session in turn. @returns for each fifth of a batch, the part verified */
async function verifiedByPhase(sessionOf: (share: number) => string): Promise<number[]> {
  const harness = setUpTimedPool();
  const { pool, clock, threads } = harness;
  workAt(HASHES_PER_S, harness, clock);
  await earnTrust(TRUSTED, harness, clock);
  let begunMs = clock.nowMs();
  const { onBatch } = threads;
  threads.onBatch = (worker) => {
    begunMs = clock.nowMs();
    onBatch(worker);
  };
  const fifths = Array.from({ length: 5 }, () => ({ asked: 0, verified: 0 }));
  const fifthMs = (1000 * 32) / HASHES_PER_S / fifths.length;
  for (let i = 0; i < 20 * HASHES_PER_S * 10; i++) {
    const fifth = fifths[Math.min(4, Math.floor((clock.nowMs() - begunMs) / fifthMs))];
    assert(fifth);
    fifth.asked += 1;
    void pool.verify(shareOf(i, { sessionId: sessionOf(i) })).then((verdict) => {
      if (verdict.ok) fifth.verified += 1;
    });
    if (i % 20 === 19) await clock.advance((1000 * 20) / (HASHES_PER_S * 10));
  }
  return fifths.map(({ asked, verified }) => verified / asked);
}

test('an answer does not tell when the chance of not being looked at is good', async () => {
  for (const part of await verifiedByPhase((share) => TRUSTED[share % 20] ?? ''))
    assert.ok(Math.abs(part - 0.1) < 0.02, `${part} of those who are trusted`);
  for (const part of await verifiedByPhase((share) => `new ${share}`))
    assert.ok(Math.abs(part - 0.1) < 0.02, `${part} of newcomers`);
});

test('newcomers by the thousand are answered soon, and those who are trusted beside them, too', async () => {
  const harness = setUpTimedPool();
  const { pool, clock } = harness;
  workAt(HASHES_PER_S, harness, clock);
  await earnTrust(['trusted'], harness, clock);
  const before = pool.status().verified;
  const longestMs = { newcomer: 0, trusted: 0 };
  let shedOfTrusted = 0;
  const ask = (who: keyof typeof longestMs, sessionId: string, nonce: number): void => {
    const askedMs = clock.nowMs();
    void pool.verify(shareOf(nonce, { sessionId })).then((verdict) => {
      longestMs[who] = Math.max(longestMs[who], clock.nowMs() - askedMs);
      if (who === 'trusted' && !verdict.ok) shedOfTrusted += 1;
    });
  };
  for (let ms = 0; ms < 20_000; ms++) {
    for (let i = 0; i < 2; i++) ask('newcomer', `new ${2 * ms + i}`, 2 * ms + i);
    if (ms % 1_000 === 0) ask('trusted', 'trusted', 100_000 + ms);
    await clock.advance(1);
  }
  const verified = (pool.status().verified - before) / 20;
  assert.ok(verified > 0.95 * HASHES_PER_S, `${verified} verified a second, at five times the load`);
  assert.ok(longestMs.newcomer < 400, `a newcomer waited ${longestMs.newcomer} ms`);
  assert.ok(longestMs.trusted < 400, `who was trusted waited ${longestMs.trusted} ms`);
  assert.ok(shedOfTrusted < 15, `${shedOfTrusted} of 20 were not looked at`);
});
