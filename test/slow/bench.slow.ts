import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { KawpowFigures } from '../../src/measure/kawpow.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

test('kpss bench kawpow --json measures everything, also with a dataset', async () => {
  const args = [main, 'bench', 'kawpow', '--epoch', '1', '--dag', '--json'];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  assert.match(stderr, /^kpss bench: building the light cache in fresh processes…\n/);
  const figures = JSON.parse(stdout) as KawpowFigures;
  assert.equal(figures.epoch, 1);
  assert.deepEqual(Object.keys(figures.floorNs), ['4', '8', '32', '64']);
  assert.deepEqual(Object.keys(figures.hashUs), ['1', '2', '4', '8', '16', '32']);
  const { cacheMs, cacheFromDiskMs, oneWorkerPerS, twoWorkersPerS, finalHashUs } = figures;
  const { dagHashUs, dagMinutes, rssMiB, cacheMiB } = figures;
  const single = [cacheMs, cacheFromDiskMs, oneWorkerPerS, twoWorkersPerS, finalHashUs, rssMiB, cacheMiB];
  const all = [...single, dagHashUs, dagMinutes, ...Object.values(figures.floorNs)];
  for (const value of [...all, ...Object.values(figures.hashUs)]) {
    assert.ok(typeof value === 'number' && value > 0, JSON.stringify(figures));
  }
  // What no machine turns around: a batch beats single hashes, a dataset beats a batch.
  const { 1: alone = 0, 32: together = 0 } = figures.hashUs;
  assert.ok(together < alone && (dagHashUs ?? 0) < together, JSON.stringify(figures.hashUs));
  assert.ok(cacheMiB > 16 && cacheMiB < 17);
});
