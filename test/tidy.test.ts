import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConstructs, checkUnfinished } from './support/tidy-constructs.ts';
import { checkArchitecture, checkErrorCodes, checkMachinePaths } from './support/tidy-docs.ts';
import { readRepository } from './support/tidy-files.ts';
import { checkImports } from './support/tidy-imports.ts';
import { checkPurity } from './support/tidy-purity.ts';
import { checkFileSizes, checkFunctionSizes } from './support/tidy-size.ts';
import { parseFiles } from './support/tidy-syntax.ts';

// The rules of STYLE.md and ARCHITECTURE.md that a program can hold. The checks themselves are tested in
// tidy-checks.test.ts, on samples that break each rule.

const files = readRepository();
const code = files.filter(({ path }) => /\.(ts|mjs)$/.test(path));
const parsed = parseFiles(code.filter(({ path }) => path.endsWith('.ts')));

function textOf(path: string): string {
  const file = files.find((candidate) => candidate.path === path);
  assert.ok(file, `${path} is missing`);
  return file.text;
}

function assertNone(problems: readonly string[]): void {
  assert.ok(problems.length === 0, `\n${problems.join('\n')}`);
}

test('every folder imports only what the table allows', () => assertNone(checkImports(parsed)));
test('time, chance and I/O are arguments', () => assertNone(checkPurity(parsed)));
test('files are short', () => assertNone(checkFileSizes(code)));
test('functions are short', () => assertNone(checkFunctionSizes(parsed)));
test('the constructs that the style leaves out are not there', () => assertNone(checkConstructs(parsed)));
test('nothing is left for later', () => assertNone(checkUnfinished(code)));
test('docs/errors.md and the program have the same codes', () =>
  assertNone(checkErrorCodes(parsed, textOf('docs/errors.md'))));
test('ARCHITECTURE.md names what is there', () => {
  const paths = files.map(({ path }) => path);
  assertNone(checkArchitecture(textOf('ARCHITECTURE.md'), paths));
});
test('no file names a place on one machine', () => assertNone(checkMachinePaths(files)));
