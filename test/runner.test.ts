import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type FileResult, runTestFile } from '../scripts/run-file.ts';

// The runner of `npm test` must see every way in which a test file can go wrong, or a green run means nothing. The
// samples are written to a temporary folder, where no search for tests finds them.

const folder = mkdtempSync(join(tmpdir(), 'kpss-runner-'));
after(() => rmSync(folder, { recursive: true }));

const limits = { testTimeoutMs: 10_000, fileTimeoutMs: 20_000, quietMs: 15_000 };
let count = 0;

function runSample(body: string, changed: Partial<typeof limits> = {}): Promise<FileResult> {
  const file = join(folder, `sample-${count++}.mjs`);
  writeFileSync(file, `import { describe, test } from 'node:test';\n${body}\n`);
  return runTestFile(file, { ...limits, ...changed });
}

function reasonsOf(result: FileResult): string {
  return result.failures.map((failure) => `${failure.name}: ${failure.reason}`).join('\n');
}

describe('the test runner', { concurrency: 2 }, () => {
  test('counts tests and not their suites', async () => {
    const result = await runSample(
      "describe('a', () => { test('b', () => {}); test('c', () => {}); }); test('d', () => {});",
    );
    assert.deepEqual({ passed: result.passed, failures: result.failures }, { passed: 3, failures: [] });
  });

  test('names the failing test with its suites, and the reason', async () => {
    const result = await runSample(
      "describe('a', () => { test('b', () => { throw new Error('no luck'); }); test('c', () => {}); });",
    );
    assert.equal(result.passed, 1);
    assert.equal(result.failures.length, 1);
    assert.match(reasonsOf(result), /^a › b: Error: no luck/);
  });

  const bad: Record<string, { body: string; reason: RegExp; changed?: Partial<typeof limits> }> = {
    'a skipped test': { body: "test('a', { skip: true }, () => {});", reason: /^a: it is skipped/ },
    'a test that skips itself': { body: "test('a', (t) => t.skip());", reason: /^a: it is skipped/ },
    'a test marked to do': { body: "test('a', { todo: true }, () => {});", reason: /^a: it is marked to do/ },
    'a file without a test': { body: '', reason: /there is no test in this file/ },
    'a suite without a test': { body: "describe('a', () => {});", reason: /it ran no test/ },
    'a file that cannot be loaded': { body: "throw new Error('no load');", reason: /no load/ },
    'a suite that throws': {
      body: "describe('a', () => { throw new Error('oh'); });",
      reason: /^a: Error: oh/,
    },
    'a process that exits with 0 in a test': {
      body: "test('a', () => {}); test('b', () => process.exit(0));",
      reason: /ended before its tests did \(exit code 0\)/,
    },
    'a process that is killed': {
      body: "test('a', () => process.kill(process.pid, 'SIGKILL'));",
      reason: /ended before its tests did \(SIGKILL\)/,
    },
    'an exit code set behind the tests': {
      body: "test('a', () => {}); process.exitCode = 7;",
      reason: /ended with exit code 7/,
    },
    'an error after the test has ended': {
      body: "test('a', () => { setTimeout(() => { throw new Error('late'); }, 20); });",
      reason: /asynchronous activity after the test ended/,
    },
    'a test that never ends': {
      body: "test('a', () => new Promise(() => setInterval(() => {}, 1000)));",
      reason: /^a: test timed out after 500ms/,
      changed: { testTimeoutMs: 500, quietMs: 300 },
    },
    'a test that never yields': {
      body: "test('a', () => { for (;;); });",
      reason: /did not end within 2 s/,
      changed: { fileTimeoutMs: 2000 },
    },
    'a timer left behind': {
      body: "test('a', () => { setInterval(() => {}, 1000); });",
      reason: /left running: .*Timeout/,
      changed: { quietMs: 300 },
    },
  };
  for (const [name, { body, reason, changed }] of Object.entries(bad)) {
    test(`fails ${name}`, async () => {
      const result = await runSample(body, changed);
      assert.ok(result.failures.length > 0, 'nothing failed');
      assert.match(reasonsOf(result), reason);
    });
  }
});
