import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bad, only, resolve } from '../../test/support/config.ts';
import { KpssProcess, stopAllKpss } from '../../test/support/kpss-process.ts';
import { onlyPort } from '../../test/support/stratum-options.ts';
import { findMisplaced } from './misplaced.ts';
import { createProgram } from './program.ts';

const folders: string[] = [];
after(async () => {
  await stopAllKpss();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder but for these files. */
function folderWith(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'kpss-start-'));
  folders.push(folder);
  for (const name of names) writeFileSync(join(folder, name), 'network: regtest\n');
  return folder;
}

test('a file that was meant to be kpss.yaml is noticed', () => {
  const nearly = [
    ...['kpss.yml', 'kpss.yaml.txt', 'kpss.json', 'KPSS.YAML', 'kpss (1).yaml', 'kpss-main.yml', 'kpss.txt'],
    ...['.kpss.yaml', 'kpss.yaml.yaml'],
  ];
  for (const name of nearly) {
    const folder = folderWith(name);
    const sentence = `${folder}: kpss start reads kpss.yaml, and here is ${name}: rename it, or add --config "${name}"`;
    assert.deepEqual(findMisplaced(folder, {}), [sentence]);
  }
  assert.deepEqual(
    findMisplaced(folderWith('package.json', 'kpss-0.1.0.tgz', 'kpss.log', 'other.yaml'), {}),
    [],
  );
  assert.deepEqual(findMisplaced(join(folderWith(), 'none'), {}), []);
});

test('a login in the environment without a node is noticed', () => {
  const folder = folderWith();
  const cure = 'but nothing says for which node: add --node http://127.0.0.1:8766, or write kpss.yaml';
  assert.deepEqual(findMisplaced(folder, { KPSS_RPC_USER: 'a', KPSS_RPC_PASSWORD: 'b' }), [
    `KPSS_RPC_USER and KPSS_RPC_PASSWORD are set, ${cure}`,
  ]);
  assert.deepEqual(findMisplaced(folder, { KPSS_RPC_PASSWORD_A: 'b' }), [
    `KPSS_RPC_PASSWORD_A is set, ${cure}`,
  ]);
  assert.deepEqual(findMisplaced(folder, { KPSS_RPC_PASSWORD: '' }), []);
});

test('kpss start refuses to guess that the devnet is meant', async () => {
  const folder = folderWith('kpss.yml');
  const kpss = new KpssProcess(['start', '--log-level', 'warn'], {
    cwd: folder,
    env: { KPSS_RPC_USER: 'hunter2' },
  });
  assert.equal(await kpss.exit(), 2);
  assert.equal(kpss.stdout, '');
  assert.match(kpss.stderr, /here is kpss\.yml: rename it, or add --config "kpss\.yml"/);
  assert.match(kpss.stderr, /KPSS_RPC_USER is set, but nothing says for which node/);
  assert.match(kpss.stderr, /nothing was started; for the devnet, .*npm run kpss -- dev/);
  assert.doesNotMatch(kpss.stderr, /hunter2/);
});

test('a setting’s own name moves no cursor when it is told to be unknown', async () => {
  const folder = folderWith();
  writeFileSync(join(folder, 'kpss.yaml'), '"a\\e[2Jb": 1\n');
  const kpss = new KpssProcess(['start'], { cwd: folder });
  assert.equal(await kpss.exit(), 2);
  assert.match(kpss.stderr, /^kpss\.yaml:1: a \[2Jb: unknown setting/);
});

test('--host opens the miners’ port to others', async () => {
  const folder = folderWith();
  const kpss = new KpssProcess(['start', '--host', '0.0.0.0', '--port', '0', '--network', 'regtest'], {
    cwd: folder,
    env: { HOME: folder },
  });
  const { host } = await kpss.line((line) => line.msg.includes('miners connect to'));
  assert.equal(host, '0.0.0.0');
  assert.equal(await kpss.stop(), 0);
  assert.match(bad(undefined, { flags: { host: 'a b' } }).join(), /^--host: expected an IP address/);
});

test('the help says what holds without flags', () => {
  const start = createProgram(() => {}).commands.find((command) => command.name() === 'start');
  const help = start?.helpInformation().replaceAll(/\s+/g, ' ') ?? '';
  const result = resolve(undefined);
  assert.ok(result.ok);
  const { stratum, network, nodes } = only(result.config);
  const defaults: Record<string, string | number> = {
    host: onlyPort(stratum).host,
    port: onlyPort(stratum).port,
    network: network.name,
    coin: network.coin,
    node: nodes[0]?.url ?? '',
  };
  for (const [flag, value] of Object.entries(defaults)) {
    assert.match(help, new RegExp(`--${flag} <[^-]*\\(default: ${value}\\)`), flag);
  }
});
