import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recordedTemplate, tipOf } from '../../test/support/mining.ts';
import { createSessionHarness, EASY } from '../../test/support/session-harness.ts';
import type { Share } from '../mining/share.ts';
import { HELD_MAX, UNPROVEN_MAX, UNPROVEN_WINDOW_MS } from './candidate-gate.ts';

describe('candidates', () => {
  /** Every second hash solves the recorded regtest template; these nonces do. */
  function solve(harness: ReturnType<typeof createSessionHarness>): string {
    for (let i = 0; i < 64; i++) {
      const nonce = i.toString(16).padStart(16, '0');
      const before = harness.candidates.length;
      harness.submit(100 + i, { nonce });
      if (harness.candidates.length > before) return nonce;
    }
    throw new Error('64 hashes and no candidate');
  }

  test('a candidate is seen before its share is judged, though it misses nothing of the share target', () => {
    const order: string[] = [];
    const harness = createSessionHarness({
      vardiff: { ...EASY, minDifficulty: 1e6, maxDifficulty: 1e6, startDifficulty: 1e6 },
    });
    harness.setJudge((share) => {
      if (share.isCandidate) order.push(`judged after ${harness.candidates.length}`);
      return Promise.resolve({ accepted: true, verified: true });
    });
    harness.logIn();
    solve(harness);
    assert.deepEqual(order, ['judged after 1']);
  });

  test('the same candidate again is a duplicate and goes nowhere', async () => {
    const harness = createSessionHarness();
    harness.logIn();
    const nonce = solve(harness);
    const count = harness.candidates.length;
    harness.submit(9, { nonce });
    assert.equal(harness.candidates.length, count);
    assert.equal(harness.reply(9).error[0], 22);
  });

  test('of many unverified candidates at once two go out, the others only when they are verified', async () => {
    for (const verdict of [true, false]) {
      const answers: (() => void)[] = [];
      const harness = createSessionHarness();
      harness.setJudge((share) => {
        const judgement = verdict
          ? { accepted: true as const, verified: true as const }
          : { accepted: false as const, reason: 'wrong-mix' as const };
        if (!share.isCandidate) return Promise.resolve({ accepted: true, verified: true });
        return new Promise((resolve) => answers.push(() => resolve(judgement)));
      });
      harness.logIn();
      for (let i = 0; i < 40; i++) harness.submit(100 + i, { nonce: i.toString(16).padStart(16, '0') });
      assert(answers.length > 5);
      assert.equal(harness.candidates.length, 2);
      for (const answer of answers) answer();
      await harness.clock.settle();
      assert.equal(harness.candidates.length, verdict ? answers.length : 2);
      assert.deepEqual(harness.closes, verdict ? [] : ['wrong-mix']);
    }
  });

  /** A session that sent 80 shares, every second one a candidate, none of which gets a verdict in time. */
  async function giveUpOnAll() {
    const harness = createSessionHarness();
    const seen: { readonly share: Share; late(isRight: boolean): void }[] = [];
    harness.setJudge((share, late) => {
      if (share.isCandidate) seen.push({ share, late });
      return Promise.resolve({ accepted: true, verified: false, because: 'no-verdict' });
    });
    harness.logIn();
    for (let i = 0; i < 80; i++) harness.submit(100 + i, { nonce: i.toString(16).padStart(16, '0') });
    await harness.clock.settle();
    assert(seen.length > UNPROVEN_MAX + HELD_MAX);
    return { harness, seen, shares: seen.map(({ share }) => share) };
  }

  test('without verdicts candidates go out oldest first, two within ten seconds, and no more than are held', async () => {
    const { harness, shares } = await giveUpOnAll();
    for (let count = UNPROVEN_MAX; count < UNPROVEN_MAX + HELD_MAX; count += UNPROVEN_MAX) {
      assert.deepEqual(harness.candidates, shares.slice(0, count));
      await harness.clock.advance(UNPROVEN_WINDOW_MS - 1);
      assert.equal(harness.candidates.length, count);
      await harness.clock.advance(1);
    }
    await harness.clock.advance(10 * UNPROVEN_WINDOW_MS);
    assert.deepEqual(harness.candidates, shares.slice(0, UNPROVEN_MAX + HELD_MAX));
    assert.equal(harness.clock.pending(), 0);
  });

  test('a candidate that is found right late goes out then, once, also after the session ended', async () => {
    const { harness, seen, shares } = await giveUpOnAll();
    harness.session.end();
    const inOrder = seen.toReversed();
    for (const { late } of inOrder) late(true);
    assert.equal(new Set(harness.candidates).size, shares.length);
    assert.equal(harness.candidates.length, shares.length);
    assert.equal(harness.candidates[UNPROVEN_MAX], shares.at(-1), 'it did not wait for the others');
    assert.equal(harness.clock.pending(), 0);
  });

  test('a candidate that is found false late does not go out, and makes no room for others', async () => {
    const { harness, seen, shares } = await giveUpOnAll();
    for (const { late } of seen.slice(0, 6)) late(false);
    assert.deepEqual(harness.candidates, shares.slice(0, 2));
    await harness.clock.advance(UNPROVEN_WINDOW_MS);
    assert.deepEqual(harness.candidates, [...shares.slice(0, 2), ...shares.slice(6, 8)]);
  });

  test('a late verdict on a stale candidate: a false one was forged, nothing is taken back', async () => {
    const harness = createSessionHarness();
    const lates: ((isRight: boolean) => void)[] = [];
    harness.setJudge((_share, late) => {
      lates.push(late);
      return Promise.resolve({ accepted: true, verified: false, because: 'no-verdict' });
    });
    harness.logIn();
    const { jobId, headerHash } = harness.lastNotify();
    harness.jobs.add(recordedTemplate({ previousblockhash: tipOf(1) }));
    for (let i = 0; lates.length === 0; i++)
      harness.submit(200 + i, { jobId, headerHash, nonce: i.toString(16).padStart(16, '0') });
    await harness.clock.settle();
    const before = harness.results.length;
    lates[0]?.(false);
    assert.deepEqual(
      harness.results.slice(before).map(({ kind }) => kind),
      ['forged'],
    );
  });

  test('stale candidates are judged too: a sender of forged ones is closed', async () => {
    const harness = createSessionHarness();
    harness.setJudge(() => Promise.resolve({ accepted: false, reason: 'wrong-mix' }));
    harness.logIn();
    const { jobId, headerHash } = harness.lastNotify();
    harness.jobs.add(recordedTemplate({ previousblockhash: tipOf(1) }));
    for (let i = 0; i < 40; i++)
      harness.submit(200 + i, { jobId, headerHash, nonce: i.toString(16).padStart(16, '0') });
    assert.equal(harness.candidates.length, 2);
    await harness.clock.settle();
    assert.equal(harness.candidates.length, 2);
    assert.deepEqual(harness.closes, ['wrong-mix']);
    // Each was counted once, as stale; that it was forged is told besides.
    const count = (kind: string) => harness.results.filter((result) => result.kind === kind).length;
    assert.equal(count('rejected'), 40);
    assert(count('forged') >= 4);
    assert.equal(count('revoked'), 0);
  });

  test('a candidate for the tip before is still submitted, and its share called stale', () => {
    const harness = createSessionHarness();
    harness.logIn();
    const { jobId, headerHash } = harness.lastNotify();
    harness.jobs.add(recordedTemplate({ previousblockhash: tipOf(1) }));
    for (let i = 0; i < 64 && harness.candidates.length === 0; i++) {
      harness.submit(200 + i, { jobId, headerHash, nonce: i.toString(16).padStart(16, '0') });
    }
    assert.equal(harness.candidates.length, 1);
    assert(harness.messages().every((m) => m.id < 200 || m.error?.[0] === 21));
  });
});
