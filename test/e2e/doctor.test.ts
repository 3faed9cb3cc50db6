import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeAddress } from '../../src/chain/address.ts';
import { KpssProcess, stopAllKpss } from '../support/kpss-process.ts';

const ADDRESS = encodeAddress(111, new Uint8Array(20).fill(9));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kpss-doctor-')));
after(async () => {
  await stopAllKpss();
  rmSync(folder, { recursive: true, force: true });
});

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Runs a command to its end; standard input is no terminal. */
function run(...args: readonly string[]) {
  const env = { ...process.env, KPSS_CACHE_DIRECTORY: 'off', KPSS_DATA_DIRECTORY: folder };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

interface Report {
  readonly ok: boolean;
  readonly checks: readonly { readonly id: string; readonly verdict: string; readonly sentence: string }[];
}

test('init writes a kpss.yaml for a devnet’s node, the doctor is content with it, and a cut node is red', async () => {
  const devnet = new KpssProcess(['dev', '--port', '0', '--threads', '0'], { cwd: folder });
  const { msg } = await devnet.line((line) => line.msg.includes('answers ravend'));
  const host = /http:\/\/(127\.0\.0\.1:\d+)/.exec(msg)?.[1] ?? '';

  const refused = run('init');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^kpss init: there is no terminal to ask in/);
  assert.deepEqual(readdirSync(folder), []);

  const node = `http://devnet:devnet@${host}`;
  const flags = ['--network', 'regtest', '--port', '0', '--node', node, '--address', ADDRESS];
  const written = run('init', '--yes', ...flags);
  assert.equal(written.code, 0, written.stderr);
  assert.match(written.stdout, /^kpss\.yaml is written\..+\n\nConfiguration\n/);
  // No terminal: no colours.
  assert.ok(!written.stdout.includes('\u001b'));

  const healthy = run('doctor', '--json');
  const report = JSON.parse(healthy.stdout) as Report;
  assert.deepEqual(
    report.checks.filter(({ verdict }) => verdict === 'red'),
    [],
  );
  assert.deepEqual([healthy.code, report.ok], [0, true]);
  const verdicts = Object.fromEntries(report.checks.map(({ id, verdict }) => [id, verdict]));
  for (const id of [
    'node.answers',
    'node.login',
    'node.template',
    'node.payout',
    'node.proposal',
    'machine.verifier',
  ])
    assert.equal(verdicts[id], 'green', id);

  await devnet.stop();
  const cut = run('doctor');
  assert.equal(cut.code, 1);
  assert.match(cut.stdout, /1 thing stands between here and a found block/);
  // It looks, and changes nothing.
  assert.deepEqual(readdirSync(folder), ['kpss.yaml']);
});
