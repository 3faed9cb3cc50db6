import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { KpssError } from '../error.ts';
import { createFileJournalStore } from './journal-store.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kpss-journal-'));
  folders.push(folder);
  return folder;
}

test('the file and its folders are made at the first append, for the owner only', async () => {
  const path = join(newFolder(), 'a', 'b', 'main.blocks.jsonl');
  const store = createFileJournalStore(path);
  assert.equal(await store.read(), '');
  await store.append('one\n');
  assert.equal(readFileSync(path, 'utf8'), 'one\n');
  if (process.platform !== 'win32') {
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  }
  await store.close();
});

test('the right to replace is asked for before there is a folder, and given back at the end', async () => {
  const folder = newFolder();
  const path = join(folder, 'a', 'j');
  const store = createFileJournalStore(path);
  assert.equal(await store.claim?.(), undefined);
  assert.ok(existsSync(`${path}.lock`));
  await store.close();
  assert.ok(!existsSync(`${path}.lock`));
  writeFileSync(join(folder, 'file'), '');
  assert.equal(await createFileJournalStore(join(folder, 'file', 'j')).claim?.(), undefined);
});

test('appends keep their order, however many are under way, and the next store reads them', async () => {
  const path = join(newFolder(), 'j');
  const store = createFileJournalStore(path);
  const lines = Array.from({ length: 200 }, (_, i) => `${i}\n`);
  await Promise.all(lines.map((line) => store.append(line)));
  await store.append('last\n');
  await store.close();
  const next = createFileJournalStore(path);
  assert.equal(await next.read(), `${lines.join('')}last\n`);
  await next.append('more\n');
  assert.equal(readFileSync(path, 'utf8'), `${lines.join('')}last\nmore\n`);
  await next.close();
});

test('replacing puts all of the new text there, and appends go behind it', async () => {
  const path = join(newFolder(), 'j');
  const store = createFileJournalStore(path);
  await store.append('old\n');
  await store.replace('new\n');
  await store.append('more\n');
  assert.equal(readFileSync(path, 'utf8'), 'new\nmore\n');
  assert.equal(await store.keepCopy?.(), `${path}.damaged`);
  await store.append('yet more\n');
  assert.equal(await store.keepCopy?.(), `${path}.damaged-2`);
  assert.equal(readFileSync(`${path}.damaged`, 'utf8'), 'new\nmore\n');
  assert.equal(readFileSync(`${path}.damaged-2`, 'utf8'), 'new\nmore\nyet more\n');
  await store.close();
});

test('a file that somebody deleted is made anew', async () => {
  const path = join(newFolder(), 'j');
  const store = createFileJournalStore(path);
  await store.append('one\n');
  rmSync(path);
  await store.append('two\n');
  assert.equal(readFileSync(path, 'utf8'), 'two\n');
  await store.close();
});

test('a file that is deleted between the start and the first block is made anew', async () => {
  const path = join(newFolder(), 'j');
  writeFileSync(path, 'of before\n');
  const store = createFileJournalStore(path);
  await store.read();
  rmSync(path);
  await store.append('one\n');
  assert.equal(readFileSync(path, 'utf8'), 'one\n');
  await store.close();
});

test('what another process adds stays', async () => {
  const path = join(newFolder(), 'j');
  const store = createFileJournalStore(path);
  await store.append('one\n');
  appendFileSync(path, 'theirs\n');
  await store.append('two\n');
  assert.equal(readFileSync(path, 'utf8'), 'one\ntheirs\ntwo\n');
  await store.close();
});

const withCode = (code: string) => (error: unknown) => error instanceof KpssError && error.code === code;

test('a place that cannot be written or read is told with its code, and works once it is mended', async () => {
  const folder = newFolder();
  const path = join(folder, 'data', 'j');
  writeFileSync(join(folder, 'data'), 'a file, where a folder should be');
  const store = createFileJournalStore(path);
  await assert.rejects(store.append('one\n'), withCode('KPSS_JOURNAL_UNWRITABLE'));
  await assert.rejects(store.replace('one\n'), withCode('KPSS_JOURNAL_UNWRITABLE'));
  rmSync(join(folder, 'data'));
  await store.append('two\n');
  // Behind a write that failed, perhaps half-way, a line of its own.
  assert.equal(readFileSync(path, 'utf8'), '\ntwo\n');
  await store.close();
  mkdirSync(join(folder, 'j'));
  await assert.rejects(createFileJournalStore(join(folder, 'j')).read(), withCode('KPSS_JOURNAL_UNREADABLE'));
});

test('a full disk has a code of its own', async () => {
  // Other systems have no disk that is always full.
  if (process.platform !== 'linux') return;
  const store = createFileJournalStore('/dev/full');
  await assert.rejects(store.append('one\n'), withCode('KPSS_JOURNAL_FULL'));
  await store.close();
});

test('of a journal that is too long for one text, the end is read, from a whole line on', async () => {
  const path = join(newFolder(), 'j');
  writeFileSync(path, '');
  // A hole, which takes no room on the disk.
  truncateSync(path, 2 ** 29);
  appendFileSync(path, 'the end of a line\none\ntwo\n');
  const store = createFileJournalStore(path);
  assert.equal(await store.read(), 'one\ntwo\n');
  await store.append('three\n');
  await store.close();
  assert.equal(statSync(path).size, 2 ** 29 + 'the end of a line\none\ntwo\nthree\n'.length);
});

test('what is no file is not read, nor waited for', async () => {
  const folder = newFolder();
  const places = [folder];
  if (process.platform !== 'win32') {
    places.push(join(folder, 'pipe'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
  }
  for (const place of places) {
    await assert.rejects(createFileJournalStore(place).read(), { code: 'KPSS_JOURNAL_UNREADABLE' });
  }
});
