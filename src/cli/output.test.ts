import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LineScreen } from '../../test/support/line-screen.ts';
import { canStand, createOutput, flushOutputs, type Output } from './output.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'kpss-output-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** What is in the file once the process would end. */
async function written(use: (output: Output) => void | Promise<void>): Promise<string> {
  const file = join(folder, 'written');
  const fd = openSync(file, 'w');
  await use(createOutput(fd));
  await flushOutputs();
  closeSync(fd);
  return readFileSync(file, 'utf8');
}

test('all lines are there at the end, however many came at once', async () => {
  const expected = Array.from({ length: 20_000 }, (_, i) => `a line with the number ${i}\n`);
  const text = await written(({ lines }) => {
    for (const line of expected) lines.write(line);
  });
  assert.equal(text, expected.join(''));
});

test('at the end no status stands, nor is one left between lines', async () => {
  const text = await written(async ({ lines }) => {
    lines.stand('bar 1 %');
    lines.write('one\n');
    lines.stand('bar 2 %');
    lines.write('two\n');
    while (!lines.isStanding) await new Promise((resolve) => setImmediate(resolve));
  });
  assert.match(text, /^bar 1 %/);
  const screen = new LineScreen();
  screen.write(text);
  assert.deepEqual(screen.lines, ['one', 'two', '']);
});

test('what does not fit the buffer is lost, whole, and counted once', async () => {
  const line = `${'x'.repeat(1023)}\n`;
  let dropped = 0;
  const text = await written(({ lines, takeDropped }) => {
    for (let i = 0; i < 1100; i++) lines.write(line);
    dropped = takeDropped();
    assert.equal(takeDropped(), 0);
  });
  assert.equal(dropped, 1100 - 1024);
  assert.equal(text, line.repeat(1024));
});

test('a status stands in a terminal only', () => {
  assert.equal(canStand({}), false);
  assert.equal(canStand({ isTTY: false }), false);
});
