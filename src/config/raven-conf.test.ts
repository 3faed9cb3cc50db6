import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONFIG_FOLDER } from '../../test/support/config.ts';
import { ravenConfPath } from './data-folder.ts';
import { parseRavenConf, readRavenConf } from './raven-conf.ts';

test('user, password and port of a raven.conf, whatever else stands in it', () => {
  const text = [
    '# my node',
    'server=1',
    '  rpcuser = miner  # of KPSS',
    'rpcpassword=a=b$(rm -rf ~)`x`',
    'rpcpassword=second',
    'rpcport=18999',
    'testnet=1',
    'datadir=/mnt/raven',
    'no line of ours',
    '[main]',
  ].join('\r\n');
  assert.deepEqual(parseRavenConf(text), {
    network: 'test',
    rpcUser: 'miner',
    rpcPassword: 'a=b$(rm -rf ~)`x`',
    rpcPort: 18999,
    dataDir: '/mnt/raven',
  });
});

test('what is not set is not there', () => {
  const none = { rpcUser: undefined, rpcPassword: undefined, rpcPort: undefined, dataDir: undefined };
  assert.deepEqual(parseRavenConf('testnet=0\nrpcport=99999\nrpcuser=\n'), { network: 'main', ...none });
  assert.deepEqual(parseRavenConf('regtest=1\n'), { network: 'regtest', ...none });
});

test('a raven.conf is read where ravend has it, and one that is not there is none', () => {
  const machine = { platform: 'linux', homeFolder: CONFIG_FOLDER, env: {} } as const;
  assert.equal(readRavenConf(ravenConfPath(machine)), undefined);
  mkdirSync(join(CONFIG_FOLDER, '.raven'));
  writeFileSync(join(CONFIG_FOLDER, '.raven', 'raven.conf'), 'rpcuser=me\n');
  assert.equal(readRavenConf(ravenConfPath(machine))?.rpcUser, 'me');
  const folder = { ...machine, homeFolder: join(CONFIG_FOLDER, '.raven', 'raven.conf') };
  assert.equal(readRavenConf(ravenConfPath(folder)), undefined);
});

test('a pipe in the place of a raven.conf is not waited for', () => {
  if (process.platform === 'win32') return;
  const path = join(CONFIG_FOLDER, 'pipe.conf');
  execFileSync('mkfifo', [path]);
  assert.equal(readRavenConf(path), undefined);
});
