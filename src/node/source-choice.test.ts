import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseSource, type NodeView, type Serving } from './source-choice.ts';

const NOW_MS = 100_000;

/** @param tip `a2` is ahead of `a1`, and on a level with `b2` */
function view(tip: string, changes: Partial<NodeView> = {}): NodeView {
  return { isHealthy: true, healthySinceMs: 0, tip, isReady: true, ...changes };
}

const AWAY = { isHealthy: false, isReady: false } as const;

function choose(views: readonly NodeView[], serving: Partial<Serving>): number | undefined {
  const whole = { source: undefined, tip: undefined, lostAtMs: undefined, ...serving };
  return chooseSource(views, whole, (a, b) => Number(a.slice(1)) - Number(b.slice(1)), NOW_MS);
}

test('at the start the best tip counts, then the priority; nothing is chosen before a template', () => {
  assert.equal(choose([view('a1'), view('a2'), view('b2')], {}), 1);
  assert.equal(choose([view('a1', { isReady: false }), view('a2', AWAY)], {}), undefined);
});

test('of a lost source’s replacements the one that is ahead goes before those on its tip', () => {
  const views = [view('a1', AWAY), view('a1'), view('a2')];
  assert.equal(choose(views, { source: 0, tip: 'a1', lostAtMs: NOW_MS }), 2);
  assert.equal(choose(views.slice(0, 2), { source: 0, tip: 'a1', lostAtMs: NOW_MS }), 1);
});

test('a lost source is replaced at once by the only other node if that is ahead, after a while if it is behind', () => {
  const serving = { source: 0, tip: 'a2' };
  assert.equal(choose([view('a2', AWAY), view('a3')], { ...serving, lostAtMs: NOW_MS }), 1);
  const behind = [view('a2', AWAY), view('a1')];
  assert.equal(choose(behind, { ...serving, lostAtMs: NOW_MS - 9_999 }), 0);
  assert.equal(choose(behind, { ...serving, lostAtMs: NOW_MS - 10_000 }), 1);
});

test('a branch of the same work is no reason to leave a source, lost or not', () => {
  const views = [view('b2'), view('a2')];
  assert.equal(choose(views, { source: 1, tip: 'a2' }), 1);
  const lost = [view('b2'), view('a2', AWAY)];
  assert.equal(choose(lost, { source: 1, tip: 'a2', lostAtMs: NOW_MS }), 1);
});

test('a source without a template is left when it has moved on and another has one there, else it is kept', () => {
  const views = [view('a2', { isReady: false }), view('a2')];
  assert.equal(choose(views, { source: 0, tip: 'a1' }), 1);
  assert.equal(choose(views, { source: 0, tip: 'a2' }), 0, 'the miners have work on this tip');
  assert.equal(choose([view('a2', { isReady: false }), view('a1')], { source: 0, tip: 'a1' }), 0);
});

test('the better priority returns on the same tip after ten good seconds, and the worse never', () => {
  const serving = { source: 1, tip: 'a1' };
  assert.equal(choose([view('a1', { healthySinceMs: NOW_MS - 9_999 }), view('a1')], serving), 1);
  assert.equal(choose([view('a1', { healthySinceMs: NOW_MS - 10_000 }), view('a1')], serving), 0);
  assert.equal(choose([view('a1'), view('a1')], { source: 0, tip: 'a1' }), 0);
});
