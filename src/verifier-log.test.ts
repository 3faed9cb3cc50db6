import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SMALL_POW } from '../test/conformance/small-pow.ts';
import type { DagMode } from './kawpow/dags.ts';
import type { Log } from './mining/ports.ts';
import { createLoggedVerifier } from './verifier-log.ts';

const ROOT = mkdtempSync(join(tmpdir(), 'kpss-app-'));
after(() => rmSync(ROOT, { recursive: true }));

/** @returns what the log says of the light caches of epochs, with its level and without its numbers of time */
async function linesOf(cacheDirectory: string, epochs: readonly number[]): Promise<string[]> {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (_fields: object, message: string): void => {
      lines.push(`${level} ${message.replace(/\d+(\.\d+)? (m?s):/, 'X $2:')}`);
    };
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const verifier = createLoggedVerifier({ pow: SMALL_POW, cacheDirectory }, log);
  for (const epoch of epochs) await verifier.prepare(epoch);
  await verifier.close();
  return lines.filter((line) => !line.includes('building'));
}

test('the log says where a light cache came from, and what was wrong with its file', async () => {
  const directory = join(ROOT, 'caches');
  const built = 'info the light cache of epoch 1 (small) was built in X s: its shares are verified';
  assert.deepEqual(await linesOf(directory, [1]), [built]);
  assert.deepEqual(await linesOf(directory, [1]), [
    'info the light cache of epoch 1 (small) was read from disk in X ms: its shares are verified',
  ]);
  const path = join(directory, readdirSync(directory)[0] ?? '');
  writeFileSync(path, '');
  const [damaged, ...rest] = await linesOf(directory, [1]);
  assert.match(
    damaged ?? '',
    /^warn the light cache of epoch 1 \(small\) on disk is damaged and is built again: it has 0 bytes instead of \d+ \(/,
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
    /^warn the light cache of epoch 0 \(small\) cannot be kept on disk, and the next start builds it again: ENOTDIR/,
  );
});

const MODES: readonly (readonly [DagMode, string])[] = [
  ['on', 'warn'],
  ['auto', 'info'],
];
for (const [mode, level] of MODES) {
  test(`with dag ${mode}, that the DAG does not fit is said at level ${level}`, async () => {
    const lines: string[] = [];
    const write =
      (name: string) =>
      (_fields: object, message: string): void => {
        if (message.includes('DAG')) lines.push(`${name} ${message}`);
      };
    const log: Log = {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    };
    const dag = { mode, availableBytes: () => 2 ** 29 };
    const verifier = createLoggedVerifier({ pow: SMALL_POW, dag }, log);
    verifier.keep('a', [0]);
    await verifier.prepare(0);
    await verifier.close();
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? '',
      new RegExp(
        `^${level} the DAG of epoch 0 \\(small\\) does not fit: \\d\\.\\d GiB must be free, and 0.5 GiB are`,
      ),
    );
  });
}
