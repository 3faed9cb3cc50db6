import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Difficulty } from './difficulty.ts';
import { SUGGESTION_EVERY_MS } from './suggestion.ts';

const PORT = {
  minDifficulty: 0.01,
  maxDifficulty: 100,
  startDifficulty: 1,
  targetTimeMs: 10_000,
  retargetTimeMs: 60_000,
  variancePercent: 40,
};
/** Long enough without a share for any difficulty that may fall. */
const SILENCE_MS = 60_000;

test('begins where the port says, and follows the shares', () => {
  const difficulty = new Difficulty(PORT, 0);
  assert.equal(difficulty.value, 1);
  difficulty.logIn(undefined, 0);
  assert.equal(difficulty.ease(1_000), false);
  assert.equal(difficulty.ease(SILENCE_MS), true);
  assert.equal(difficulty.value, 0.25);
  const changes = Array.from({ length: 24 }, (_, i) => difficulty.countShare(0.25, SILENCE_MS + i * 100));
  assert.deepEqual(changes.indexOf(true), 23);
  assert.equal(difficulty.value, 2);
});

test('a slow login is no slow miner', () => {
  const difficulty = new Difficulty(PORT, 0);
  difficulty.logIn(undefined, SILENCE_MS);
  assert.equal(difficulty.ease(SILENCE_MS + 1), false);
  assert.equal(difficulty.value, 1);
});

test('what the login asks for stays, whatever the miner does or suggests', () => {
  const difficulty = new Difficulty(PORT, 0);
  difficulty.suggest(7);
  difficulty.logIn(4, 0);
  assert.equal(difficulty.value, 4);
  assert.equal(difficulty.ease(SILENCE_MS), false);
  difficulty.suggest(9);
  assert.equal(difficulty.takeSuggestion(SILENCE_MS), false);
  for (let i = 0; i < 100; i++) assert.equal(difficulty.countShare(4, SILENCE_MS + i), false);
  assert.equal(difficulty.value, 4);
});

test('what the login asks for is taken as near as the port allows, also when the port changes', () => {
  const difficulty = new Difficulty(PORT, 0);
  difficulty.logIn(1000, 0);
  assert.equal(difficulty.value, 100);
  assert.equal(difficulty.usePort({ ...PORT, maxDifficulty: 50 }, 1), true);
  assert.equal(difficulty.value, 50);
  assert.equal(difficulty.ease(SILENCE_MS), false);
});

test('other rules of the port leave it where it is, or as near as they allow', () => {
  const difficulty = new Difficulty(PORT, 0);
  difficulty.logIn(undefined, 0);
  assert.equal(difficulty.usePort({ ...PORT, startDifficulty: 50 }, 1), false);
  assert.equal(difficulty.value, 1);
  assert.equal(difficulty.usePort({ ...PORT, minDifficulty: 3, startDifficulty: 50 }, 2), true);
  assert.equal(difficulty.value, 3);
});

test('of suggestions the newest in ten seconds counts, within the bounds of the port', () => {
  const difficulty = new Difficulty(PORT, 0);
  difficulty.logIn(undefined, 0);
  difficulty.suggest(2);
  assert.equal(difficulty.takeSuggestion(0), true);
  assert.equal(difficulty.value, 2);
  difficulty.suggest(5);
  difficulty.suggest(1e9);
  assert.equal(difficulty.takeSuggestion(SUGGESTION_EVERY_MS - 1), false);
  assert.equal(difficulty.takeSuggestion(SUGGESTION_EVERY_MS), true);
  assert.equal(difficulty.value, 100);
  assert.equal(difficulty.takeSuggestion(2 * SUGGESTION_EVERY_MS), false);
});
