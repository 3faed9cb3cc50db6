import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CONFIG_FOLDER, MAIN, resolve } from '../../test/support/config.ts';
import { readGoldenText } from '../../test/support/golden.ts';
import { runImport } from './import.ts';

const GOLDEN = fileURLToPath(new URL('../../test/golden/import', import.meta.url));

interface Run {
  readonly code: number;
  /** Standard output. */
  readonly yaml: string;
  /** Standard error. */
  readonly report: string;
}

function run(file: string, output?: string, env: Readonly<Record<string, string>> = {}): Run {
  let yaml = '';
  const lines: string[] = [];
  const io = { env, print: (text: string) => (yaml += text), complain: (line: string) => lines.push(line) };
  const code = runImport({ file, output }, io);
  return { code, yaml, report: lines.join('\n') };
}

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(CONFIG_FOLDER, 'import-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Runs over a file with this text. */
function runText(text: string, name = 'server.js'): Run {
  return run(join(folderOf({ [name]: text }), name));
}

const POOL = `createPool({
  coin: { name: 'Ravencoin', symbol: 'RVN', algorithm: 'kawpow' },
  address: '${MAIN}',
  daemons: [{ host: '127.0.0.1', port: 8766, user: 'kpss', password: 'secret-word' }],
  ports: { 3333: { diff: 0.05 } },
});`;

describe('kpss import', () => {
  // What cannot be read, its owner puts into the environment.
  const passwords = {
    'two-pools.js': { KPSS_RPC_PASSWORD_RAVENCOIN_REGTEST: 'a' },
    'with-config.js': { KPSS_RPC_PASSWORD: 'a' },
  };
  for (const [name, env] of Object.entries({ 'one-pool.js': {}, 'pool.json': {}, ...passwords })) {
    test(`makes of ${name} what stands beside it, and kpss start takes it`, () => {
      const { code, yaml, report } = run(join(GOLDEN, name), undefined, env);
      assert.equal(yaml, readGoldenText(`import/${name.replace(/\..*$/, '.yaml')}`));
      assert.equal(code, 0, report);
    });
  }

  test('makes what kpss start takes, and ends with 0', () => {
    const { code, yaml, report } = runText(POOL);
    assert.equal(code, 0, report);
    const result = resolve(yaml);
    assert.ok(result.ok, result.ok ? '' : result.problems.join('\n'));
    const [instance] = result.config.instances;
    assert.equal(instance?.payoutAddress, MAIN);
    assert.equal(instance?.nodes[0]?.url, 'http://127.0.0.1:8766');
    assert.match(report, /--output kpss\.yaml writes it into a file/);
  });

  test('writes a file that only its owner can read, and never over one that is there', () => {
    const folder = folderOf({ 'server.js': POOL, 'there.yaml': 'coin: ravencoin\n' });
    const output = join(folder, 'kpss.yaml');
    const written = run(join(folder, 'server.js'), output);
    assert.equal(written.code, 0, written.report);
    assert.equal(written.yaml, '');
    assert.equal(statSync(output).mode & 0o777, 0o600);
    assert.match(readFileSync(output, 'utf8'), /password: secret-word/);
    symlinkSync('nowhere', join(folder, 'link.yaml'));
    for (const name of ['kpss.yaml', 'there.yaml', 'link.yaml']) {
      const refused = run(join(folder, 'server.js'), join(folder, name));
      assert.equal(refused.code, 2);
      assert.match(refused.report, new RegExp(`${name} is there already, and stays as it is`));
    }
    assert.equal(readFileSync(join(folder, 'there.yaml'), 'utf8'), 'coin: ravencoin\n');
  });

  test('shows no password, wherever in the file it stands', () => {
    const text = POOL.replace("'secret-word'", "process.env.PASS || 'secret-' + 'word'");
    const inHost = POOL.replace("'127.0.0.1'", "'http://kpss:secret-word@127.0.0.1'").replace(
      /user: .*word',? /,
      '',
    );
    for (const { code, report } of [
      runText(POOL),
      runText(inHost),
      runText(text),
      runText(text.replace("user: 'kpss'", 'user: 5')),
    ]) {
      assert.equal(code, 0, report);
      assert.doesNotMatch(report, /secret|kpss'/);
    }
  });

  test('with a password that cannot be read ends with 1, and says where it goes', () => {
    const { code, yaml, report } = runText(POOL.replace("'secret-word'", 'process.env.RPC_PASS'));
    assert.equal(code, 1);
    assert.match(yaml, /# write password below it, or set KPSS_RPC_PASSWORD in the environment/);
    assert.match(report, /server\.js:4: daemons\.password: process\.env\.RPC_PASS cannot be read as data/);
    assert.match(
      report,
      /kpss start will not take it before this is mended:\n {2}kpss\.yaml:\d+: node\.password: is missing/,
    );
  });

  test('without an address puts a placeholder, which kpss start refuses, so that nobody else is paid', () => {
    const { code, yaml, report } = runText(POOL.replace(`'${MAIN}'`, 'wallet()'));
    assert.equal(code, 1);
    assert.match(yaml, /address: YOUR_ADDRESS/);
    assert.match(report, /address: a call of wallet cannot be read as data: left out/);
    assert.match(report, /payout\.address: .* still a placeholder/);
  });

  test('leaves out a pool that KPSS cannot mine, and ends with 2 if there is no other', () => {
    const scrypt = POOL.replace('kawpow', 'scrypt');
    const alone = runText(scrypt);
    assert.equal(alone.code, 2);
    assert.equal(alone.yaml, '');
    assert.match(
      alone.report,
      /server\.js:2: coin\.algorithm: scrypt is refused: KPSS mines kawpow; this pool is left out/,
    );
    const unknown = runText(POOL.replace('Ravencoin', 'Doge').replace('RVN', 'DOGE'));
    assert.equal(unknown.code, 2);
    assert.match(unknown.report, /coin: DOGE, Doge is no coin KPSS can mine \(ravencoin, /);
    const both = runText(`${scrypt}\n${POOL}`);
    assert.equal(both.code, 0, both.report);
    assert.doesNotMatch(both.yaml, /instances/);
  });

  test('says why there is nothing to read', () => {
    const folder = folderOf({
      'long.js': `// ${'x'.repeat(1024 * 1024)}`,
      'other.js': 'console.log(1)',
      'broken.js': 'var a = {\n  b: }',
    });
    const told = (name: string) => {
      const { code, report } = run(join(folder, name));
      assert.equal(code, 2);
      return report.replaceAll(`${folder}/`, '');
    };
    assert.equal(told('gone.js'), 'kpss import: gone.js: there is no such file');
    assert.equal(
      told('long.js'),
      'kpss import: long.js: too long for a configuration: 1024 KiB are the most',
    );
    assert.equal(told('.'), `kpss import: ${folder}: it is no file`);
    assert.equal(
      told('other.js'),
      'kpss import: other.js has no call of createPool, and no object with the options of a pool',
    );
    assert.equal(
      told('broken.js'),
      'kpss import: broken.js:2:6: this is no JavaScript that can be read: Unexpected token',
    );
  });

  test('runs nothing of the file', () => {
    const { code, yaml, report } = run(join(GOLDEN, 'hostile.js'));
    assert.equal(code, 1);
    assert.equal(yaml, readGoldenText('import/hostile.yaml'));
    const [, toMend = ''] = report.split('before this is mended:');
    assert.match(
      toMend,
      /^\n {2}kpss\.yaml:8: node\.user: [^\n]*\n {2}kpss\.yaml:11: payout\.address: [^\n]*placeholder[^\n]*$/,
    );
    assert.ok(!existsSync('hostile-was-here'));
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is for
    assert.doesNotMatch(report, /[\u0000-\u0009\u000b-\u001f]/);
  });

  test('a file that cannot be written is told', () => {
    const folder = folderOf({ 'server.js': POOL });
    const { code, report } = run(join(folder, 'server.js'), join(folder, 'no', 'kpss.yaml'));
    assert.equal(code, 2);
    assert.match(report, /kpss\.yaml cannot be written: ENOENT/);
  });
});
