import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineScreen } from '../../test/support/line-screen.ts';
import { ERASE_LINE, LinesAndStatus } from './status-line.ts';

/** A terminal that reads what it is given, and the writes that it got. */
function terminal() {
  const screen = new LineScreen();
  const writes: string[] = [];
  let isTaking = true;
  const lines = new LinesAndStatus((text) => {
    if (!isTaking) return false;
    writes.push(text);
    screen.write(text);
    return true;
  });
  return {
    lines,
    screen,
    writes,
    take(wanted: boolean) {
      isTaking = wanted;
    },
  };
}

test('without a status, lines go through byte for byte, and no control code ever', () => {
  const { lines, writes } = terminal();
  lines.write('one\n');
  lines.write('two\nthree\n');
  lines.caughtUp();
  lines.stand('');
  lines.hide();
  lines.end();
  assert.deepEqual(writes, ['one\n', 'two\nthree\n']);
});

test('a line comes above the status, in one write', () => {
  const { lines, writes, screen } = terminal();
  lines.stand('bar 1 %');
  lines.caughtUp();
  lines.write('a line\n');
  assert.deepEqual(writes, ['bar 1 %', `${ERASE_LINE}a line\nbar 1 %`]);
  assert.deepEqual(screen.lines, ['a line', 'bar 1 %']);
});

test('a terminal that does not read gets all lines and then one status, the newest', () => {
  const { lines, writes, screen } = terminal();
  lines.stand('bar 1 %');
  for (let percent = 2; percent < 50; percent++) {
    lines.stand(`bar ${percent} %`);
    lines.write(`line ${percent}\n`);
  }
  assert.equal(writes.join('').match(/bar/g)?.length, 1);
  lines.caughtUp();
  assert.equal(writes.join('').match(/bar/g)?.length, 2);
  assert.deepEqual(screen.lines.slice(-2), ['line 49', 'bar 49 %']);
  assert.equal(screen.lines.length, 49);
});

test('the status makes room for what others write, and comes back', () => {
  const { lines, screen } = terminal();
  lines.stand('bar');
  lines.caughtUp();
  lines.hide();
  screen.write('of somebody else\n');
  lines.caughtUp();
  assert.deepEqual(screen.lines, ['of somebody else', 'bar']);
});

test('after the end nothing stands any more, and lines still come', () => {
  const { lines, screen } = terminal();
  lines.stand('bar');
  lines.end();
  lines.stand('another');
  lines.caughtUp();
  lines.write('the last line\n');
  assert.deepEqual(screen.lines, ['the last line', '']);
});

test('whatever comes in whatever order, lines are whole and at most one status stands, below them', () => {
  const step = fc.oneof(
    fc.constantFrom('line', 'caught up', 'hide', 'none', 'refuse', 'take'),
    fc.integer({ min: 0, max: 100 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { lines, screen, take } = terminal();
      const expected: string[] = [];
      let isTaking = true;
      for (const next of steps) {
        if (typeof next === 'number') lines.stand(`bar ${next} %`);
        else if (next === 'none') lines.stand('');
        else if (next === 'caught up') lines.caughtUp();
        else if (next === 'hide') lines.hide();
        else if (next === 'refuse' || next === 'take') {
          isTaking = next === 'take';
          take(isTaking);
        } else {
          const line = `line ${expected.length}`;
          lines.write(`${line}\n`);
          if (isTaking) expected.push(line);
        }
        assert.deepEqual(screen.lines.slice(0, -1), expected);
        assert.match(screen.lines.at(-1) ?? '', /^(bar \d+ %)?$/);
      }
      take(true);
      lines.end();
      assert.deepEqual(screen.lines, [...expected, '']);
    }),
  );
});
