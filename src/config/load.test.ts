import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  bad,
  good,
  LINUX,
  MAIN,
  MAIN_P2SH,
  only,
  onlyNode,
  resolve,
  TEST,
} from '../../test/support/config.ts';
import { onlyPort } from '../../test/support/stratum-options.ts';
import { decodeAddress } from '../chain/address.ts';
import { bytesToHex } from '../chain/bytes.ts';
import { NETWORKS } from '../chain/coins.ts';
import { DEFAULT_BANNING, DEFAULT_LIMITS } from '../stratum/limits.ts';
import type { Machine } from './data-folder.ts';

function scriptOf(address: string): string {
  for (const network of NETWORKS) {
    const decoded = decodeAddress(address, network);
    if (decoded.ok) return bytesToHex(decoded.script);
  }
  throw new Error(`no network has ${address}`);
}

describe('a whole file', () => {
  const yaml = `
coin: ravencoin
network: main
node: { url: "http://10.0.0.5:8766", user: rvn, password: "secret" }
tips: { pollMs: 100, refreshS: 20, askAfterFound: false }
throttle: { blocksPerHour: 30, minBlockIntervalS: 90, pauseAboveDifficulty: 5000 }
payout:
  address: ${MAIN}
  recipients:
    - { address: ${MAIN_P2SH}, percent: 1.5 }
    - { address: ${MAIN}, percent: 0.0001 }
  tag: /mine/
stratum:
  host: 0.0.0.0
  port: 4444
  vardiff: { min: 0.001, max: 8, start: 0.5, targetTimeS: 5, retargetTimeS: 30, variancePercent: 25 }
  login: { password: hush, allow: [home] }
log: { level: debug, format: json }
web: { host: "::1", port: 80 }
dataDirectory: /var/lib/kpss
`;

  test('is taken as it stands', () => {
    const { log, ...config } = good(yaml);
    const { payout, network, ...rest } = only(config);
    assert.deepEqual([network.coin, network.name], ['ravencoin', 'main']);
    assert.deepEqual(rest, {
      name: 'ravencoin-main',
      nodes: [
        {
          name: '10.0.0.5:8766',
          url: 'http://10.0.0.5:8766',
          credentials: { kind: 'password', user: 'rvn', password: 'secret' },
          priority: 1,
          timeoutMs: undefined,
          p2p: { host: '10.0.0.5', port: 8767, isAuto: true },
          zmq: undefined,
          longPoll: false,
        },
      ],
      tips: { pollMs: 100, refreshMs: 20_000, askAfterFound: false },
      throttle: { blocksPerHour: 30, minBlockIntervalMs: 90_000, pauseAboveDifficulty: 5000 },
      payoutAddress: MAIN,
      tag: new TextEncoder().encode('/mine/'),
      login: { password: 'hush', allow: ['home'] },
      stratum: {
        ports: [
          {
            host: '0.0.0.0',
            port: 4444,
            vardiff: {
              minDifficulty: 0.001,
              maxDifficulty: 8,
              startDifficulty: 0.5,
              targetTimeMs: 5000,
              retargetTimeMs: 30_000,
              variancePercent: 25,
            },
          },
        ],
        limits: DEFAULT_LIMITS,
        banning: DEFAULT_BANNING,
      },
    });
    assert.deepEqual(log, { level: 'debug', format: 'json' });
    assert.deepEqual(config.web, { host: '::1', port: 80 });
    assert.equal(config.dataDirectory, '/var/lib/kpss');
    assert.equal(payout.mainScript && bytesToHex(payout.mainScript), scriptOf(MAIN));
    assert.deepEqual(
      payout.recipients.map((recipient) => [bytesToHex(recipient.script), recipient.partsPerMillion]),
      [
        [scriptOf(MAIN_P2SH), 15_000],
        [scriptOf(MAIN), 1],
      ],
    );
  });

  test('with several instances has them all', () => {
    const { instances } = good(`
instances:
  - { network: main, payout: { address: ${MAIN} } }
  - { name: play, network: test, stratum: { port: 3334, difficulty: 1.0e-10 } }
`);
    assert.deepEqual(
      instances.map(({ name, network, stratum }) => [name, network.name, onlyPort(stratum).port]),
      [
        ['ravencoin-main', 'main', 3333],
        ['play', 'test', 3334],
      ],
    );
    const { minDifficulty, maxDifficulty, startDifficulty } = instances[1]?.stratum.ports[0]?.vardiff ?? {};
    assert.deepEqual([minDifficulty, maxDifficulty, startDifficulty], [1e-10, 1e-10, 1e-10]);
  });
});

describe('defaults', () => {
  test('an empty file is ravend on this machine, and each miner is paid', () => {
    for (const yaml of ['', '# nothing\n', 'node:\nstratum:\n', undefined]) {
      const config = good(yaml);
      const instance = only(config);
      assert.equal(instance.nodes[0]?.url, 'http://127.0.0.1:8766');
      assert.deepEqual(instance.nodes[0]?.credentials, { kind: 'cookie', path: '/srv/miner/.raven/.cookie' });
      assert.equal(instance.payout.mainScript, undefined);
      assert.equal(new TextDecoder().decode(instance.tag), '/KPSS/');
      const { host, port } = onlyPort(instance.stratum);
      assert.deepEqual([host, port], ['127.0.0.1', 3333]);
      assert.deepEqual(config.web, { host: '127.0.0.1', port: 3380 });
    }
  });

  test('the cookie is where ravend puts it on each system and network', () => {
    const windows: Machine = {
      platform: 'win32',
      homeFolder: 'C:\\Users\\m',
      env: { APPDATA: 'C:\\Users\\m\\AppData\\Roaming' },
    };
    const cookies = (machine: Machine): (string | undefined)[] =>
      ['main', 'test', 'regtest'].map((network) => {
        const { credentials } = onlyNode(good(undefined, { flags: { network }, machine }));
        return credentials.kind === 'cookie' ? credentials.path : undefined;
      });
    assert.deepEqual(cookies(LINUX), [
      '/srv/miner/.raven/.cookie',
      '/srv/miner/.raven/testnet7/.cookie',
      '/srv/miner/.raven/regtest/.cookie',
    ]);
    assert.deepEqual(cookies(windows), [
      'C:\\Users\\m\\AppData\\Roaming\\Raven\\.cookie',
      'C:\\Users\\m\\AppData\\Roaming\\Raven\\testnet7\\.cookie',
      'C:\\Users\\m\\AppData\\Roaming\\Raven\\regtest\\.cookie',
    ]);
    const mac = cookies({ platform: 'darwin', homeFolder: '/Volumes/m', env: {} });
    assert.equal(mac[1], '/Volumes/m/Library/Application Support/Raven/testnet7/.cookie');
  });

  test('a difficulty bound alone moves the others out of its way', () => {
    const { vardiff } = onlyPort(only(good('stratum: { vardiff: { min: 2000 } }')).stratum);
    assert.deepEqual(
      [vardiff.minDifficulty, vardiff.startDifficulty, vardiff.maxDifficulty],
      [2000, 2000, 2000],
    );
    const low = onlyPort(only(good('stratum: { vardiff: { max: 1.0e-9 } }')).stratum).vardiff;
    assert.deepEqual([low.minDifficulty, low.startDifficulty, low.maxDifficulty], [1e-9, 1e-9, 1e-9]);
  });
});

describe('flags', () => {
  test('win over the file', () => {
    const yaml = `network: main\nnode: { url: 10.0.0.1, user: a, password: b }\npayout: { address: ${MAIN} }`;
    const flags = {
      node: '10.0.0.2:5',
      address: TEST,
      port: '5555',
      network: 'test',
      logLevel: 'warn',
      logFormat: 'json',
    };
    const config = good(yaml, { flags });
    const instance = only(config);
    assert.equal(instance.nodes[0]?.url, 'http://10.0.0.2:5');
    assert.equal(instance.network.name, 'test');
    assert.equal(instance.payoutAddress, TEST);
    assert.equal(onlyPort(instance.stratum).port, 5555);
    assert.deepEqual(config.log, { level: 'warn', format: 'json' });
  });

  test('change the single instance of a list', () => {
    const list = good('instances: [{ name: a }]', { flags: { port: '5555' } });
    assert.equal(onlyPort(only(list).stratum).port, 5555);
  });

  test('do not mend a group that is none', () => {
    assert.deepEqual(bad('stratum: 5', { flags: { port: '5555' } }), [
      'kpss.yaml:1: stratum: expected a group of settings, got 5',
    ]);
  });
});

test('no text of any content makes it throw', () => {
  const words = fc.constantFrom(
    ...[
      'coin',
      'network',
      'node',
      'nodes',
      'url',
      'p2p',
      'tips',
      'web',
      'payout',
      'recipients',
      'stratum',
      'vardiff',
      'instances',
      'log',
      'port',
    ],
    ...[
      ': ',
      '\n',
      '\n  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '"',
      "'",
      '&a',
      '*a',
      '!!',
      '|',
      '>',
      '\t',
      '? ',
      '<<',
      '#',
    ],
    ...[
      '1',
      '1e999',
      'null',
      '~',
      'true',
      '.nan',
      '0x10',
      '__proto__',
      'constructor',
      'ravencoin',
      '\0',
      '\uFEFF',
    ],
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30 }), (parts) => {
      const result = resolve(parts.join(''));
      assert.ok(result.ok || result.problems.length > 0);
    }),
    { numRuns: 500 },
  );
});
