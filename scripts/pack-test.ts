// `npm run test:pack`: packs the package as npm would publish it, installs that file in an empty folder and uses its
// `kpss`. Tests of the checkout cannot see a file missing from the package, an import that only TypeScript resolves, or
// a dependency that stands under devDependencies.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kpss-pack-'));
const installed = join(folder, 'empty');
/** Not the user's. */
const caches = join(folder, 'caches');
const data = join(folder, 'data');
const packageFolder = join(installed, 'node_modules', 'kpss');
/** npm over a slow line; the hash builds a light cache first. */
const timeoutMs = 180_000;

let passed = 0;
let failed = 0;

function step(name: string, body: () => void): void {
  try {
    body();
    passed++;
    console.log(`ok     ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAILED ${name}\n${error instanceof Error ? error.message : error}`);
  }
}

/** Runs a program; a failure carries all it printed. */
function run(program: string, args: readonly string[], cwd: string): string {
  // Our own Node comes first, since the package asks for 24 and the system's may be older.
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const result = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: timeoutMs,
    env: { ...process.env, PATH: path, KPSS_CACHE_DIRECTORY: caches, KPSS_DATA_DIRECTORY: data },
  });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0)
    throw new Error(`${program} ended with ${result.status}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

function npm(args: readonly string[], cwd: string): string {
  const script = process.env.npm_execpath;
  if (script !== undefined && basename(script) === 'npm-cli.js')
    return run(process.execPath, [script, ...args], cwd);
  return run('npm', args, cwd);
}

function kpss(args: readonly string[]): string {
  return run(process.execPath, [join(packageFolder, readBin()), ...args], installed);
}

function readBin(): string {
  const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    bin: { kpss: string };
  };
  return manifest.bin.kpss;
}

step('npm pack builds the package', () => {
  npm(['pack', '--pack-destination', folder], root);
  assert.ok(readdirSync(folder).some((file) => file.endsWith('.tgz')));
});

step('it installs in an empty folder', () => {
  mkdirSync(installed);
  writeFileSync(join(installed, 'package.json'), '{ "private": true }');
  const file = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  npm(['install', '--no-audit', '--no-fund', '--omit=dev', join(folder, file ?? 'nothing.tgz')], installed);
  assert.ok(
    existsSync(join(installed, 'node_modules', '.bin', process.platform === 'win32' ? 'kpss.cmd' : 'kpss')),
  );
});

step('it holds what is used and nothing else', () => {
  const files = readdirSync(packageFolder, { recursive: true, encoding: 'utf8' });
  const foreign = files.filter((file) => /\.test\.|^(src|test|scripts|bench)\b/.test(file));
  assert.deepEqual(foreign, []);
  // Messages name docs/errors.md, and docs/operations.md copies the unit from here.
  const wanted = [
    join('docs', 'errors.md'),
    join('docs', 'operations.md'),
    join('packaging', 'kpss.service'),
  ];
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', ...wanted])
    assert.ok(files.includes(file), `${file} is missing`);
});

step('kpss --version prints the version of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.equal(kpss(['--version']).trim(), version);
});

step('kpss hash computes a recorded vector in its worker thread', () => {
  const text = readFileSync(join(root, 'test', 'golden', 'kawpow', 'vectors.json'), 'utf8');
  const { vectors } = JSON.parse(text) as { vectors: Record<string, string | number>[] };
  const { height, headerHash, nonce, mixHash, finalHash } = vectors[1] ?? {};
  const printed = kpss([
    'hash',
    '--height',
    String(height),
    '--header',
    String(headerHash),
    '--nonce',
    String(nonce),
  ]);
  const answer = JSON.parse(printed) as Record<string, unknown>;
  assert.deepEqual([answer.mixHash, answer.finalHash], [mixHash, finalHash]);
});

step('kpss dev mines a block with the package’s miner threads', () => {
  assert.match(kpss(['dev', '--blocks', '1', '--port', '0', '--log-format', 'pretty']), /BLOCK 1 ACCEPTED/);
});

step('a program imports it, and TypeScript knows its types', () => {
  const settings = "{ payout: { address: 'nobody' }, stratum: { port: 0 } }";
  const program = [
    "import { createServer, KpssError } from 'kpss';",
    `try { createServer(${settings}); } catch (error) { console.log(error instanceof KpssError && error.code); }`,
  ];
  writeFileSync(join(installed, 'program.mjs'), program.join('\n'));
  assert.equal(run(process.execPath, ['program.mjs'], installed).trim(), 'KPSS_CONFIG');
  const typed = [
    "import { createServer, type KpssSettings, type ShareEvent } from 'kpss';",
    `const settings: KpssSettings = ${settings};`,
    'const server = createServer(settings, { authorize: async ({ workerName }) => workerName !== "guest" });',
    "server.on('share', ({ result }: ShareEvent) => { const text: string = result; void text; });",
    '// @ts-expect-error there is no such event',
    "server.on('shares', () => {});",
    'await server.stop();',
  ];
  writeFileSync(join(installed, 'typed.mts'), typed.join('\n'));
  const types = join(root, 'node_modules', '@types');
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--skipLibCheck'];
  const modules = ['--module', 'nodenext', '--target', 'es2024', '--typeRoots', types, '--types', 'node'];
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [compiler, '--noEmit', ...strict, ...modules, 'typed.mts'], installed);
});

rmSync(folder, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
