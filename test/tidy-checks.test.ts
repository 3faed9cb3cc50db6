import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkConstructs, checkUnfinished } from './support/tidy-constructs.ts';
import { checkArchitecture, checkErrorCodes, checkMachinePaths } from './support/tidy-docs.ts';
import { checkImports } from './support/tidy-imports.ts';
import { checkPurity } from './support/tidy-purity.ts';
import {
  checkFileSizes,
  checkFunctionSizes,
  FILE_LINES_MAX,
  FUNCTION_LINES_MAX,
} from './support/tidy-size.ts';
import { type ParsedFile, parseFiles } from './support/tidy-syntax.ts';

// The checks of tidy.test.ts on samples: each rule must be able to fail, and must let pass what it allows.

type Check = (files: readonly ParsedFile[]) => string[];

interface Sample {
  readonly path: string;
  readonly text: string;
  /** What the one problem must say; none when the sample is good. */
  readonly problem?: RegExp;
}

/** All samples of a check are parsed at once: starting the compiler takes a tenth of a second. */
function testSamples(check: Check, samples: Readonly<Record<string, Sample>>): void {
  const entries = Object.entries(samples);
  const parsed = entries.map(([, { path, text }], i) => ({ path: path.replace('#', `sample${i}`), text }));
  const files = parseFiles(parsed);
  for (const [i, [name, { problem }]] of entries.entries()) {
    test(name, () => {
      const file = files[i];
      assert.ok(file);
      const problems = check([file]);
      if (problem === undefined) assert.deepEqual(problems, []);
      else {
        assert.equal(problems.length, 1, problems.join('\n'));
        assert.match(problems[0] ?? '', problem);
      }
    });
  }
}

describe('imports', () => {
  testSamples(checkImports, {
    'chain may not import mining': {
      path: 'src/chain/#.ts',
      text: "import { a } from '../mining/job.ts';",
      problem: /^src\/chain\/sample\d+\.ts:1: chain\/ may not import mining\/job\.ts$/,
    },
    'chain may not use node:*, not even for types': {
      path: 'src/chain/#.ts',
      text: "import type { Socket } from 'node:net';",
      problem: /may not use node:net/,
    },
    'chain may use its two packages': {
      path: 'src/chain/#.ts',
      text: "import { sha256 } from '@noble/hashes/sha2.js'; import { base58 } from '@scure/base';",
    },
    'chain may not use another package': {
      path: 'src/chain/#.ts',
      text: "import { z } from 'zod';",
      problem: /may not use the package zod/,
    },
    'mining may import the final hash': {
      path: 'src/mining/#.ts',
      text: "import { finalHash } from '../kawpow/final-hash.ts';",
    },
    'mining may not import the verifier': {
      path: 'src/mining/#.ts',
      text: "import type { Verifier } from '../kawpow/verifier.ts';",
      problem: /mining\/ may not import kawpow\/verifier\.ts/,
    },
    'kawpow may import the ports as types': {
      path: 'src/kawpow/#.ts',
      text: "import { type Log, type Clock } from '../mining/ports.ts';",
    },
    'kawpow may not import values beside them': {
      path: 'src/kawpow/#.ts',
      text: "import { type Log, real } from '../mining/ports.ts';",
      problem: /types only/,
    },
    'config may import types of stratum': {
      path: 'src/config/#.ts',
      text: "import type { Options } from '../stratum/server.ts';",
    },
    'config may not import values of stratum': {
      path: 'src/config/#.ts',
      text: "import { createServer } from '../stratum/server.ts';",
      problem: /types only/,
    },
    'a re-export is an import': {
      path: 'src/chain/#.ts',
      text: "export { a } from '../node/json.ts';",
      problem: /may not import node\/json\.ts/,
    },
    'a dynamic import is an import': {
      path: 'src/chain/#.ts',
      text: "const a = await import('../node/json.ts');",
      problem: /may not import node\/json\.ts/,
    },
    'the session may not use sockets': {
      path: 'src/stratum/session.ts',
      text: "import { Socket } from 'node:net';",
      problem: /src\/stratum\/session\.ts may not use node:net/,
    },
    'the stratum server may': { path: 'src/stratum/server.ts', text: "import { Socket } from 'node:net';" },
    'everybody may throw': { path: 'src/chain/#.ts', text: "import { KpssError } from '../error.ts';" },
    'nobody but the wiring imports the wiring': {
      path: 'src/node/#.ts',
      text: "import { systemClock } from '../clock.ts';",
      problem: /node\/ may not import clock\.ts/,
    },
    'the wiring imports everything': {
      path: 'src/instance.ts',
      text: "import { a } from './node/json.ts'; import { Command } from 'commander';",
    },
    'the program does not import from outside src': {
      path: 'src/cli/#.ts',
      text: "import { a } from '../../test/support/a.ts';",
      problem: /nothing outside src/,
    },
    'a test imports what it needs': {
      path: 'src/chain/#.test.ts',
      text: "import { a } from '../node/json.ts';",
    },
    'a new folder needs a line in the table': {
      path: 'src/novel/#.ts',
      text: "import { a } from '../chain/bytes.ts';",
      problem: /no line in the import table/,
    },
  });
});

describe('purity', () => {
  testSamples(checkPurity, {
    'no clock': {
      path: 'src/mining/#.ts',
      text: 'const a = Date.now();',
      problem: /:1: Date\.now must come in/,
    },
    'no date of now': { path: 'src/node/#.ts', text: 'const a = new Date();', problem: /new Date\(\)/ },
    'a date of a given time is a value': { path: 'src/node/#.ts', text: 'const a = new Date(nowMs);' },
    'no chance': { path: 'src/node/#.ts', text: 'const a = Math.random();', problem: /Math\.random/ },
    'no timers': { path: 'src/stratum/session.ts', text: 'setTimeout(run, 5);', problem: /setTimeout/ },
    'no timers handed on': { path: 'src/mining/#.ts', text: 'start(setInterval);', problem: /setInterval/ },
    'no process': { path: 'src/kawpow/#.ts', text: 'const a = process.env.HOME;', problem: /process/ },
    'no console': { path: 'src/chain/#.ts', text: 'console.log(1);', problem: /console/ },
    'a comment may say it': {
      path: 'src/chain/#.ts',
      text: '// not Date.now(), nor process.env\nexport const a = 1;',
    },
    'a member may be called so': {
      path: 'src/chain/#.ts',
      text: 'export const a = { process: 1 }; export function f(b: { process(): void }) { b.process(); }',
    },
    'the real clock reads the clock': {
      path: 'src/clock.ts',
      text: 'const a = Date.now(); setTimeout(run, 5);',
    },
    'a test may': { path: 'src/chain/#.test.ts', text: 'const a = Date.now();' },
  });
});

describe('constructs', () => {
  testSamples(checkConstructs, {
    'no any': { path: 'src/a#.ts', text: 'export const a: any = 1;', problem: /:1: any/ },
    'no any in tests': { path: 'src/a#.test.ts', text: 'const a = [] as any[];', problem: /any/ },
    'no enum': { path: 'src/a#.ts', text: 'enum A { B }', problem: /enum/ },
    'no default export': { path: 'src/a#.ts', text: 'export default 3;', problem: /default export/ },
    'no default function': {
      path: 'src/a#.ts',
      text: 'export default function f() {}',
      problem: /default export/,
    },
    'no default by name': {
      path: 'src/a#.ts',
      text: 'const a = 1;\nexport { a as default };',
      problem: /:2: .*default/,
    },
    'a switch has a default': { path: 'src/a#.ts', text: 'switch (a) { default: b(); }' },
    'no export *': { path: 'src/a#.ts', text: "export * from './b.ts';", problem: /export \*/ },
    'no export * under a name': {
      path: 'src/a#.ts',
      text: "export * as b from './b.ts';",
      problem: /export \*/,
    },
    'exports by name': { path: 'src/a#.ts', text: "export { b } from './b.ts';" },
    'no test.only': { path: 'src/a#.test.ts', text: "test.only('a', () => {});", problem: /test\.only/ },
    'no describe.skip': {
      path: 'src/a#.test.ts',
      text: "describe.skip('a', () => {});",
      problem: /describe\.skip/,
    },
    'no t.skip': { path: 'src/a#.test.ts', text: "test('a', (t) => t.skip());", problem: /t\.skip/ },
    'no option todo': {
      path: 'src/a#.test.ts',
      text: "test('a', { todo: true }, () => {});",
      problem: /option todo/,
    },
    'other things may be skipped': { path: 'src/a#.ts', text: 'reader.skip(4); f({ skip: 1 });' },
  });
});

describe('sizes', () => {
  const lines = (count: number): string => '1;\n'.repeat(count);
  testSamples((files) => checkFileSizes(files), {
    'the longest file': { path: 'src/a#.ts', text: lines(FILE_LINES_MAX) },
    'one line more': { path: 'src/a#.ts', text: lines(FILE_LINES_MAX + 1), problem: /401 lines/ },
  });
  testSamples(checkFunctionSizes, {
    'the longest function': { path: 'src/a#.ts', text: `function f() {\n${lines(FUNCTION_LINES_MAX - 2)}}` },
    'one line more': {
      path: 'src/a#.ts',
      text: `\nfunction f() {\n${lines(FUNCTION_LINES_MAX - 1)}}`,
      problem: /:2: a function of 71 lines/,
    },
    'a long method': {
      path: 'src/a#.ts',
      text: `class A {\nb(): void {\n${lines(FUNCTION_LINES_MAX)}}\n}`,
      problem: /:2: a function/,
    },
    'a long arrow function': {
      path: 'src/a#.ts',
      text: `const f = () => {\n${lines(FUNCTION_LINES_MAX)}};`,
      problem: /a function of 72/,
    },
    'a suite of tests may be long': {
      path: 'src/a#.test.ts',
      text: `f(() => {\n${lines(FUNCTION_LINES_MAX)}});`,
    },
  });
});

describe('documents', () => {
  const page = '| code | cause | cure |\n| --- | --- | --- |\n| `KPSS_A` | why | what |\n';
  const thrower = { path: 'src/node/a.ts', text: "throw new KpssError('KPSS_A', 'x');" };
  const [file] = parseFiles([thrower]);
  const [other] = parseFiles([{ path: 'src/node/b.ts', text: "const codes = { x: 'KPSS_B' };" }]);
  const [built] = parseFiles([{ path: 'src/node/c.ts', text: `const code = \`KPSS_${'$'}{kind}\`;` }]);
  const [variable] = parseFiles([
    { path: 'src/config/environment.ts', text: "const a = 'KPSS_RPC_PASSWORD';" },
  ]);
  assert.ok(file && other && built && variable);

  test('codes and page agree', () => assert.deepEqual(checkErrorCodes([file, variable], page), []));
  test('a code without a row', () =>
    assert.deepEqual(checkErrorCodes([file, other], page), [
      'src/node/b.ts:1: KPSS_B is not in docs/errors.md',
    ]));
  test('a row without a code', () =>
    assert.deepEqual(checkErrorCodes([], page), ['docs/errors.md:3: no code throws KPSS_A']));
  test('a row without a cure', () =>
    assert.match(checkErrorCodes([file], '| `KPSS_A` | why | |').join(), /no cause or no cure/));
  test('a row twice', () =>
    assert.match(checkErrorCodes([file], page + page).join(), /KPSS_A stands there twice/));
  test('a code that is put together', () =>
    assert.match(checkErrorCodes([file, built], page).join(), /c\.ts:1: .*write it out/));

  const paths = ['src/chain/bytes.ts', 'src/error.ts', 'docs/errors.md'];
  test('ARCHITECTURE.md is true', () => {
    const text =
      'In `chain/` is `chain/bytes.ts`, in `src/error.ts` the errors: `docs/errors.md`.\n  chain/   bytes';
    assert.deepEqual(checkArchitecture(text, paths), []);
  });
  test('it names a file that is not there', () =>
    assert.deepEqual(checkArchitecture('`chain/`\n`chain/hex.ts parse(line)`', paths), [
      'ARCHITECTURE.md:2: there is no chain/hex.ts',
    ]));
  test('bare names belong to the folder of their line', () => {
    assert.deepEqual(checkArchitecture('`src/chain/` has `bytes.ts`', paths), []);
    assert.deepEqual(checkArchitecture('`src/chain/`\n`bytes.ts`', paths), [
      'ARCHITECTURE.md:2: there is no bytes.ts',
    ]);
  });
  test('it draws a folder that is not there', () =>
    assert.deepEqual(checkArchitecture('`chain/`\n  novel/   things', paths), [
      'ARCHITECTURE.md:2: there is no novel/',
    ]));
  test('it leaves a folder out', () =>
    assert.deepEqual(checkArchitecture('nothing', paths), [
      'ARCHITECTURE.md: it does not describe src/chain/',
    ]));

  const place = (text: string): string[] => checkMachinePaths([{ path: 'a.md', text }]);
  test('places on one machine are found', () => {
    assert.equal(place(`see /${'work'}/main/a.ts`).length, 1);
    assert.equal(
      place(`first\nsee ../${'shared'}/PLAN.md`)[0],
      `a.md:2: ../${'shared'} is a place on one machine`,
    );
    assert.deepEqual(place('~/.raven/.cookie, network/work, /v1/homework/a, /tmp'), []);
  });

  test('what is left for later is found', () => {
    const unfinished = (text: string): string[] => checkUnfinished([{ path: 'a.ts', text }]);
    assert.equal(unfinished(`a\n// TO${'DO'} later`)[0]?.startsWith('a.ts:2: '), true);
    assert.deepEqual(unfinished("const mastodon = 'method';"), []);
  });
});
