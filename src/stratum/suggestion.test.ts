import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHardHarness } from '../../test/support/session-harness.ts';
import { targetToDifficulty } from '../chain/target.ts';
import { SUGGESTION_EVERY_MS } from './suggestion.ts';

const VARDIFF = {
  minDifficulty: 1e-6,
  maxDifficulty: 0.5,
  startDifficulty: 0.001,
  targetTimeMs: 10_000,
  retargetTimeMs: 60_000,
  variancePercent: 40,
};

function difficultyOf(target: string): number {
  return targetToDifficulty(Buffer.from(target, 'hex'));
}

function near(actual: number, expected: number): void {
  assert(Math.abs(actual / expected - 1) < 1e-4, `${actual} is not ${expected}`);
}

function suggest(harness: ReturnType<typeof createHardHarness>, id: string, difficulty: unknown): void {
  harness.ask(JSON.stringify({ id, method: 'mining.suggest_difficulty', params: [difficulty] }));
}

test('a difficulty suggested before the login is the one of the first job', () => {
  const harness = createHardHarness(VARDIFF);
  suggest(harness, 's', 0.02);
  assert.deepEqual(harness.reply('s'), { id: 's', result: true, error: null });
  harness.logIn();
  near(difficultyOf(harness.lastNotify().target), 0.02);
  assert.equal(harness.notifies().length, 1);
});

test('one suggested later comes with a new job, not cleaner than needed, and other work to search', async () => {
  const harness = createHardHarness(VARDIFF);
  harness.logIn();
  const first = harness.lastNotify();
  await harness.clock.advance(1_000);
  const target = `0000000a${'0'.repeat(56)}`;
  harness.ask(`{"id":"t","method":"mining.suggest_target","params":["${target}"]}`);
  assert.equal(harness.reply('t')?.result, true);
  const next = harness.lastNotify();
  near(difficultyOf(next.target), difficultyOf(target));
  assert.notEqual(next.headerHash, first.headerHash);
  assert.equal(next.cleanJobs, false);
});

test('what is suggested beyond the bounds of the port is taken as near as they allow', async () => {
  const harness = createHardHarness(VARDIFF);
  suggest(harness, 's', 1e300);
  harness.logIn();
  near(difficultyOf(harness.lastNotify().target), 0.5);
  await harness.clock.advance(SUGGESTION_EVERY_MS);
  suggest(harness, 's', '1e-30');
  near(difficultyOf(harness.lastNotify().target), 1e-6);
});

test('a flood of suggestions is answered, costs one job in ten seconds, and ends at the last of them', async () => {
  const harness = createHardHarness(VARDIFF);
  harness.logIn();
  for (let i = 1; i <= 1000; i++) {
    suggest(harness, `s${i}`, i / 10_000);
    await harness.clock.advance(5);
    harness.session.sweep();
  }
  assert.equal(
    harness.messages().filter((m) => String(m.id).startsWith('s') && m.result === true).length,
    1000,
  );
  assert.equal(harness.notifies().length, 2);
  near(difficultyOf(harness.lastNotify().target), 1 / 10_000);
  await harness.clock.advance(SUGGESTION_EVERY_MS);
  harness.session.sweep();
  near(difficultyOf(harness.lastNotify().target), 1000 / 10_000);
  assert.equal(harness.notifies().length, 3);
});

test('a suggestion that is none is refused, and nobody is closed for it', () => {
  const harness = createHardHarness(VARDIFF);
  harness.logIn();
  for (let i = 0; i < 500; i++) suggest(harness, `s${i}`, i % 2 === 0 ? 'much' : 0);
  assert.equal(harness.reply('s499')?.error[0], 20);
  assert.deepEqual(harness.closes, []);
  assert.equal(harness.notifies().length, 1);
});

test('where the difficulty is fixed, a suggestion is answered and changes nothing', () => {
  const fixed = { ...VARDIFF, minDifficulty: 0.001, maxDifficulty: 0.001 };
  const harness = createHardHarness(fixed);
  harness.logIn();
  suggest(harness, 's', 0.3);
  assert.equal(harness.reply('s')?.result, true);
  assert.equal(harness.notifies().length, 1);
});
