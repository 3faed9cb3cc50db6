import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startVardiff, stepIdle, stepShare, type VardiffOptions, type VardiffState } from './vardiff.ts';

const options: VardiffOptions = {
  minDifficulty: 1e-9,
  maxDifficulty: 1e6,
  startDifficulty: 0.1,
  targetTimeMs: 15_000,
  retargetTimeMs: 120_000,
  variancePercent: 30,
};
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** A miner of constant hashrate whose shares come exactly as often as its difficulty says. */
function mine(
  state: VardiffState,
  hashesPerS: number,
  forMs: number,
  startMs = 0,
): { state: VardiffState; shares: number } {
  let current = state;
  let shares = 0;
  let hashes = 0;
  const stepMs = 500;
  for (let nowMs = startMs; nowMs < startMs + forMs; nowMs += stepMs) {
    hashes += (hashesPerS * stepMs) / 1000;
    for (let n = 0; n < 50 && hashes >= current.difficulty * HASHES_PER_DIFFICULTY; n++) {
      hashes -= current.difficulty * HASHES_PER_DIFFICULTY;
      shares += 1;
      current = stepShare(current, options, current.difficulty, nowMs);
    }
    current = stepIdle(current, options, nowMs);
  }
  return { state: current, shares };
}

test('from a CPU to a farm, the difficulty converges to a share each target time', () => {
  fc.assert(
    fc.property(fc.double({ min: 2, max: 12, noNaN: true }), (exponent) => {
      const hashesPerS = 10 ** exponent;
      const settled = mine(startVardiff(options, 0), hashesPerS, 3_600_000).state;
      const fitting = (hashesPerS * options.targetTimeMs) / 1000 / HASHES_PER_DIFFICULTY;
      const ratio =
        settled.difficulty / Math.min(Math.max(fitting, options.minDifficulty), options.maxDifficulty);
      assert(ratio > 0.5 && ratio < 2, `${hashesPerS} H/s: ${ratio}`);
      const { shares } = mine(settled, hashesPerS, 600_000, 3_600_000);
      assert(shares > 20 && shares < 80, `${hashesPerS} H/s: ${shares} shares in ten minutes`);
    }),
    { numRuns: 60 },
  );
});

test('a miner that finds nothing is eased until it does, and no further than the minimum', () => {
  let state = startVardiff(options, 0);
  const difficulties = [state.difficulty];
  for (let nowMs = 0; nowMs <= 20 * 60_000; nowMs += 5_000) {
    state = stepIdle(state, options, nowMs);
    if (state.difficulty !== difficulties.at(-1)) difficulties.push(state.difficulty);
  }
  assert(difficulties.length > 5);
  assert.deepEqual(
    difficulties,
    [...difficulties].sort((a, b) => b - a),
  );
  assert.equal(state.difficulty, options.minDifficulty);
});

test('within the band nothing changes, outside it does', () => {
  const at = (shares: number) => {
    let state = startVardiff({ ...options, startDifficulty: 1 }, 0);
    for (let i = 1; i <= shares; i++) state = stepShare(state, options, 1, (120_000 * i) / shares);
    return state.difficulty;
  };
  assert.equal(at(8), 1);
  assert.equal(at(10), 1);
  assert.equal(at(16), 2);
  assert.equal(at(4), 0.5);
});

test('shares of jobs issued at an older difficulty count for what they were', () => {
  let state = startVardiff({ ...options, startDifficulty: 100 }, 0);
  for (let i = 1; i <= 8; i++) state = stepShare(state, options, 1, 15_000 * i);
  assert.equal(state.difficulty, 100 / 8);
});

test('a burst raises by a bounded step and never beyond the maximum', () => {
  let state = startVardiff(options, 0);
  for (let i = 0; i < 24; i++) state = stepShare(state, options, state.difficulty, 0);
  assert.equal(state.difficulty, 0.8);
  for (let i = 0; i < 1000; i++) state = stepShare(state, options, state.difficulty, 0);
  assert.equal(state.difficulty, options.maxDifficulty);
});
