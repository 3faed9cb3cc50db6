import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineScreen } from '../../test/support/line-screen.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { createProgressBar, createProgressLines } from './progress.ts';
import { ASCII } from './progress-text.ts';
import { LinesAndStatus } from './status-line.ts';

const label = 'light cache of epoch 598';

/** A bar in a terminal that shows at once what it is given. */
function barTerminal(columns = 80) {
  const clock = createVirtualClock();
  const screen = new LineScreen(columns);
  let draws = 0;
  const lines = new LinesAndStatus((text) => {
    draws += 1;
    screen.write(text);
    queueMicrotask(() => lines.caughtUp());
    return true;
  });
  const bar = createProgressBar({ columns: () => columns, glyphs: ASCII }, { status: lines, clock });
  return { clock, screen, lines, bar, draws: () => draws };
}

test('a bar stands while something is built, and is gone after it', async () => {
  const { clock, screen, lines, bar } = barTerminal();
  lines.write('building\n');
  bar.show(label, 0);
  await clock.settle();
  assert.deepEqual(screen.lines, ['building', `${label}  [${'-'.repeat(32)}] 0 %`]);
  await clock.advance(4_000);
  bar.show(label, 0.5);
  await clock.advance(100);
  assert.deepEqual(screen.lines, [
    'building',
    `${label}  [${'#'.repeat(16)}${'-'.repeat(16)}] 50 %  4 s left`,
  ]);
  lines.write('a miner joined\n');
  bar.done(label);
  lines.write('ready\n');
  await clock.settle();
  assert.deepEqual(screen.lines, ['building', 'a miner joined', 'ready', '']);
  assert.equal(clock.pending(), 0);
});

test('however often news come, the bar is drawn ten times a second, and shows the newest', async () => {
  const { clock, screen, bar, draws } = barTerminal();
  for (let ms = 0; ms < 999; ms++) {
    bar.show(label, ms / 1_000);
    await clock.advance(1);
  }
  assert.equal(draws(), 10);
  await clock.advance(100);
  assert.match(screen.lines[0] ?? '', / 99 % /);
});

test('while no news come, the time left goes on counting', async () => {
  const { clock, screen, bar } = barTerminal();
  bar.show(label, 0);
  await clock.advance(10_000);
  bar.show(label, 0.25);
  await clock.advance(100);
  assert.match(screen.lines[0] ?? '', / 25 % {2}30 s left$/);
  await clock.advance(5_000);
  assert.match(screen.lines[0] ?? '', / 25 % {2}25 s left$/);
});

test('what begins again is measured anew', async () => {
  const { clock, screen, bar } = barTerminal();
  bar.show(label, 0);
  await clock.advance(60_000);
  bar.show(label, 0.5);
  bar.show(label, 0);
  await clock.advance(2_000);
  bar.show(label, 0.5);
  await clock.advance(100);
  assert.match(screen.lines[0] ?? '', / 50 % {2}2 s left$/);
});

test('the bar of one goes while that of the other stands', async () => {
  const { clock, screen, bar } = barTerminal();
  bar.show('DAG of epoch 598', 0.5);
  bar.show('light cache of epoch 599', 0.25);
  await clock.advance(200);
  assert.match(screen.lines[0] ?? '', /^DAG of epoch 598 {2}.*light cache of epoch 599 {2}/);
  bar.done('DAG of epoch 598');
  bar.done('never begun');
  await clock.advance(200);
  assert.match(screen.lines[0] ?? '', /^light cache of epoch 599 {2}\[/);
});

test('in a log, what takes less than ten seconds needs no line, and the rest one in ten seconds', async () => {
  const clock = createVirtualClock();
  const told: string[] = [];
  const lines = createProgressLines({ log: { info: (_fields, message) => told.push(message) }, clock });
  for (const [name, seconds] of [
    ['light cache of epoch 0', 9],
    ['DAG of epoch 598', 45],
  ] as const) {
    for (let ms = 0; ms < seconds * 1_000; ms += 500) {
      lines.show(name, ms / (seconds * 1_000));
      await clock.advance(500);
    }
    lines.done(name);
  }
  assert.deepEqual(told, [
    'DAG of epoch 598: 22 %, 35 s left',
    'DAG of epoch 598: 44 %, 25 s left',
    'DAG of epoch 598: 66 %, 15 s left',
    'DAG of epoch 598: 88 %, 5 s left',
  ]);
  assert.equal(clock.pending(), 0);
});
