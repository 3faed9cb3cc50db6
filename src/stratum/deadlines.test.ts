import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines } from './deadlines.ts';
import { DEFAULT_LIMITS } from './limits.ts';

const LIMITS = {
  ...DEFAULT_LIMITS,
  loginTimeoutMs: 30_000,
  firstShareTimeoutMs: 600_000,
  idleTimeoutMs: 900_000,
};
const MINUTE_MS = 60_000;

test('who does not log in in time is told so', () => {
  const deadlines = new Deadlines(LIMITS, 0);
  deadlines.noteLine(29_000);
  assert.equal(deadlines.overdue(29_999, false), undefined);
  assert.equal(deadlines.overdue(30_000, false), 'login-timeout');
  assert.equal(deadlines.overdue(30_000, true), undefined);
});

/** @returns when, in minutes, it is overdue, and why */
function run(minutes: number, each: (deadlines: Deadlines, minute: number, nowMs: number) => void) {
  const deadlines = new Deadlines(LIMITS, 0);
  for (let minute = 0; minute <= minutes; minute++) {
    each(deadlines, minute, minute * MINUTE_MS);
    const reason = deadlines.overdue(minute * MINUTE_MS, true);
    if (reason !== undefined) return [minute, reason];
  }
  return undefined;
}

test('a miner that talks and finds no share is closed', () => {
  const outcome = run(60, (deadlines, _minute, nowMs) => {
    deadlines.noteTemplate(nowMs);
    deadlines.noteLine(nowMs);
  });
  assert.deepEqual(outcome, [10, 'no-share']);
});

test('one with a share may be silent for as long as is allowed', () => {
  const outcome = run(60, (deadlines, minute, nowMs) => {
    deadlines.noteTemplate(nowMs);
    if (minute > 3) return;
    deadlines.noteLine(nowMs);
    deadlines.noteShare();
  });
  assert.deepEqual(outcome, [18, 'idle']);
});

test('one that mines stays', () => {
  const outcome = run(300, (deadlines, minute, nowMs) => {
    deadlines.noteTemplate(nowMs);
    if (minute % 9 !== 0) return;
    deadlines.noteLine(nowMs);
    deadlines.noteShare();
  });
  assert.equal(outcome, undefined);
});

test('while the node is away nobody is closed, and all begins anew when it is back', () => {
  const outcome = run(300, (deadlines, minute, nowMs) => {
    if (minute < 5 || minute >= 100) deadlines.noteTemplate(nowMs);
  });
  assert.deepEqual(outcome, [110, 'no-share']);
});
