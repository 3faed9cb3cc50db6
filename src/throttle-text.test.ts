import assert from 'node:assert/strict';
import { test } from 'node:test';
import { throttleText } from './throttle-text.ts';

const RULES = { blocksPerHour: 1, minBlockIntervalMs: 172_800_000, pauseAboveDifficulty: 0.5 };
/** In the time zone of this machine, as its owner reads it. */
const NOW = { nowMs: new Date(2026, 0, 31, 23, 59, 58).getTime(), networkDifficulty: 0.51234567 };

test('the time of day is enough within a day; beyond it the date stands before', () => {
  const within = { isOpen: false, why: 'blocks-per-hour', untilMs: NOW.nowMs + 3_000 } as const;
  assert.equal(throttleText(within, RULES, NOW), 'throttled until 00:00:01: 1 block an hour');
  const beyond = { isOpen: false, why: 'min-interval', untilMs: NOW.nowMs + 172_800_000 } as const;
  const text = 'throttled until 2026-02-02 23:59:58: 172800 s between blocks';
  assert.equal(throttleText(beyond, RULES, NOW), text);
});

test('a pause for difficulty tells both', () => {
  const paused = { isOpen: false, why: 'difficulty', untilMs: undefined } as const;
  const text = "throttled while the network's difficulty is above 0.5: it is 0.5123";
  assert.equal(throttleText(paused, RULES, NOW), text);
});
