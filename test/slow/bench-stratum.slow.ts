import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Figure } from '../../bench/stratum/figure.ts';

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

test('the bench of the miners’ side brings its crowds, and each figure is measured', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'stratum', '--quick', '--json']);
  const { figures, machine } = JSON.parse(stdout) as { figures: Figure[]; machine: string };
  assert.match(machine, /cores, .* GiB, Node.js v/);
  assert.deepEqual(
    figures.map(({ unit }) => unit),
    ['ms', '/s', 'ms', 'ms', '/s', 'KiB', 'KiB', 'ms', 'ms'],
  );
  // A quick run is too short for a difference of two times or two sizes: those need only be there.
  const [fanOut, shares, reply, dagReply, dagShares, allocations, memory, held, arrivals] = figures;
  for (const figure of [shares, reply, dagReply, dagShares, allocations, held, arrivals]) {
    assert.ok(figure !== undefined && figure.value > 0, JSON.stringify(figure));
  }
  for (const figure of [fanOut, memory]) assert.ok(Number.isFinite(figure?.value), JSON.stringify(figure));
  for (const figure of [shares, dagShares]) assert.match(figure?.beside ?? '', /^200 of 200 answered true/);
  assert.match(held?.beside ?? '', /100 of 100 answered true, .* 0 of \d+ jobs missed, 0 connections lost/);
});
