import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { Admission, TRUSTED_AFTER } from './admission.ts';

/** Sheds whatever is not admitted for certain. One thread does 100 hashes a second. */
function setUp() {
  const clock = createVirtualClock();
  const admission = new Admission(1, { clock, random: () => 0.999, onOverload: () => {} });
  admission.measure(100, 1_000);
  const ask = (sessionId: string, shares: number): void => {
    for (let i = 0; i < shares; i++) admission.decided(sessionId, undefined);
  };
  /** A session that asked one share, and more that were found right. */
  const meet = (sessionId: string, right: number): void => {
    ask(sessionId, 1);
    for (let i = 0; i < right; i++) admission.learn(sessionId, true);
  };
  return { clock, admission, ask, meet };
}

/** A wait of a second, and of none for a session that has its turns only. */
const FULL = { all: 100, turns: 1, untrusted: 0 };

test('a quiet session never waits for longer than all that waits', () => {
  const { admission, meet } = setUp();
  meet('a', TRUSTED_AFTER);
  assert.equal(admission.admits('a', { all: 10, turns: 200, untrusted: 0 }), true);
  assert.equal(admission.admits('a', { all: 200, turns: 10, untrusted: 0 }), true);
  assert.equal(admission.admits('a', { all: 200, turns: 200, untrusted: 0 }), false);
});

test('idle sessions take no part from those that mine', async () => {
  const { clock, admission, ask, meet } = setUp();
  for (let i = 0; i < 100; i++) meet(`idle ${i}`, TRUSTED_AFTER);
  meet('a', TRUSTED_AFTER);
  ask('a', 100);
  assert.equal(admission.admits('a', FULL), false, 'it is one of a hundred');
  await clock.advance(60_000);
  ask('a', 100);
  assert.equal(admission.admits('a', FULL), true, 'it is alone');
  for (let i = 0; i < 20; i++) ask(`idle ${i}`, 1);
  await clock.advance(1_000);
  assert.equal(admission.admits('a', FULL), false, 'it is one of twenty');
});

test('a session is looked at until four of its shares were right, and for ever once it was caught', () => {
  const { admission, ask, meet } = setUp();
  const wait = { all: 200, turns: 200, untrusted: 0 };
  meet('new', TRUSTED_AFTER - 1);
  assert.equal(admission.admits('new', wait), true);
  admission.learn('new', true);
  assert.equal(admission.admits('new', wait), false);
  admission.learn('new', false);
  assert.equal(admission.admits('new', wait), true);
  for (let i = 0; i < 10; i++) admission.learn('new', true);
  assert.equal(admission.admits('new', wait), true);
  ask('other', 1);
  assert.equal(admission.admits('other', wait), true);
});

test('newcomers are verified while those before them do not wait long, however much is asked by those who are trusted', () => {
  const { admission, meet } = setUp();
  const admits = (untrusted: number, turns = 200, all = 200): boolean[] => [
    admission.admits('never seen', { all, turns, untrusted }),
    admission.admits('new', { all, turns, untrusted }),
  ];
  meet('new', TRUSTED_AFTER - 1);
  assert.deepEqual(admits(0), [true, true]);
  assert.deepEqual(admits(10), [true, true]);
  assert.deepEqual(admits(11), [false, false]);
  assert.deepEqual(admits(11, 10), [true, true], 'their turn comes soon');
  assert.deepEqual(admits(11, 200, 10), [true, true], 'most of them wait for a cache');
  meet('caught', 1);
  admission.learn('caught', false);
  assert.equal(admission.admits('caught', { all: 200, turns: 200, untrusted: 200 }), true);
});

test('a handful that waits is verified, however slow the machine seems to be', () => {
  const { admission, meet } = setUp();
  for (let i = 0; i < 100; i++) admission.measure(10, 10_000);
  meet('a', TRUSTED_AFTER);
  for (const sessionId of ['a', 'new']) {
    assert.equal(admission.admits(sessionId, { all: 8, turns: 8, untrusted: 8 }), true);
    assert.equal(admission.admits(sessionId, { all: 9, turns: 9, untrusted: 9 }), false);
  }
});
