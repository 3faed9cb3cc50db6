import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

/** The table's rows, cells by their columns; whatever the figures are, each must be there. */
async function rowsOf(bench: string, count: number): Promise<string[][]> {
  const { stdout } = await promisify(execFile)(process.execPath, [main, bench, String(count)]);
  const lines = stdout.trimEnd().split('\n');
  const rule = lines.findIndex((line) => /^-+( +-+)+$/.test(line));
  return lines.slice(rule + 1).map((line) => line.split(/ {2,}/));
}

test('each tip signal brings a new block, and its time is measured', async () => {
  const rows = await rowsOf('tips', 2);
  assert.deepEqual(
    rows.map(([signal]) => signal),
    ['p2p', 'zmq', 'long poll', 'notify', 'polling'],
  );
  for (const [signal, ...figures] of rows) {
    assert.equal(figures.length, 3);
    for (const figure of figures) assert.ok(Number(figure) > 0, `${signal}: ${figure}`);
  }
});

test('a candidate’s way to two nodes is measured for each size, with and without a journal', async () => {
  const rows = await rowsOf('candidate', 2);
  assert.equal(rows.length, 6);
  for (const [block, , ...figures] of rows) {
    assert.equal(figures.length, 4);
    for (const figure of figures) assert.ok(Number(figure) > 0, `${block}: ${figure}`);
  }
});
