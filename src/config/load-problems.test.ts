import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { bad, CONFIG_FOLDER, MAIN, resolve } from '../../test/support/config.ts';
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
    assert.deepEqual(bad(yaml), [
      'kpss.yaml:2: netwrk: unknown setting: did you mean network?',
      'kpss.yaml:4: stratum.port: expected a port number from 1 to 65535, or 0 for any free one, got "abc"',
      'kpss.yaml:5: stratum.hots: unknown setting: did you mean host?',
      'kpss.yaml:6: stratum.vardiff.min: expected at most max, 1, got 5',
      'kpss.yaml:8: payout.address: expected an address of ravencoin main, got "nonsense0": it has characters that no address has',
      'kpss.yaml:9: log.level: expected debug, info, warn or error, got "loud"',
      'kpss.yaml:10: instnces: unknown setting: did you mean instances?',
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
      'kpss.yaml:5: instances[1].stratum.port: expected a port number from 1 to 65535, or 0 for any free one, got "abc"',
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
    const clash = resolve('instances:\n  - { name: a }\n  - { name: b }\n');
    const names = clash.ok ? [] : clash.sound?.instances.map(({ name }) => name);
    assert.deepEqual(names, ['a'], 'the one whose port it is mines');
    assert.deepEqual(bad('coin: ravencoin\ncoal: 1\ninstances: [{}]'), [
      'kpss.yaml:1: coin: belongs into the list of instances, or the list away',
      'kpss.yaml:2: coal: unknown setting',
    ]);
    assert.match(
      bad('instances: []').join(),
      /expected a list with at least one instance, got an empty list$/,
    );
    assert.match(bad('instances: {}').join(), /expected a list with at least one instance, got a group/);
  });

  test('of flags name the flag', () => {
    const flags = { port: 'abc', coin: 'dogecoin', logLevel: 'x', node: 'ftp://a' };
    assert.deepEqual(bad('stratum: { port: 5 }', { flags }).sort(), [
      '--coin: expected ravencoin, neurai, satoxcoin, aipg or evrmore, got "dogecoin"',
      '--log-level: expected debug, info, warn or error, got "x"',
      '--port: expected a port number from 1 to 65535, or 0 for any free one, got "abc"',
    ]);
    assert.deepEqual(
      bad('instances: [{ name: a }, { name: b, stratum: { port: 1 } }]', { flags: { port: '5' } }),
      ['--port: the file has 2 instances, and a flag changes a single one'],
    );
  });

  test('of YAML itself have their line', () => {
    assert.match(bad('coin: ravencoin\n  network: main\n').join(), /^kpss\.yaml:[12]: /);
    const twice = 'stands here a second time in its group: keep one of them';
    assert.deepEqual(bad('coin: a\n"coin": b\n'), [`kpss.yaml:2: coin: ${twice}`]);
    assert.deepEqual(bad('node: { url: a,\n  url: b }'), [`kpss.yaml:2: url: ${twice}`]);
    assert.match(bad('- a\n- b\n').join(), /^kpss\.yaml:1: expected settings, got a list/);
    assert.match(bad('hello').join(), /^kpss\.yaml:1: expected settings, got "hello"/);
    assert.match(bad(`a: "${'x'.repeat(256 * 1024)}"`).join(), /^kpss\.yaml: too long/);
    const bomb = `a: &a [x]\n${'bcdefgh'.replace(/./g, (c) => `${c}: &${c} [${Array(9).fill(`*${String.fromCharCode(c.charCodeAt(0) - 1)}`)}]\n`)}`;
    assert.match(bad(bomb).join(), /^kpss\.yaml: Excessive alias count/);
  });

  test('of some other, large file are fifty, and told at once', () => {
    const keys = Array.from({ length: 30_000 }, (_, i) => `k${i.toString(36)}:\n`).join('');
    const told = bad(keys.replaceAll(':', ': 1').slice(0, -1));
    assert.equal(told.length, 51);
    assert.match(told[0] ?? '', /^kpss\.yaml:1: k0: unknown setting/);
    assert.equal(told.at(-1), 'and 29950 more');
    assert.match(
      bad(`${'y'.repeat(900)}: 1`).join(),
      /^kpss\.yaml:1: y{60}…: unknown setting; there are .{1,300}$/,
    );
  });

  test('of a thousand instances are one', () => {
    const text = bad(`instances:\n${'  - {}\n'.repeat(1_000)}`);
    assert.deepEqual(text, ['kpss.yaml:1: instances: expected at most 64 instances, got 1000']);
  });

  test('of a pipe in the place of the file are told without waiting', () => {
    if (process.platform === 'win32') return;
    const file = join(CONFIG_FOLDER, 'pipe.yaml');
    execFileSync('mkfifo', [file]);
    assert.deepEqual(resolveConfig({ file, flags: {}, env: {} }), {
      ok: false,
      problems: [`${file}: it is no file`],
    });
  });

  test('of a file that is not there say so', () => {
    const result = resolveConfig({ file: join(CONFIG_FOLDER, 'none.yaml'), flags: {}, env: {} });
    assert.deepEqual(result, {
      ok: false,
      problems: [`${join(CONFIG_FOLDER, 'none.yaml')}: there is no such file`],
    });
    const directory = resolveConfig({ file: CONFIG_FOLDER, flags: {}, env: {} });
    assert.ok(!directory.ok);
    assert.match(directory.problems.join(), /: it is no file$/);
  });

  test('of a coin say which networks it has, and that its cookie is not known', () => {
    assert.equal(
      bad('coin: neurai\nnetwork: test')[0],
      'kpss.yaml:2: network: expected main for neurai, got "test"',
    );
    assert.match(
      bad('coin: neurai').join(),
      /node\.user: is missing.*where neurai keeps its cookie is not known/,
    );
  });

  test('come in the order of the file, flags and environment first', () => {
    const yaml = `stratum: { port: abc, vardiff: { min: 0 } }
log: { level: 5 }
name: A
payout: { tag: 5, address: x1 }
`;
    const flags = { logFormat: 'x', host: '?' };
    const env = { KPSS_RPC_USER: 'a:b', KPSS_RPC_PASSWORD: 'x' };
    const places = bad(yaml, { flags, env }).map((problem) =>
      problem.slice(0, problem.indexOf(': expected')),
    );
    assert.deepEqual(places, [
      '--host',
      'KPSS_RPC_USER',
      '--log-format',
      'kpss.yaml:1: stratum.port',
      'kpss.yaml:1: stratum.vardiff.min',
      'kpss.yaml:2: log.level',
      'kpss.yaml:3: name',
      'kpss.yaml:4: payout.tag',
      'kpss.yaml:4: payout.address',
    ]);
  });

  test('of one setting hide no other of its group', () => {
    assert.deepEqual(bad('stratum:\n  vardiff:\n    min: 5\n    max: 1\n    start: abc\n'), [
      'kpss.yaml:3: stratum.vardiff.min: expected at most max, 1, got 5',
      'kpss.yaml:5: stratum.vardiff.start: expected a difficulty from 1e-10 to 1e12, got "abc"',
    ]);
    const yaml = `payout:
  recipients:
    - { address: nonsense0, percent: 200 }
    - { address: ${MAIN}, percent: 60, note: a }
    - { address: ${MAIN}, percent: 60 }
    - 7
  tag: ${'x'.repeat(92)}
`;
    assert.deepEqual(
      bad(yaml).map((problem) => problem.slice(0, 65)),
      [
        'kpss.yaml:2: payout.recipients: expected less than 100 percent together, got 120: the rest is the miner’s',
        'kpss.yaml:3: payout.recipients[0].address: expected an address of ravencoin main',
        'kpss.yaml:3: payout.recipients[0].percent: expected a percentage above 0 and below',
        'kpss.yaml:4: payout.recipients[1].note: unknown setting; there are address, percent',
        'kpss.yaml:6: payout.recipients[3]: expected a group of settings, got 7',
        'kpss.yaml:7: payout.tag: expected at most 91 bytes, got 92',
      ].map((problem) => problem.slice(0, 65)),
    );
    assert.equal(bad(`coin: ravencon\npayout: { tag: "${'x'.repeat(92)}" }`).length, 2);
  });

  test('of a setting that stands a level too high say where it belongs', () => {
    assert.deepEqual(bad(`payout:\naddress: ${MAIN}\nport: 4444\nmin: 5\nlevel: debug\n`), [
      'kpss.yaml:2: address: belongs under payout: indent it',
      'kpss.yaml:3: port: belongs under stratum or web: indent it',
      'kpss.yaml:4: min: belongs under stratum.vardiff: indent it',
      'kpss.yaml:5: level: belongs under log: indent it',
    ]);
    assert.deepEqual(bad('stratum: { vardiff: , start: 5 }\ninstnces: 5\nconstructor: 1'), [
      'kpss.yaml:1: stratum.start: belongs under vardiff: indent it',
      'kpss.yaml:2: instnces: unknown setting: did you mean instances?',
      'kpss.yaml:3: constructor: unknown setting; there are name, coin, network, node, nodes, tips, throttle, payout, stratum, verifier, web, log, dataDirectory, instances',
    ]);
    assert.deepEqual(bad('instances: [{ name: a, port: 5 }]'), [
      'kpss.yaml:1: instances[0].port: belongs under stratum: indent it',
    ]);
  });

  test('of a word that is nearly a right one say which is meant', () => {
    assert.deepEqual(bad('coin: ravencoinn\nnetwork: mainnet\nlog: { level: Warning, format: jsn }'), [
      'kpss.yaml:1: coin: expected ravencoin, neurai, satoxcoin, aipg or evrmore, got "ravencoinn": did you mean ravencoin?',
      'kpss.yaml:2: network: expected main, test or regtest, got "mainnet": did you mean main?',
      'kpss.yaml:3: log.level: expected debug, info, warn or error, got "Warning": did you mean warn?',
      'kpss.yaml:3: log.format: expected auto, pretty or json, got "jsn": did you mean json?',
    ]);
    assert.deepEqual(bad(undefined, { flags: { network: 'testnet' } }), [
      '--network: expected main, test or regtest, got "testnet": did you mean test?',
    ]);
    assert.deepEqual(bad('coin: evrmor'), [
      'kpss.yaml:1: coin: expected ravencoin, neurai, satoxcoin, aipg or evrmore, got "evrmor": did you mean evrmore?',
    ]);
    assert.deepEqual(bad('node: { rpcuser: me }'), [
      'kpss.yaml:1: node.rpcuser: unknown setting: did you mean user?',
    ]);
  });

  test('of a setting without a space after its colon say so', () => {
    const secret = 'hunter2';
    assert.deepEqual(bad(`node: { user:me, password:${secret} }`), [
      'kpss.yaml:1: node.user: put a space after the colon',
      'kpss.yaml:1: node.password: put a space after the colon',
    ]);
  });
});
