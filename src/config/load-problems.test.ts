import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { bad, CONFIG_FOLDER } from '../../test/support/config.ts';
import { resolveConfig } from './load.ts';

describe('problems', () => {
  test('name file, line, key, what was expected and what was found, all at once', () => {
    const yaml = `coin: ravencoin
netwrk: test
stratum:
  port: abc
  hots: 1.2.3.4
  vardiff: { min: 5, max: 1 }
payout:
  address: nonsense0
log: { level: loud }
instnces: []
`;
    assert.deepEqual(bad(yaml).sort(), [
      'kpss.yaml:10: instnces: unknown setting: did you mean instances?',
      'kpss.yaml:2: netwrk: unknown setting: did you mean network?',
      'kpss.yaml:4: stratum.port: expected a port number from 1 to 65535, got "abc"',
      'kpss.yaml:5: stratum.hots: unknown setting: did you mean host?',
      'kpss.yaml:6: stratum.vardiff.min: expected at most max, 1, got 5',
      'kpss.yaml:8: payout.address: expected an address of ravencoin main, got "nonsense0": it has characters that no address has',
      'kpss.yaml:9: log.level: expected debug, info, warn or error, got "loud"',
    ]);
  });

  test('in a list of instances say in which', () => {
    const yaml = `instances:
  - { name: a }
  - name: b
    stratum:
      port: abc
  - 7
`;
    assert.deepEqual(bad(yaml), [
      'kpss.yaml:5: instances[1].stratum.port: expected a port number from 1 to 65535, got "abc"',
      'kpss.yaml:6: instances[2]: expected a group of settings, got 7',
    ]);
  });

  test('are found between instances', () => {
    assert.deepEqual(bad('instances:\n  - { stratum: { port: 1 } }\n  - { stratum: { port: 2 } }\n'), [
      'kpss.yaml:3: instances[1].name: another instance is called ravencoin-main too: give each a name',
    ]);
    assert.deepEqual(bad('instances:\n  - { name: a }\n  - { name: b }\n'), [
      'kpss.yaml:3: instances[1].stratum.port: 3333 is the port of a already',
    ]);
    assert.deepEqual(bad('coin: ravencoin\ncoal: 1\ninstances: [{}]'), [
      'kpss.yaml:1: coin: belongs into the list of instances, or the list away',
      'kpss.yaml:2: coal: unknown setting',
    ]);
    assert.match(bad('instances: []').join(), /expected a list with at least one instance, got a list/);
    assert.match(bad('instances: {}').join(), /expected a list with at least one instance, got a group/);
  });

  test('of flags name the flag', () => {
    const flags = { port: 'abc', coin: 'dogecoin', logLevel: 'x', node: 'ftp://a' };
    assert.deepEqual(bad('stratum: { port: 5 }', { flags }).sort(), [
      '--coin: expected ravencoin, neurai, satoxcoin, aipg or evrmore, got "dogecoin"',
      '--log-level: expected debug, info, warn or error, got "x"',
      '--port: expected a port number from 1 to 65535, got "abc"',
    ]);
    assert.deepEqual(
      bad('instances: [{ name: a }, { name: b, stratum: { port: 1 } }]', { flags: { port: '5' } }),
      ['--port: the file has 2 instances, and a flag changes a single one'],
    );
  });

  test('of YAML itself have their line', () => {
    assert.match(bad('coin: ravencoin\n  network: main\n').join(), /^kpss\.yaml:[12]: /);
    assert.match(bad('coin: a\ncoin: b\n').join(), /^kpss\.yaml:2: Map keys must be unique/);
    assert.match(bad('- a\n- b\n').join(), /^kpss\.yaml:1: expected settings, got a list/);
    assert.match(bad('hello').join(), /^kpss\.yaml:1: expected settings, got "hello"/);
    assert.match(bad(`a: "${'x'.repeat(1024 * 1024)}"`).join(), /^kpss\.yaml: too long/);
    const bomb = `a: &a [x]\n${'bcdefgh'.replace(/./g, (c) => `${c}: &${c} [${Array(9).fill(`*${String.fromCharCode(c.charCodeAt(0) - 1)}`)}]\n`)}`;
    assert.match(bad(bomb).join(), /^kpss\.yaml: Excessive alias count/);
  });

  test('of a file that is not there say so', () => {
    const result = resolveConfig({ file: join(CONFIG_FOLDER, 'none.yaml'), flags: {}, env: {} });
    assert.deepEqual(result, {
      ok: false,
      problems: [`${join(CONFIG_FOLDER, 'none.yaml')}: there is no such file`],
    });
    const directory = resolveConfig({ file: CONFIG_FOLDER, flags: {}, env: {} });
    assert.ok(!directory.ok);
    assert.match(directory.problems.join(), /cannot be read \(EISDIR\)/);
  });

  test('of coins that cannot be mined yet say why', () => {
    assert.match(
      bad('coin: evrmore\nnode: { user: a, password: b }').join(),
      /^kpss\.yaml:1: coin: evrmore cannot be mined/,
    );
    assert.match(bad('coin: aipg').join(), /the outputs that its blocks must have/);
    assert.equal(
      bad('coin: neurai\nnetwork: test')[0],
      'kpss.yaml:2: network: expected main for neurai, got "test"',
    );
    assert.match(
      bad('coin: neurai').join(),
      /node\.user: is missing.*where neurai keeps its cookie is not known/,
    );
  });
});
