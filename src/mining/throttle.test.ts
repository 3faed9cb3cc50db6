import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isThrottling, type ThrottleRules, throttleDecision, throttleMemoryMs } from './throttle.ts';

const NONE: ThrottleRules = {
  blocksPerHour: undefined,
  minBlockIntervalMs: undefined,
  pauseAboveDifficulty: undefined,
};
const HOUR_MS = 3_600_000;
const T = 1_700_000_000_000;

function decide(
  rules: Partial<ThrottleRules>,
  handedInMs: readonly number[],
  nowMs = T,
  networkDifficulty = 1,
) {
  return throttleDecision({ ...NONE, ...rules }, { nowMs, handedInMs, networkDifficulty });
}

test('without rules, and without blocks before, everything goes out', () => {
  assert.equal(isThrottling(NONE), false);
  assert.equal(isThrottling({ ...NONE, pauseAboveDifficulty: 0 }), true);
  assert.deepEqual(decide({}, [T, T, T]), { isOpen: true });
  assert.deepEqual(decide({ blocksPerHour: 1, minBlockIntervalMs: HOUR_MS }, []), { isOpen: true });
});

test('twelve an hour are one each five minutes', () => {
  const untilMs = T + 300_000;
  assert.deepEqual(decide({ blocksPerHour: 12 }, [T]), { isOpen: false, why: 'blocks-per-hour', untilMs });
  assert.deepEqual(decide({ blocksPerHour: 12 }, [T], untilMs - 1), {
    isOpen: false,
    why: 'blocks-per-hour',
    untilMs,
  });
  assert.deepEqual(decide({ blocksPerHour: 12 }, [T], untilMs), { isOpen: true });
});

test('half a block an hour is one each two hours', () => {
  assert.equal(decide({ blocksPerHour: 0.5 }, [T]).isOpen, false);
  assert.equal(decide({ blocksPerHour: 0.5 }, [T], T + 2 * HOUR_MS - 1).isOpen, false);
  assert.equal(decide({ blocksPerHour: 0.5 }, [T], T + 2 * HOUR_MS).isOpen, true);
  assert.equal(throttleMemoryMs({ ...NONE, blocksPerHour: 0.5 }), 2 * HOUR_MS);
});

test('blocks that came closer before a restart still count for their hour', () => {
  const crowd = Array.from({ length: 12 }, (_, i) => T - 600_000 + i);
  const untilMs = T - 600_000 + HOUR_MS;
  assert.deepEqual(decide({ blocksPerHour: 12 }, crowd), { isOpen: false, why: 'blocks-per-hour', untilMs });
});

test('the least interval counts from the last block; the rule that lasts longest is told', () => {
  const rules = { blocksPerHour: 12, minBlockIntervalMs: 400_000 };
  assert.deepEqual(decide(rules, [T - 500_000, T]), {
    isOpen: false,
    why: 'min-interval',
    untilMs: T + 400_000,
  });
  assert.equal(decide(rules, [T], T + 400_000).isOpen, true);
});

test('above the difficulty nothing goes out, at it everything does', () => {
  assert.deepEqual(decide({ pauseAboveDifficulty: 2 }, [], T, 2.1), {
    isOpen: false,
    why: 'difficulty',
    untilMs: undefined,
  });
  assert.deepEqual(decide({ pauseAboveDifficulty: 2 }, [], T, 2), { isOpen: true });
});

test('whenever blocks are tried, no hour has more than its number and no two are closer than the spacing', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 900_000 }), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), gaps, (blocksPerHour, waits) => {
      const out: number[] = [];
      let nowMs = T;
      for (const wait of waits) {
        nowMs += wait;
        if (decide({ blocksPerHour }, out, nowMs).isOpen) out.push(nowMs);
      }
      for (const [i, atMs] of out.entries()) {
        const inHour = out.filter((other) => other <= atMs && other > atMs - HOUR_MS);
        assert(inHour.length <= blocksPerHour);
        assert(i === 0 || atMs - (out[i - 1] as number) >= HOUR_MS / blocksPerHour);
      }
    }),
  );
});
