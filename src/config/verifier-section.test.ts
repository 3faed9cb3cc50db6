import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { bad, CONFIG_FOLDER, type Given, good, LINUX } from '../../test/support/config.ts';
import { cacheDirectory } from './cache-folder.ts';
import type { Machine } from './data-folder.ts';

const WINDOWS: Machine = {
  platform: 'win32',
  homeFolder: 'C:\\Users\\m',
  env: { LOCALAPPDATA: 'D:\\local', XDG_CACHE_HOME: '/x' },
};
const MAC: Machine = { platform: 'darwin', homeFolder: '/Users/m', env: { XDG_CACHE_HOME: '/x' } };
const HOMELESS: Machine = { platform: 'linux', homeFolder: '', env: {} };

function directoryOf(yaml: string | undefined, given?: Given): string | undefined {
  return good(yaml, given).verifier.cacheDirectory;
}

describe('the folder of light caches', () => {
  test('is the user’s folder for caches, where each system has it', () => {
    const folder = (machine: Machine) => cacheDirectory({}, machine);
    assert.equal(folder(LINUX), '/srv/miner/.cache/kpss');
    assert.equal(folder({ ...LINUX, env: { XDG_CACHE_HOME: '/big/disk' } }), '/big/disk/kpss');
    assert.equal(folder({ ...LINUX, env: { XDG_CACHE_HOME: 'relative' } }), '/srv/miner/.cache/kpss');
    assert.equal(folder({ ...LINUX, env: { XDG_CACHE_HOME: '' } }), '/srv/miner/.cache/kpss');
    assert.equal(folder(MAC), '/Users/m/Library/Caches/kpss');
    assert.equal(folder(WINDOWS), 'D:\\local\\kpss\\cache');
    assert.equal(folder({ ...WINDOWS, env: {} }), 'C:\\Users\\m\\AppData\\Local\\kpss\\cache');
  });

  test('is none without a home, unless another one is named', () => {
    assert.equal(cacheDirectory({}, HOMELESS), undefined);
    assert.equal(directoryOf('verifier: { cacheDirectory: ~/caches }', { machine: HOMELESS }), undefined);
    assert.equal(directoryOf('verifier: { cacheDirectory: /caches }', { machine: HOMELESS }), '/caches');
    const machine = { ...HOMELESS, env: { XDG_CACHE_HOME: '/x' } };
    assert.equal(cacheDirectory({}, machine), '/x/kpss');
  });

  test('is as the file says: from the file’s folder, from home, or none', () => {
    const path = (text: string) => directoryOf(`verifier:\n  cacheDirectory: ${text}\n`);
    assert.equal(path('caches'), join(CONFIG_FOLDER, 'caches'));
    assert.equal(path('../caches'), resolve(CONFIG_FOLDER, '../caches'));
    assert.equal(path('./off'), join(CONFIG_FOLDER, 'off'));
    assert.equal(path('/big/disk'), '/big/disk');
    assert.equal(path('~/caches'), '/srv/miner/caches');
    assert.equal(path('"~"'), '/srv/miner');
    assert.equal(path('~other/caches'), join(CONFIG_FOLDER, '~other/caches'));
    assert.equal(path('off'), undefined);
  });

  test('is as the environment says before all else, without a file too', () => {
    const given = (variable: string) => ({ env: { KPSS_CACHE_DIRECTORY: variable } });
    for (const yaml of [
      'verifier: { cacheDirectory: /caches }',
      'verifier: { cacheDirectory: off }',
      undefined,
    ]) {
      assert.equal(directoryOf(yaml, given('/var/cache/kpss')), '/var/cache/kpss');
      assert.equal(directoryOf(yaml, given('~/caches')), '/srv/miner/caches');
      assert.equal(directoryOf(yaml, given('caches')), resolve('caches'));
      assert.equal(directoryOf(yaml, given('off')), undefined);
    }
    assert.equal(directoryOf('verifier: { cacheDirectory: /caches }', given('')), '/caches');
  });
});

test('threads and dag have defaults, and are taken as they stand', () => {
  const { verifier } = good('');
  assert.equal(verifier.threads, Math.min(64, Math.max(1, availableParallelism() - 1)));
  assert.equal(verifier.dag, 'off');
  for (const dag of ['off', 'auto', 'on']) {
    const config = good(`verifier: { threads: 64, dag: ${dag} }\ninstances: [{ name: a }]`);
    assert.deepEqual([config.verifier.threads, config.verifier.dag], [64, dag]);
  }
});

test('what is wrong is told with what was expected', () => {
  const directory = 'verifier.cacheDirectory: expected the path of a folder, or off, got';
  const dag = 'verifier.dag: expected off, auto or on, got';
  const threads = 'verifier.threads: expected a whole number of threads, from 1 to 64, got';
  for (const [setting, problem] of [
    ['cacheDirectory: false', `${directory} false`],
    ['cacheDirectory: true', `${directory} true`],
    ['cacheDirectory: no', `${directory} "no"`],
    ['cacheDirectory: Off', `${directory} "Off"`],
    ['cacheDirectory: ""', `${directory} ""`],
    ['dag: true', `${dag} true`],
    ['dag: false', `${dag} false`],
    ['dag: yes', `${dag} "yes"`],
    ['dag: atuo', `${dag} "atuo": did you mean auto?`],
    ['threads: 0', `${threads} 0`],
    ['threads: 65', `${threads} 65`],
    ['threads: 1.5', `${threads} 1.5`],
    ['threads: "2"', `${threads} "2"`],
    ['thread: 2', 'verifier.thread: unknown setting: did you mean threads?'],
  ]) {
    assert.deepEqual(bad(`verifier:\n  ${setting}\n`), [`kpss.yaml:2: ${problem}`]);
  }
  assert.deepEqual(bad('threads: 2\n'), ['kpss.yaml:1: threads: belongs under verifier: indent it']);
  assert.deepEqual(bad('verifier: off\n'), [
    'kpss.yaml:1: verifier: expected a group of settings, got "off"',
  ]);
});
