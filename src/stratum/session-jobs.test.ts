import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PAYOUT, recordedTemplate, tipOf } from '../../test/support/mining.ts';
import {
  createHardHarness,
  createSessionHarness,
  EASY,
  HARD_BITS,
} from '../../test/support/session-harness.ts';
import { hexToBytes } from '../chain/bytes.ts';
import { targetToDifficulty } from '../chain/target.ts';

describe('jobs', () => {
  test('a new template of the same tip is a job to add, a new tip one to switch to', async () => {
    const harness = createHardHarness();
    harness.logIn();
    for (const changes of [{ curtime: 1795335990 }, { previousblockhash: tipOf(7) }]) {
      await harness.clock.advance(30_000);
      harness.jobs.add(recordedTemplate({ ...HARD_BITS, ...changes }));
      harness.session.offerJob();
    }
    assert.deepEqual(
      harness.notifies().map((n) => n.cleanJobs),
      [true, false, true],
    );
    assert.equal(new Set(harness.notifies().map((n) => n.jobId)).size, 3);
    assert.equal(new Set(harness.notifies().map((n) => n.headerHash)).size, 3);
  });

  test('offering again without a new template sends nothing', async () => {
    const harness = createHardHarness();
    harness.logIn();
    await harness.clock.advance(1_000);
    harness.session.offerJob();
    assert.equal(harness.notifies().length, 1);
  });

  test('two templates within a moment: the second goes out a moment later, and only once', async () => {
    const harness = createHardHarness();
    harness.logIn();
    await harness.clock.advance(1_000);
    for (const byte of [1, 2, 3]) {
      harness.jobs.add(recordedTemplate({ ...HARD_BITS, previousblockhash: tipOf(byte) }));
      harness.session.offerJob();
    }
    assert.equal(harness.notifies().length, 2);
    await harness.clock.advance(50);
    assert.equal(harness.notifies().length, 3);
    assert.equal(harness.lastNotify().headerHash, harness.jobs.current(PAYOUT)?.headerHashHex);
  });

  test('a retarget comes with a new job of another header, and shares for the old job are judged by the old target', async () => {
    const vardiff = { ...EASY, minDifficulty: 1e-12, maxDifficulty: 1, startDifficulty: 1e-10 };
    const harness = createHardHarness(vardiff);
    harness.logIn();
    const first = harness.lastNotify();
    await harness.clock.advance(1_000);
    for (let i = 0; i < 24; i++)
      harness.submit(20 + i, { nonce: i.toString(16).padStart(16, '0'), ...first });
    await harness.clock.settle();
    const second = harness.lastNotify();
    assert.equal(harness.notifies().length, 2);
    assert.equal(second.cleanJobs, false);
    assert.notEqual(second.headerHash, first.headerHash);
    assert.notEqual(second.target, first.target);
    harness.submit(99, { nonce: '00000000000000ff', ...first });
    await harness.clock.settle();
    assert.equal(harness.reply(99).result, true);
  });

  test('a miner that finds nothing is eased, with a new job each time', async () => {
    const harness = createHardHarness({ ...EASY, minDifficulty: 0.01, maxDifficulty: 1, startDifficulty: 1 });
    harness.logIn();
    for (let i = 0; i < 60; i++) {
      await harness.clock.advance(5_000);
      harness.session.sweep();
    }
    const difficulties = harness.notifies().map((n) => targetToDifficulty(hexToBytes(n.target)));
    assert.deepEqual(
      [...new Set(difficulties)].map((d) => Number(d.toPrecision(3))),
      [1, 0.25, 0.0625, 0.0156, 0.01],
    );
  });

  test('without a new template the work is sent again within 55 s, each time with another header', async () => {
    const harness = createHardHarness();
    harness.logIn();
    let lastMs = harness.clock.nowMs();
    let longestGapMs = 0;
    for (let i = 0; i < 60; i++) {
      const before = harness.notifies().length;
      await harness.clock.advance(5_000);
      harness.session.sweep();
      if (harness.notifies().length === before) continue;
      longestGapMs = Math.max(longestGapMs, harness.clock.nowMs() - lastMs);
      lastMs = harness.clock.nowMs();
    }
    const headers = harness.notifies().map((n) => n.headerHash);
    assert(headers.length >= 6 && longestGapMs <= 55_000, `${headers.length} jobs, ${longestGapMs} ms`);
    assert.equal(new Set(headers).size, headers.length);
    assert.deepEqual(
      new Set(
        harness
          .notifies()
          .slice(1)
          .map((n) => n.cleanJobs),
      ),
      new Set([false]),
    );
  });

  test('the share target is never harder than the network’s', () => {
    const harness = createSessionHarness({
      vardiff: { ...EASY, minDifficulty: 1e9, maxDifficulty: 1e9, startDifficulty: 1e9 },
    });
    harness.logIn();
    assert.equal(harness.lastNotify().target, `0x7fffff${'0'.repeat(58)}`);
  });
});
