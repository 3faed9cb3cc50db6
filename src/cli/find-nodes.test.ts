import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONFIG_FOLDER } from '../../test/support/config.ts';
import type { Machine } from '../config/data-folder.ts';
import { findNodes } from './find-nodes.ts';

/** A machine with these files in ravend's folder. */
function machineWith(files: Readonly<Record<string, string>>): Machine {
  const homeFolder = mkdtempSync(join(CONFIG_FOLDER, 'home-'));
  for (const [name, text] of Object.entries(files)) {
    const path = join(homeFolder, '.raven', name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }
  return { platform: 'linux', homeFolder, env: {} };
}

async function find(machine: Machine, ...open: readonly number[]) {
  const found = await findNodes(machine, async (host, port) => {
    assert.equal(host, '127.0.0.1');
    return open.includes(port) ? { ok: true } : { ok: false, reason: 'connection refused' };
  });
  return (coin: string, name: string) =>
    found.find(({ network }) => network.coin === coin && network.name === name);
}

test('each network is looked for at its own RPC port', async () => {
  const node = await find(machineWith({}), 18766);
  assert.deepEqual([node('ravencoin', 'test')?.answers, node('ravencoin', 'main')?.answers], [true, false]);
  assert.equal(node('neurai', 'main')?.url, 'http://127.0.0.1:19001');
  assert.equal(node('evrmore', 'main')?.answers, false);
});

test('those that answer come first', async () => {
  const found = await findNodes(machineWith({}), async (_host, port) =>
    port === 19001 ? { ok: true } : { ok: false, reason: 'connection refused' },
  );
  assert.equal(found[0]?.network.coin, 'neurai');
});

test('raven.conf tells user, password and the port of its network, and nothing of another coin', async () => {
  const conf = 'testnet=1\nrpcuser=me\nrpcpassword=secret\nrpcport=19999\n';
  const node = await find(machineWith({ 'raven.conf': conf }), 19999);
  const own = node('ravencoin', 'test');
  assert.deepEqual([own?.url, own?.answers], ['http://127.0.0.1:19999', true]);
  assert.deepEqual(own?.login, { kind: 'password', user: 'me', password: 'secret' });
  assert.match(own?.loginFrom ?? '', /raven\.conf$/);
  assert.equal(node('ravencoin', 'main')?.url, 'http://127.0.0.1:8766');
  assert.equal(node('neurai', 'main')?.login, undefined);
});

test('a cookie is found where ravend writes it, and by its whole path where datadir leads elsewhere', async () => {
  const usual = await find(machineWith({ '.cookie': 'a:b', 'testnet7/.cookie': 'a:b' }));
  assert.deepEqual(usual('ravencoin', 'main')?.login, { kind: 'cookie', path: undefined });
  assert.deepEqual(usual('ravencoin', 'test')?.login, { kind: 'cookie', path: undefined });
  assert.equal(usual('ravencoin', 'regtest')?.login, undefined);
  const machine = machineWith({ 'elsewhere/.cookie': 'a:b' });
  const datadir = join(machine.homeFolder, '.raven', 'elsewhere');
  writeFileSync(join(machine.homeFolder, '.raven', 'raven.conf'), `datadir=${datadir}\n`);
  const moved = await find(machine);
  assert.deepEqual(moved('ravencoin', 'main')?.login, { kind: 'cookie', path: join(datadir, '.cookie') });
});
