import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { bad, CONFIG_FOLDER, good, only } from '../../test/support/config.ts';
import { onlyPort } from '../../test/support/stratum-options.ts';
import { DEFAULT_BANNING, DEFAULT_LIMITS } from '../stratum/limits.ts';
import type { PortOptions } from '../stratum/listener.ts';

function portsOf(yaml: string, flags = {}): readonly PortOptions[] {
  return only(good(yaml, { flags })).stratum.ports;
}

/** host:port, bounds of the difficulty, and where it begins. */
function shortly({ host, port, vardiff }: PortOptions): string {
  return `${host}:${port} ${vardiff.minDifficulty}…${vardiff.maxDifficulty} from ${vardiff.startDifficulty}`;
}

describe('ports', () => {
  test('are a list, each with its own difficulty, host, encryption and proxies', () => {
    const ports = portsOf(`
stratum:
  ports:
    - { port: 3333, difficulty: 0.05 }
    - { host: 0.0.0.0, port: 3334, vardiff: { min: 0.01, max: 8 }, tls: true, proxies: [10.0.0.0/8, "::1"] }
`);
    assert.deepEqual(ports.map(shortly), [
      '127.0.0.1:3333 0.05…0.05 from 0.05',
      '0.0.0.0:3334 0.01…8 from 0.05',
    ]);
    assert.deepEqual(
      ports.map(({ tls, proxies }) => [tls, proxies]),
      [
        [undefined, undefined],
        [{ kind: 'self-signed' }, ['10.0.0.0/8', '::1']],
      ],
    );
  });

  test('take what stands beside their list where they say nothing themselves', () => {
    const ports = portsOf(`
stratum:
  host: 0.0.0.0
  vardiff: { min: 1, max: 4, start: 2 }
  tls: true
  ports:
    - { port: 1 }
    - { port: 2, host: 10.0.0.1, diff: 0.5, tls: false }
`);
    assert.deepEqual(ports.map(shortly), ['0.0.0.0:1 1…4 from 2', '10.0.0.1:2 0.5…0.5 from 0.5']);
    assert.deepEqual(
      ports.map(({ tls }) => tls?.kind),
      ['self-signed', undefined],
    );
  });

  test('are taken as the old server had them', () => {
    const varDiff = '{ minDiff: 0.01, maxDiff: 2, targetTime: 20, retargetTime: 100, variancePercent: 30 }';
    const ports = portsOf(
      `stratum: { ports: { "3333": { diff: 0.05 }, 3334: { diff: 0.5, varDiff: ${varDiff} } } }`,
    );
    assert.deepEqual(ports.map(shortly), [
      '127.0.0.1:3333 0.05…0.05 from 0.05',
      '127.0.0.1:3334 0.01…2 from 0.5',
    ]);
    const { targetTimeMs, retargetTimeMs, variancePercent } = ports[1]?.vardiff ?? {};
    assert.deepEqual([targetTimeMs, retargetTimeMs, variancePercent], [20_000, 100_000, 30]);
    const short = portsOf('stratum: { varDiff: { minDiff: 3 } }');
    assert.deepEqual(short.map(shortly), ['127.0.0.1:3333 3…1000 from 3']);
  });

  test('are as difficult as tests want them', () => {
    assert.equal(
      shortly(portsOf('stratum: { difficulty: 1.0e-10 }')[0] as PortOptions),
      '127.0.0.1:3333 1e-10…1e-10 from 1e-10',
    );
  });

  test('have a certificate of their own beside the file', () => {
    const [port] = portsOf('stratum: { tls: { certificate: tls/miner.pem, key: /etc/miner.key } }');
    assert.deepEqual(port?.tls, {
      kind: 'files',
      certificatePath: join(CONFIG_FOLDER, 'tls/miner.pem'),
      keyPath: '/etc/miner.key',
    });
  });

  test('that are wrong are told with their lines, all at once', () => {
    const yaml = `stratum:
  port: 5
  difficulty: 0.1
  ports:
    - { port: 3333, difficulty: 1, vardiff: { min: 1 } }
    - { difficulty: 0, min: 5 }
    - 7
    - { port: 3336, vardiff: { min: 5, max: 1 }, diff: 3, difficulty: 3 }
    - { port: 3337, tls: yes }
    - { port: 3338, tls: { certificate: a.pem } }
    - { port: 3339, proxies: [10.0.0.0/33, nonsense, 0.0.0.0/0] }
    - { port: 3340, proxies: 10.0.0.1 }
    - { port: 3341, vardiff: {}, varDiff: {} }
`;
    assert.deepEqual(bad(yaml), [
      'kpss.yaml:2: stratum.port: either port or ports, not both: give each of ports its own',
      'kpss.yaml:5: stratum.ports[0].difficulty: either a fixed difficulty or vardiff, not both',
      'kpss.yaml:6: stratum.ports[1].port: is missing: each of several ports needs its number',
      'kpss.yaml:6: stratum.ports[1].difficulty: expected a difficulty from 1e-10 to 1e12, got 0',
      'kpss.yaml:6: stratum.ports[1].min: belongs under vardiff: indent it',
      'kpss.yaml:7: stratum.ports[2]: expected a group of settings, got 7',
      'kpss.yaml:8: stratum.ports[3].diff: is the old name of difficulty, and both are given: keep one of them',
      'kpss.yaml:8: stratum.ports[3].difficulty: either a fixed difficulty or vardiff, not both',
      'kpss.yaml:9: stratum.ports[4].tls: expected true or false, or certificate and key of your own, got "yes"',
      'kpss.yaml:10: stratum.ports[5].tls.key: is missing: expected the path of a PEM file with the key of the certificate',
      'kpss.yaml:11: stratum.ports[6].proxies[0]: expected an address or a network such as 10.0.0.0/8, got "10.0.0.0/33"',
      'kpss.yaml:11: stratum.ports[6].proxies[1]: expected an address or a network such as 10.0.0.0/8, got "nonsense"',
      'kpss.yaml:11: stratum.ports[6].proxies[2]: expected a network that is not the whole world: anybody could claim any address, got "0.0.0.0/0"',
      'kpss.yaml:12: stratum.ports[7].proxies: expected a list of addresses and subnets, got "10.0.0.1"',
      'kpss.yaml:13: stratum.ports[8].varDiff: is the old name of vardiff, and both are given: keep one of them',
    ]);
  });

  test('in the old shape are told by their numbers', () => {
    const yaml = `stratum:
  ports:
    "3333": { diff: 9, varDiff: { minDiff: 0.1, maxDiff: 1 } }
    3334: { port: 5 }
    http: {}
    3335: true
`;
    assert.deepEqual(bad(yaml), [
      'kpss.yaml:3: stratum.ports.3333.diff: expected a difficulty between min, 0.1, and max, 1, got 9',
      'kpss.yaml:4: stratum.ports.3334.port: its name is its number: leave this out',
      'kpss.yaml:5: stratum.ports.http: expected a port number from 1 to 65535, or 0 for any free one, as the name of each',
      'kpss.yaml:6: stratum.ports.3335: expected a group of settings, got true',
    ]);
  });

  test('are at least one, and at most sixteen', () => {
    assert.deepEqual(bad('stratum: { ports: [] }'), [
      'kpss.yaml:1: stratum.ports: expected at least one port',
    ]);
    assert.deepEqual(bad('stratum: { ports: 3333 }'), [
      'kpss.yaml:1: stratum.ports: expected a list of ports, got 3333',
    ]);
    const many = Array.from({ length: 17 }, (_, i) => `{ port: ${i + 1} }`).join();
    assert.deepEqual(bad(`stratum: { ports: [${many}] }`), [
      'kpss.yaml:1: stratum.ports: expected at most 16 ports, got 17',
    ]);
  });
});

describe('a port that stands twice', () => {
  test('is told, in one instance and over several', () => {
    const yaml = `instances:
  - name: a
    stratum:
      ports:
        - { port: 1 }
        - { port: 1, host: 0.0.0.0 }
        - { port: 2, host: 10.0.0.1 }
        - { port: 0 }
        - { port: 0 }
  - name: b
    stratum: { port: 2, host: "::" }
  - name: c
    stratum: { port: 2, host: 10.0.0.2 }
  - name: d
    stratum: { ports: { "1": { host: localhost } } }
`;
    assert.deepEqual(bad(yaml), [
      'kpss.yaml:6: instances[0].stratum.ports[1].port: 1 stands here twice: give each port its number',
      'kpss.yaml:11: instances[1].stratum.port: 2 is the port of a already',
      'kpss.yaml:13: instances[2].stratum.port: 2 is the port of b already',
      'kpss.yaml:15: instances[3].stratum.ports.1: 1 is the port of a already',
    ]);
  });

  test('may do so on two addresses', () => {
    const hosts = ['127.0.0.1', '10.0.0.1', '::1'].map((host) => `{ port: 7, host: "${host}" }`);
    assert.equal(portsOf(`stratum: { ports: [${hosts}] }`).length, 3);
    assert.equal(
      portsOf('stratum: { ports: [{ port: 7, host: 0.0.0.0 }, { port: 7, host: "::1" }] }').length,
      2,
    );
  });

  test('may not be the one of the status', () => {
    assert.deepEqual(bad('stratum:\n  ports:\n    - { port: 1 }\n    - { port: 3380, host: 0.0.0.0 }\n'), [
      'kpss.yaml:4: stratum.ports[1].port: 3380 is where the status is served: choose another, or another web.port',
    ]);
  });
});

describe('flags', () => {
  test('change the one port of a list', () => {
    const flags = { port: '5', host: '0.0.0.0' };
    for (const ports of ['[{ port: 1, diff: 2 }]', '{ 1: { diff: 2 } }']) {
      const [port, ...others] = portsOf(`stratum: { ports: ${ports} }`, flags);
      assert.equal(port && shortly(port), '0.0.0.0:5 2…2 from 2', ports);
      assert.equal(others.length, 0);
    }
    assert.deepEqual(
      bad('stratum: { ports: [{ port: 1 }] }', { flags: { port: 'x', host: '?' } }),
      [
        '--port: expected a port number from 1 to 65535, or 0 for any free one, got "x"',
        '--host: expected an IP address or host name of this machine to listen on, got "?"',
      ].sort(),
    );
  });

  test('do not guess which of several is meant', () => {
    assert.deepEqual(
      bad('stratum: { ports: [{ port: 1 }, { port: 2 }] }', { flags: { port: '5', host: '0.0.0.0' } }),
      [
        '--host: the file has 2 ports, and a flag changes a single one',
        '--port: the file has 2 ports, and a flag changes a single one',
      ],
    );
  });
});

describe('limits and banning', () => {
  test('are the defaults where the file has nothing', () => {
    const { limits, banning } = only(good('stratum: { limits: {}, banning: {} }')).stratum;
    assert.deepEqual(limits, DEFAULT_LIMITS);
    assert.deepEqual(banning, DEFAULT_BANNING);
  });

  test('are taken as they stand', () => {
    const { limits, banning } = only(
      good(`
stratum:
  limits:
    { connections: 100, connectionsPerAddress: 10, connectionsPerSubnet: 20, connectsPerS: 5, handshakeTimeoutS: 1.5,
      loginTimeoutS: 2, firstShareTimeoutS: 3, idleTimeoutS: 4, linesPerS: 6, backlogBytes: 8192 }
  banning: { enabled: false, timeS: 60, invalidPercent: 20, checkThreshold: 30, failedLogins: 4, forgers: 5 }
`),
    ).stratum;
    assert.deepEqual(limits, {
      connectionsMax: 100,
      connectionsPerAddressMax: 10,
      connectionsPerSubnetMax: 20,
      connectsPerSMax: 5,
      handshakeTimeoutMs: 1500,
      loginTimeoutMs: 2000,
      firstShareTimeoutMs: 3000,
      idleTimeoutMs: 4000,
      linesPerSMax: 6,
      backlogBytesMax: 8192,
    });
    assert.deepEqual(banning, {
      isEnabled: false,
      timeMs: 60_000,
      invalidPercent: 20,
      checkThreshold: 30,
      failedLoginsMax: 4,
      forgersMax: 5,
    });
  });

  test('are taken by the names of the old server', () => {
    const { limits, banning } = only(
      good('stratum: { connectionTimeout: 600, banning: { enabled: true, time: 30, purgeInterval: 300 } }'),
    ).stratum;
    assert.equal(limits.idleTimeoutMs, 600_000);
    assert.equal(banning.timeMs, 30_000);
    assert.deepEqual(
      bad(
        'stratum:\n  connectionTimeout: 5\n  limits: { idleTimeoutS: 5 }\n  banning: { time: 5, timeS: 5 }',
      ),
      [
        'kpss.yaml:2: stratum.connectionTimeout: is the old name of limits.idleTimeoutS, and both are given: keep one of them',
        'kpss.yaml:4: stratum.banning.time: is the old name of timeS, and both are given: keep one of them',
      ],
    );
  });

  test('of connections move each other’s defaults out of the way', () => {
    const boundsOf = (limits: string): number[] => {
      const { connectionsMax, connectionsPerSubnetMax, connectionsPerAddressMax } = only(
        good(`stratum: { limits: ${limits} }`),
      ).stratum.limits;
      return [connectionsMax, connectionsPerSubnetMax, connectionsPerAddressMax];
    };
    assert.deepEqual(boundsOf('{ connections: 50 }'), [50, 50, 50]);
    assert.deepEqual(boundsOf('{ connectionsPerSubnet: 50 }'), [20_000, 50, 50]);
    assert.deepEqual(boundsOf('{ connectionsPerAddress: 30000 }'), [30_000, 30_000, 30_000]);
  });

  test('that are out of bounds are told with their lines', () => {
    const yaml = `stratum:
  limits:
    connections: 100
    connectionsPerSubnet: 50
    connectionsPerAddress: 60
    loginTimeoutS: 0
    linesPerS: 1.5
    linesPers: 3
  banning:
    invalidPercent: 0
    timeS: soon
`;
    assert.deepEqual(bad(yaml), [
      'kpss.yaml:5: stratum.limits.connectionsPerAddress: expected at most connectionsPerSubnet, 50, got 60',
      'kpss.yaml:6: stratum.limits.loginTimeoutS: expected seconds, from 0.1 to 600, got 0',
      'kpss.yaml:7: stratum.limits.linesPerS: expected a whole number from 1 to 100000, got 1.5',
      'kpss.yaml:8: stratum.limits.linesPers: unknown setting: did you mean linesPerS?',
      'kpss.yaml:10: stratum.banning.invalidPercent: expected a percentage from 1 to 100, got 0',
      'kpss.yaml:11: stratum.banning.timeS: expected seconds, from 1 to 2678400, got "soon"',
    ]);
    assert.deepEqual(bad('stratum: { limits: 5, banning: [] }\nfailedLogins: 3'), [
      'kpss.yaml:1: stratum.limits: expected a group of settings, got 5',
      'kpss.yaml:1: stratum.banning: expected a group of settings, got an empty list',
      'kpss.yaml:2: failedLogins: belongs under stratum.banning: indent it',
    ]);
  });
});

test('the short form is one port', () => {
  assert.equal(onlyPort(only(good('stratum: { host: "::1", port: 4, tls: false }')).stratum).tls, undefined);
});
