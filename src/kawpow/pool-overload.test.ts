import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  earnTrust,
  falseShareOf,
  reasonOf,
  setUpPool,
  setUpTimedPool,
  shareOf,
  workAt,
  workOff,
} from '../../test/conformance/pool-harness.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';

// More shares than the threads can verify, as miners and the owner notice it.

/** A batch takes 80 ms. */
const HASHES_PER_S = 400;

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `s${i}`);
}

/** Twenty trusted sessions ask ten times what the one thread can do. @returns what became of it */
async function overload(seconds: number) {
  const harness = setUpTimedPool();
  const { pool, clock } = harness;
  workAt(HASHES_PER_S, harness, clock);
  const sessions = names(20);
  await earnTrust(sessions, harness, clock);
  const before = pool.status();
  const waits: number[] = [];
  const drawn: boolean[] = [];
  const outcomes = new Map<string, number>();
  const count = seconds * HASHES_PER_S * 10;
  for (let i = 0; i < count; i++) {
    const sessionId = sessions[i % sessions.length] ?? '';
    const askedMs = clock.nowMs();
    void pool.verify(shareOf(i, { sessionId })).then((verdict) => {
      const reason = reasonOf(verdict);
      outcomes.set(reason, (outcomes.get(reason) ?? 0) + 1);
      waits.push(clock.nowMs() - askedMs);
      if (sessionId === 's0') drawn[i / sessions.length] = verdict.ok;
    });
    if (i % 20 === 19) await clock.advance((1000 * 20) / (HASHES_PER_S * 10));
  }
  return { ...harness, before, waits, drawn, outcomes };
}

test('of ten times the load, what the thread can do is verified, and every answer comes soon', async () => {
  const { pool, before, waits, outcomes } = await overload(30);
  const status = pool.status();
  const verified = (status.verified - before.verified) / 30;
  assert.ok(
    verified > 0.95 * HASHES_PER_S && verified <= 1.01 * HASHES_PER_S,
    `${verified} verified a second`,
  );
  assert.equal(status.shed, outcomes.get('shed'));
  assert.deepEqual(
    [...outcomes.keys()].toSorted(),
    ['ok, valid', 'shed'],
    'nothing was refused for another reason',
  );
  assert.ok(Math.max(...waits) < 1_500, `the longest wait was ${Math.max(...waits)} ms`);
  assert.ok(Math.abs(status.unverifiedRate - 0.9) < 0.02, `said to be unverified: ${status.unverifiedRate}`);
  assert.ok(Math.abs((status.hashesPerS ?? 0) - HASHES_PER_S) < 1);
});

test('nobody can tell which shares are verified: gaps between them are of all lengths', async () => {
  const { drawn } = await overload(30);
  const gaps: number[] = [];
  for (let i = 0, last = -1; i < drawn.length; i++) {
    if (!drawn[i]) continue;
    gaps.push(i - last);
    last = i;
  }
  // Drawn with 1 in 10, one in ten follows the one before at once, and one in eight comes after more than twenty.
  assert.ok(gaps.length > 400, `${gaps.length} were verified`);
  assert.ok(gaps.filter((gap) => gap <= 2).length > gaps.length * 0.05);
  assert.ok(gaps.filter((gap) => gap > 20).length > gaps.length * 0.05);
});

test('an overload that lasts is told once a minute, with the rate of it', async () => {
  const { events } = await overload(75);
  const told = events.filter((event) => event.kind === 'overload');
  assert.equal(told.length, 2);
  for (const { rate } of told) assert.ok(rate > 0.7 && rate < 0.95, `told as ${rate}`);
});

test('a load that the threads can do is verified whole', async () => {
  const harness = setUpTimedPool();
  const { pool, clock } = harness;
  workAt(HASHES_PER_S, harness, clock);
  const sessions = names(20);
  await earnTrust(sessions, harness, clock);
  for (let i = 0; i < 800; i++) {
    void pool.verify(shareOf(i, { sessionId: sessions[i % 20] ?? '' }));
    await clock.advance(12);
  }
  // What comes all at once, such as after a new job, waits its turn.
  const burst = sessions.map((sessionId) => pool.verify(shareOf(1, { sessionId })));
  await clock.advance(1_000);
  for (const verdict of burst) assert.equal(reasonOf(await verdict), 'ok, valid');
  assert.equal(pool.status().shed, 0);
  assert.equal(pool.status().unverifiedRate, 0);
});

test('a candidate is never shed, and goes before all that wait', async () => {
  const { pool, clock, threads } = await overload(3);
  const urgent = Array.from({ length: 20 }, (_, i) =>
    pool.verify(shareOf(10_000 + i, { sessionId: `s${i % 2}`, urgent: true })),
  );
  await clock.advance((1000 * 32) / HASHES_PER_S);
  const next = threads.worker.batch.slice(0, 20).map(({ nonce }) => Number(nonce));
  assert.deepEqual(
    next,
    Array.from({ length: 20 }, (_, i) => 10_000 + i),
  );
  await clock.advance(1_000);
  for (const verdict of urgent) assert.equal(reasonOf(await verdict), 'ok, valid');
});

test('a session that sends many candidates: sixteen are urgent, the next wait like shares, and none is shed', async () => {
  const harness = setUpTimedPool({ random: () => 0.999 });
  const { pool, clock, threads } = harness;
  // All that it may have waiting takes 0.8 s: at that speed most of its shares would be shed.
  workAt(100, harness, clock);
  await earnTrust(['a', 'b'], harness, clock);
  threads.onBatch = () => {};
  void pool.hash(shareOf(0));
  const other = pool.verify(shareOf(1, { sessionId: 'b' }));
  const verdicts = Array.from({ length: 20_000 }, (_, i) =>
    pool.verify(shareOf(100 + i, { sessionId: 'a', urgent: true })),
  );
  assert.equal(pool.status().queued, 1 + 16 + 64);
  assert.equal(pool.status().shed, 0);
  const order = workOff(threads);
  assert.deepEqual(order.slice(0, 20), [0, ...Array.from({ length: 16 }, (_, i) => 100 + i), 1, 116, 117]);
  assert.equal(reasonOf(await other), 'ok, valid');
  const reasons = await Promise.all(verdicts.map(async (verdict) => reasonOf(await verdict)));
  assert.equal(reasons.filter((reason) => reason === 'ok, valid').length, 16 + 64);
  assert.equal(reasons.filter((reason) => reason === 'queue-full').length, 20_000 - 16 - 64);
  void pool.hash(shareOf(0));
  for (let i = 0; i < 100; i++) void pool.verify(shareOf(i, { sessionId: 'a', urgent: true }));
  pool.endSession('a');
  assert.equal(pool.status().queued, 16, 'what is urgent survives its session, and has room again');
});

/** Whether of many shares of a session, more than its equal part, none is shed while others press. */
async function isAlwaysVerified(
  sessionId: string,
  parts: Awaited<ReturnType<typeof overload>>,
  count: number,
) {
  const { pool, clock } = parts;
  let shed = 0;
  for (let ms = 0; ms < count * 100; ms++) {
    void pool.verify(shareOf(ms, { sessionId: `s${ms % 20}` }));
    if (ms % 1000 === 0) {
      for (let i = 0; i < 30; i++) {
        void pool.verify(shareOf(i, { sessionId })).then((verdict) => {
          if (reasonOf(verdict) === 'shed') shed += 1;
        });
      }
    }
    await clock.advance(1);
  }
  return shed === 0;
}

test('a session is verified whole until four of its shares were right', async () => {
  const parts = await overload(5);
  // Thirty at a time: the first thirty are all asked before any of them can be found right.
  assert.equal(await isAlwaysVerified('new', parts, 10), true);
  assert.equal(await isAlwaysVerified('new', parts, 100), false);
});

test('a session that was caught with a false mix hash is verified whole from then on', async () => {
  const parts = await overload(5);
  const caught = parts.pool.verify(falseShareOf(1, { sessionId: 'forger' }));
  await parts.clock.advance(1_000);
  assert.equal(reasonOf(await caught), 'ok, not valid');
  assert.equal(await isAlwaysVerified('forger', parts, 100), true);
});

test('trust ends with the session, and a verdict that comes after its end brings none back', async () => {
  const { pool, clock, threads } = setUpTimedPool({ random: () => 0.999 });
  const earn = async (sessionId: string): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      const verdict = pool.verify(shareOf(i, { sessionId }));
      await clock.advance(100);
      workOff(threads);
      await verdict;
    }
  };
  await earn('a');
  await earn('b');
  // A hash takes 100 ms. With one in work and eight that wait, chance decides of who is trusted.
  const inWork = pool.verify(shareOf(1, { sessionId: 'c' }));
  const crowd = names(8).map((sessionId) => pool.verify(shareOf(1, { sessionId })));
  assert.equal(reasonOf(await pool.verify(shareOf(50, { sessionId: 'a' }))), 'shed');
  pool.endSession('a');
  await clock.advance(100);
  const anew = pool.verify(shareOf(51, { sessionId: 'a' }));
  assert.equal(reasonOf(await pool.verify(shareOf(52, { sessionId: 'b' }))), 'shed');
  workOff(threads);
  assert.equal(reasonOf(await anew), 'ok, valid');
  await Promise.all([inWork, ...crowd]);
});

test('an ended session is answered `closed`, but for its candidates and what is in work', async () => {
  const { pool, threads } = setUpTimedPool();
  const inWork = pool.verify(shareOf(1, { sessionId: 'a' }));
  const waiting = [2, 3].map((nonce) => pool.verify(shareOf(nonce, { sessionId: 'a' })));
  const elsewhere = pool.verify(shareOf(4, { sessionId: 'a', height: 7500 }));
  const urgent = pool.verify(shareOf(5, { sessionId: 'a', urgent: true }));
  const other = pool.verify(shareOf(6, { sessionId: 'b' }));
  pool.endSession('a');
  for (const verdict of [...waiting, elsewhere]) assert.equal(reasonOf(await verdict), 'closed');
  assert.equal(pool.status().queued, 2);
  assert.deepEqual(workOff(threads), [1, 5, 6]);
  for (const verdict of [inWork, urgent, other]) assert.equal(reasonOf(await verdict), 'ok, valid');
});

test('a flooding session fills its own part of the queue only, and quiet ones go in the very next batch', async () => {
  const harness = setUpTimedPool({ random: () => 0 });
  const { pool, threads, clock } = harness;
  workAt(HASHES_PER_S, harness, clock);
  await earnTrust(['flood'], harness, clock);
  threads.onBatch = () => {};
  const reasons: string[] = [];
  const flood = Array.from({ length: 2_000 }, async (_, i) => {
    reasons.push(reasonOf(await pool.verify(shareOf(i, { sessionId: 'flood' }))));
  });
  const quiet = names(10).map((sessionId, i) => pool.verify(shareOf(5_000 + i, { sessionId })));
  assert.equal(pool.status().queued, 64 + 10);
  threads.worker.answer();
  const next = threads.worker.batch.map(({ nonce }) => Number(nonce));
  for (let i = 0; i < 10; i++) assert.ok(next.includes(5_000 + i), `quiet session ${i} has to wait longer`);
  workOff(threads);
  await Promise.all(flood);
  for (const verdict of quiet) assert.equal(reasonOf(await verdict), 'ok, valid');
  assert.equal(reasons.filter((reason) => reason === 'queue-full').length, 2_000 - 65);
});

test('flooding sessions are sampled, while quiet ones are verified whole', async () => {
  const harness = setUpTimedPool();
  const { pool, clock } = harness;
  workAt(HASHES_PER_S, harness, clock);
  const quiet = names(10);
  const floods = names(10).map((name) => `flood of ${name}`);
  await earnTrust([...quiet, ...floods], harness, clock);
  const refused = new Map<string, number>();
  const note = async (sessionId: string, nonce: number): Promise<void> => {
    const verdict = await pool.verify(shareOf(nonce, { sessionId }));
    if (!verdict.ok) refused.set(sessionId, (refused.get(sessionId) ?? 0) + 1);
  };
  for (let ms = 0; ms < 20_000; ms++) {
    for (let i = 0; i < 2; i++) void note(floods[(2 * ms + i) % 10] ?? '', 2 * ms + i);
    if (ms % 200 === 0) void note(quiet[(ms / 200) % 10] ?? '', ms);
    await clock.advance(1);
  }
  for (const session of quiet) assert.equal(refused.get(session), undefined, session);
  const sampled = [...refused.values()].reduce((sum, count) => sum + count, 0);
  assert.ok(sampled > 30_000 && sampled < 34_000, `${sampled} of 40,000, at a fifth of that speed`);
});

test('strangers leave room for those who are trusted, and for each other, however many shares they send', async () => {
  const harness = setUpTimedPool({ random: () => 0 });
  const { pool, clock, threads } = harness;
  workAt(HASHES_PER_S, harness, clock);
  await earnTrust(['trusted'], harness, clock);
  threads.onBatch = () => {};
  const flood = (sessionIds: readonly string[]): string[] => {
    const reasons: string[] = [];
    for (const sessionId of sessionIds)
      for (let i = 0; i < 64; i++)
        void pool.verify(falseShareOf(i, { sessionId })).then((verdict) => reasons.push(reasonOf(verdict)));
    return reasons;
  };
  flood(names(17));
  assert.equal(pool.status().queued, 17 * 8, 'the first was in work at once, and the session sent one more');
  const stranger = pool.verify(falseShareOf(9, { sessionId: 'stranger' }));
  assert.equal(pool.status().queued, 17 * 8 + 1);
  flood(Array.from({ length: 100 }, (_, i) => `more ${i}`));
  assert.equal(pool.status().queued, 512, 'all strangers together have half of the queue');
  assert.equal(reasonOf(await pool.verify(shareOf(9, { sessionId: 'late' }))), 'queue-full');
  const trusted = pool.verify(shareOf(9, { sessionId: 'trusted' }));
  assert.equal(pool.status().queued, 513);
  workOff(threads);
  assert.equal(reasonOf(await stranger), 'ok, not valid');
  assert.equal(reasonOf(await trusted), 'ok, valid');
  flood(names(100).map((name) => `${name} again`));
  assert.equal(pool.status().queued, 512, 'what was answered makes room');
});

test('a session that was caught has a stranger’s part of the queue', async () => {
  const harness = setUpTimedPool();
  const { pool, clock, threads } = harness;
  workAt(HASHES_PER_S, harness, clock);
  await earnTrust(['a', 'b'], harness, clock);
  void pool.verify(falseShareOf(1, { sessionId: 'b' }));
  await clock.advance(1_000);
  threads.onBatch = () => {};
  void pool.hash(shareOf(0));
  for (const [sessionId, room] of [
    ['a', 64],
    ['b', 8],
  ] as const) {
    const before = pool.status().queued;
    for (let i = 0; i < 100; i++) void pool.verify(shareOf(i, { sessionId }));
    assert.equal(pool.status().queued - before, room, sessionId);
  }
});

test('while a cache is being built nothing is shed, even of those who are trusted and flood', async () => {
  const harness = setUpTimedPool({ random: () => 0.999 });
  const { pool, clock, threads } = harness;
  workAt(10, harness, clock);
  await earnTrust(['a'], harness, clock);
  const verdicts = Array.from({ length: 60 }, (_, i) =>
    pool.verify(shareOf(i, { sessionId: 'a', height: 7500 })),
  );
  threads.builder.finish();
  assert.equal(reasonOf(await pool.verify(shareOf(1, { sessionId: 'a', height: 7500 }))), 'shed');
  await clock.advance(10_000);
  for (const verdict of verdicts) assert.equal(reasonOf(await verdict), 'ok, valid');
});

test('while a cache is being built the queue bounds what waits', async () => {
  const clock = createVirtualClock();
  const harness = setUpPool({ clock, queueMax: 100 });
  const { pool, threads } = harness;
  const first = names(10).flatMap((sessionId) =>
    Array.from({ length: 5 }, (_, i) => pool.verify(shareOf(i, { sessionId }))),
  );
  assert.equal(reasonOf(await pool.verify(shareOf(1, { sessionId: 'more' }))), 'queue-full');
  assert.equal(pool.status().unverifiedRate, 1 / 51);
  const urgent = pool.verify(shareOf(2, { sessionId: 'more', urgent: true }));
  threads.builder.finish();
  workOff(threads);
  for (const verdict of [urgent, ...first]) assert.equal(reasonOf(await verdict), 'ok, valid');
  assert.equal(pool.status().shed, 0);
});
