import assert from 'node:assert/strict';
import { test } from 'node:test';
import { difficultyToTarget, expectedHashes, targetToDifficulty } from '../chain/target.ts';
import { shareTargetAt } from './share-target.ts';

const HARD = difficultyToTarget(1e6);

test('all miners at a difficulty share one target, with what it stands for', () => {
  const shared = shareTargetAt(0.05, HARD);
  assert.deepEqual(shared.target, difficultyToTarget(0.05));
  assert.equal(shared.difficulty, 0.05);
  assert.equal(shared.work, expectedHashes(shared.target));
  assert.equal(shareTargetAt(0.05, HARD), shared);
  assert.notDeepEqual(shareTargetAt(0.06, HARD).target, shared.target);
});

test('a difficulty that is known still gives way to an easier network', () => {
  shareTargetAt(3, HARD);
  const easy = difficultyToTarget(2);
  const { target, difficulty } = shareTargetAt(3, easy);
  assert.deepEqual(target, easy);
  assert.equal(difficulty, targetToDifficulty(easy));
  assert.equal(shareTargetAt(3, HARD).difficulty, 3);
});

test('more difficulties than are remembered are each given their own target', () => {
  for (let i = 1; i <= 10_000; i++) shareTargetAt(i / 1000, HARD);
  for (const difficulty of [0.001, 5, 10]) {
    assert.deepEqual(shareTargetAt(difficulty, HARD).target, difficultyToTarget(difficulty));
  }
});
