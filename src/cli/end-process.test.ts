import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const url = new URL('./end-process.ts', import.meta.url).href;

async function run(before: string) {
  const script = `const { endProcess } = await import(${JSON.stringify(url)}); ${before}; await endProcess(3);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, said };
}

test('where nothing hangs, the process ends with its code, and what a disk still does is waited for', async () => {
  const calm = await run('setInterval(() => {}, 1_000)');
  assert.deepEqual([calm.code, calm.said], [3, '']);
  const busy = await run("const { stat } = await import('node:fs/promises'); void stat('.')");
  assert.deepEqual([busy.code, busy.said], [3, '']);
});

test('where a disk hangs, the process ends all the same, and says why', async () => {
  // A pipe without a writer hangs as a dead network disk does; Windows has none in a folder.
  if (process.platform === 'win32') return;
  const folder = mkdtempSync(join(tmpdir(), 'kpss-end-'));
  try {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const { code, signal, said } = await run(
      `const { open } = await import('node:fs/promises'); void open(${JSON.stringify(pipe)}, 'r')`,
    );
    assert.deepEqual([code, signal], [null, 'SIGKILL']);
    assert.match(said, /does not answer/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
