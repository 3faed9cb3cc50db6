import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { bad, CONFIG_FOLDER, type Given, good, LINUX } from '../../test/support/config.ts';
import type { Machine } from './data-folder.ts';

const HOMELESS: Machine = { ...LINUX, homeFolder: '' };

function directoryOf(yaml: string | undefined, given?: Given): string {
  return good(yaml, given).dataDirectory;
}

describe('the folder of found blocks', () => {
  test('is the user’s folder for data, where each system has it', () => {
    const folder = (machine: Machine) => directoryOf('', { machine });
    assert.equal(folder(LINUX), '/srv/miner/.local/share/kpss');
    const env = { XDG_DATA_HOME: '/big/disk', XDG_CACHE_HOME: '/small/disk' };
    assert.equal(folder({ ...LINUX, env }), '/big/disk/kpss');
    assert.equal(folder({ ...LINUX, env: { XDG_DATA_HOME: 'x' } }), '/srv/miner/.local/share/kpss');
    const mac: Machine = { platform: 'darwin', homeFolder: '/Users/m', env };
    assert.equal(folder(mac), '/Users/m/Library/Application Support/kpss');
    const windows: Machine = { platform: 'win32', homeFolder: 'C:\\Users\\m', env: {} };
    assert.equal(folder(windows), 'C:\\Users\\m\\AppData\\Local\\kpss\\data');
    assert.equal(folder({ ...windows, env: { LOCALAPPDATA: 'D:\\local' } }), 'D:\\local\\kpss\\data');
  });

  test('is below the folder started in for a user without a home', () => {
    assert.equal(directoryOf('', { machine: HOMELESS }), resolve('kpss-data'));
    assert.equal(directoryOf(undefined, { machine: HOMELESS }), resolve('kpss-data'));
    assert.equal(directoryOf('', { machine: { ...HOMELESS, env: { XDG_DATA_HOME: '/x' } } }), '/x/kpss');
    assert.deepEqual(bad('name: a\ndataDirectory: ~/blocks', { machine: HOMELESS }), [
      'kpss.yaml:2: dataDirectory: this user has no home folder that ~ could stand for: write the whole path',
    ]);
  });

  test('is as the file says: from the file’s folder or from home', () => {
    assert.equal(directoryOf('dataDirectory: blocks'), join(CONFIG_FOLDER, 'blocks'));
    assert.equal(directoryOf('dataDirectory: ./off'), join(CONFIG_FOLDER, 'off'));
    assert.equal(directoryOf('dataDirectory: ~/blocks'), '/srv/miner/blocks');
    assert.equal(directoryOf('{ dataDirectory: /blocks, instances: [{ name: a }] }'), '/blocks');
  });

  test('is as the environment says before all else', () => {
    const given = (variable: string) => ({ env: { KPSS_DATA_DIRECTORY: variable } });
    for (const yaml of ['dataDirectory: /blocks', 'dataDirectory: off', undefined]) {
      assert.equal(directoryOf(yaml, given('/var/lib/kpss')), '/var/lib/kpss');
      assert.equal(directoryOf(yaml, given('~/blocks')), '/srv/miner/blocks');
      assert.equal(directoryOf(yaml, given('blocks')), resolve('blocks'));
    }
    assert.equal(directoryOf('dataDirectory: /blocks', given('')), '/blocks');
  });

  test('cannot be none', () => {
    const expected = 'expected the path of a folder, since found blocks are always written down, got';
    for (const [value, shown] of [
      ['off', '"off"'],
      ['No', '"No"'],
      ['false', 'false'],
      ['""', '""'],
      ['[a]', 'a list'],
      ['5', '5'],
    ]) {
      assert.deepEqual(bad(`name: a\ndataDirectory: ${value}\n`), [
        `kpss.yaml:2: dataDirectory: ${expected} ${shown}`,
      ]);
    }
    assert.deepEqual(bad('', { env: { KPSS_DATA_DIRECTORY: 'off' } }), [
      `KPSS_DATA_DIRECTORY: ${expected} "off"`,
    ]);
    assert.deepEqual(bad('instances: [{ name: a, dataDirectory: /x }]'), [
      'kpss.yaml:1: instances[0].dataDirectory: belongs beside the list of instances: it counts for all of them',
    ]);
  });
});
