import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SMALL_POW } from '../test/conformance/small-pow.ts';
import { createLoggedVerifier } from './app.ts';
import type { Log } from './mining/ports.ts';

const ROOT = mkdtempSync(join(tmpdir(), 'kpss-app-'));
after(() => rmSync(ROOT, { recursive: true }));

/** @returns what the log says of the light caches of epochs, with its level and without its numbers of time */
async function linesOf(cacheDirectory: string, epochs: readonly number[]): Promise<string[]> {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (_fields: object, message: string): void => {
      lines.push(`${level} ${message.replace(/\d+(\.\d+)? (m?s),/, 'X $2,')}`);
    };
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const verifier = createLoggedVerifier({ pow: SMALL_POW, cacheDirectory }, log);
  for (const epoch of epochs) await verifier.prepare(epoch);
  await verifier.close();
  return lines.filter((line) => !line.includes('building'));
}

test('the log says where a light cache came from, and what was wrong with its file', async () => {
  const directory = join(ROOT, 'caches');
  const built = 'info light cache of epoch 1 built in X s, shares are verified';
  assert.deepEqual(await linesOf(directory, [1]), [built]);
  assert.deepEqual(await linesOf(directory, [1]), [
    'info light cache of epoch 1 read from disk in X ms, shares are verified',
  ]);
  const path = join(directory, readdirSync(directory)[0] ?? '');
  writeFileSync(path, '');
  const [damaged, ...rest] = await linesOf(directory, [1]);
  assert.match(
    damaged ?? '',
    /^warn the light cache of epoch 1 on disk is damaged and is built again: it has 0 bytes instead of \d+ \(/,
  );
  assert.ok(damaged?.includes(path));
  assert.deepEqual(rest, [built]);
});

test('that light caches cannot be kept is said once, not for each epoch', async () => {
  const file = join(ROOT, 'file');
  writeFileSync(file, '');
  const lines = await linesOf(file, [0, 1]);
  assert.equal(lines.filter((line) => line.includes('shares are verified')).length, 2);
  const warnings = lines.filter((line) => line.startsWith('warn'));
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? '',
    /^warn light caches cannot be kept on disk, and are built anew at each start: EEXIST/,
  );
});
