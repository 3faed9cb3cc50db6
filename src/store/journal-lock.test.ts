import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { JournalLock } from './journal-lock.ts';

let folder = '';
let path = '';
let lockPath = '';
let other: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kpss-lock-'));
  path = join(folder, 'j');
  lockPath = `${path}.lock`;
});
afterEach(async () => {
  await end();
  rmSync(folder, { recursive: true, force: true });
});

/** Another process that takes the lock and lives on. */
async function startOther(): Promise<number> {
  const url = new URL('./journal-lock.ts', import.meta.url).href;
  const script =
    `const { JournalLock } = await import(${JSON.stringify(url)});` +
    `console.log('taken by', await new JournalLock(${JSON.stringify(path)}).take());` +
    'process.stdin.resume();';
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  other = child;
  const [said] = await once(child.stdout, 'data');
  assert.equal(String(said), 'taken by undefined\n');
  return child.pid ?? 0;
}
async function end(): Promise<void> {
  if (other === undefined) return;
  const ended = once(other, 'exit');
  other.kill('SIGKILL');
  await ended;
  other = undefined;
}

const change = (changes: object): void => {
  writeFileSync(lockPath, JSON.stringify({ ...JSON.parse(readFileSync(lockPath, 'utf8')), ...changes }));
};

test('a living process keeps it; a killed one has lost it', async () => {
  const pid = await startOther();
  const lock = new JournalLock(path);
  assert.equal(await lock.take(), pid);
  await lock.release();
  assert.ok(existsSync(lockPath), 'one that is not ours is taken away');
  await end();
  assert.equal(await lock.take(), undefined);
  assert.equal(JSON.parse(readFileSync(lockPath, 'utf8')).pid, process.pid);
  await lock.release();
  assert.ok(!existsSync(lockPath));
});

test('what is left of an earlier run is taken over: the number is used again, the machine or container is another', async () => {
  const pid = await startOther();
  const lock = new JournalLock(path);
  // Elsewhere the number is all there is.
  const changes = process.platform === 'linux' ? ['startTicks', 'bootId', 'pidNamespace'] : [];
  for (const part of changes) {
    const before = readFileSync(lockPath, 'utf8');
    change({ [part]: 'another' });
    assert.equal(await lock.take(), undefined, part);
    writeFileSync(lockPath, before);
    assert.equal(await lock.take(), pid);
  }
  change({ pid: process.pid, startTicks: '1' });
  assert.equal(await lock.take(), undefined);
  assert.equal(await lock.take(), undefined, 'our own');
});

test('rubbish in its place, or a folder that is not there, is no other process', async () => {
  for (const rubbish of ['', 'x', 'null', '{"pid":-1}', '{"pid":0}', '{"pid":"1"}']) {
    writeFileSync(lockPath, rubbish);
    assert.equal(await new JournalLock(path).take(), undefined, rubbish);
  }
  const nowhere = new JournalLock(join(folder, 'none', 'j'));
  assert.equal(await nowhere.take(), undefined);
  await nowhere.release();
});
