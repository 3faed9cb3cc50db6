import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bad, CONFIG_FOLDER, good, only, onlyNode } from '../../test/support/config.ts';

const LIST = `nodes:
  - { user: u, password: p }
  - { name: backup, url: http://10.0.0.6:9000, user: v, password: q, priority: 7, timeoutS: 2.5, longPoll: true,
      p2p: "[fd00::1]:8767", zmq: tcp://10.0.0.6:28332 }
`;

describe('a list of nodes', () => {
  test('has each with its settings, the first being the first choice', () => {
    assert.deepEqual(only(good(LIST)).nodes, [
      {
        name: '127.0.0.1:8766',
        url: 'http://127.0.0.1:8766',
        credentials: { kind: 'password', user: 'u', password: 'p' },
        priority: 1,
        timeoutMs: undefined,
        p2p: { host: '127.0.0.1', port: 8767, isAuto: true },
        zmq: undefined,
        longPoll: false,
      },
      {
        name: 'backup',
        url: 'http://10.0.0.6:9000',
        credentials: { kind: 'password', user: 'v', password: 'q' },
        priority: 7,
        timeoutMs: 2500,
        p2p: { host: 'fd00::1', port: 8767, isAuto: false },
        zmq: 'tcp://10.0.0.6:28332',
        longPoll: true,
      },
    ]);
    const { nodes } = only(
      good('nodes: [{ cookie: a }, { url: 127.0.0.1:1, cookie: b }, { url: localhost }]'),
    );
    assert.deepEqual(
      nodes.map(({ priority, credentials }) => [priority, credentials.kind]),
      [
        [1, 'cookie'],
        [2, 'cookie'],
        [3, 'cookie'],
      ],
    );
  });

  test('of one entry is like node', () => {
    const settings = '{ url: 10.0.0.5, user: u, password: p }';
    assert.deepEqual(onlyNode(good(`nodes: [${settings}]`)), onlyNode(good(`node: ${settings}`)));
    const env = { KPSS_RPC_PASSWORD: 'of env' };
    assert.deepEqual(onlyNode(good(`nodes: [${settings}]`, { env })).credentials, {
      kind: 'password',
      user: 'u',
      password: 'of env',
    });
  });

  test('is replaced by the flag, with all that was said of other machines', () => {
    const replaced = onlyNode(good(LIST, { flags: { node: 'http://me:pw@10.0.0.9' } }));
    assert.deepEqual([replaced.name, replaced.priority], ['10.0.0.9:8766', 1]);
    assert.deepEqual(replaced.credentials, { kind: 'password', user: 'me', password: 'pw' });
    assert.match(bad(LIST, { flags: { node: '10.0.0.9' } }).join(), /^--node: user and password are missing/);
    const single = (p2p: string) =>
      `node: { name: a, url: 10.0.0.1, user: u, password: p, timeoutS: 3, zmq: "tcp://10.0.0.1:1", p2p: ${p2p} }`;
    assert.deepEqual(onlyNode(good(single('"10.0.0.1:8767"'), { flags: { node: '10.0.0.9' } })), {
      name: '10.0.0.9:8766',
      url: 'http://10.0.0.9:8766',
      credentials: { kind: 'password', user: 'u', password: 'p' },
      priority: 1,
      timeoutMs: 3000,
      p2p: { host: '10.0.0.9', port: 8767, isAuto: true },
      zmq: undefined,
      longPoll: false,
    });
    assert.equal(onlyNode(good(single('off'), { flags: { node: '10.0.0.9' } })).p2p, undefined);
  });
});

describe('the logins of several nodes', () => {
  const env = { KPSS_RPC_USER: 'env', KPSS_RPC_PASSWORD: 'of env' };
  const loginsOf = (yaml: string, variables: Record<string, string>): unknown[] =>
    good(yaml, { env: variables }).instances.flatMap(({ nodes }) =>
      nodes.map(({ credentials: login }) =>
        login.kind === 'password' ? [login.user, login.password] : login.path,
      ),
    );

  test('are the file’s, and the environment’s where the file has none', () => {
    const yaml = `nodes:
  - { cookie: run/.cookie }
  - { url: 10.0.0.1, user: u, password: p }
  - { url: "http://v:q@10.0.0.2" }
  - { url: 10.0.0.3, user: w }
  - { url: 10.0.0.4 }
  - { url: 127.0.0.1:1 }
  - { url: 127.0.0.1:2, cookie: ~/.raven/.cookie }
`;
    const cookies = [`${CONFIG_FOLDER}/run/.cookie`, '/srv/miner/.raven/.cookie'];
    assert.deepEqual(loginsOf(yaml, env), [
      cookies[0],
      ['u', 'p'],
      ['v', 'q'],
      ['w', 'of env'],
      ['env', 'of env'],
      ['env', 'of env'],
      cookies[1],
    ]);
    const two = `instances:
  - { name: a, nodes: [{}, { url: 10.0.0.1 }] }
  - { name: b, stratum: { port: 1 } }
`;
    assert.deepEqual(loginsOf(two, { KPSS_RPC_USER_A: 'me', KPSS_RPC_PASSWORD_A: 'pw' }), [
      ['me', 'pw'],
      ['me', 'pw'],
      '/srv/miner/.raven/.cookie',
    ]);
  });

  test('in the environment are told when no node goes by them', () => {
    const yaml = 'nodes: [{ cookie: c }, { url: 10.0.0.1, user: u, password: p }]';
    const text = (key: string) =>
      `counts for no node: of several, only those go by it that have no ${key} in the file`;
    assert.deepEqual(bad(yaml, { env }), [
      `KPSS_RPC_USER: ${text('user')}`,
      `KPSS_RPC_PASSWORD: ${text('password')}`,
    ]);
    const half = 'nodes: [{ cookie: c }, { url: 10.0.0.1, user: u }]';
    assert.deepEqual(bad(half, { env }), [`KPSS_RPC_USER: ${text('user')}`]);
    assert.deepEqual(bad('nodes: [{ cookie: c }, { url: 10.0.0.1 }]', { env: { KPSS_RPC_USER: 'me' } }), [
      'KPSS_RPC_PASSWORD: is missing: KPSS_RPC_USER is set, and a node wants both',
    ]);
  });

  test('are missing where the node is on another machine, each in its line', () => {
    const away = 'its cookie cannot be read, since the node is on another machine';
    const set = 'write both, or set KPSS_RPC_USER and KPSS_RPC_PASSWORD';
    assert.deepEqual(bad('nodes:\n  - url: 10.0.0.1\n  - url: 127.0.0.1\n  - url: 10.0.0.2\n'), [
      `kpss.yaml:2: nodes[0].user: is missing, and password too: ${away}; ${set}`,
      `kpss.yaml:4: nodes[2].user: is missing, and password too: ${away}; ${set}`,
    ]);
  });
});

describe('what is wrong with a list of nodes', () => {
  test('is told of all of them at once, with their lines', () => {
    const yaml = `nodes:
  - { url: "ftp://a", p2p: atuo, timeoutS: 0 }
  - name: b c
    priority: 1.5
    zmq: of
    longPoll: yes
  - 7
  - { cookie: c, urls: d }
`;
    assert.deepEqual(bad(yaml), [
      'kpss.yaml:2: nodes[0].p2p: expected auto, off, or host and port of the node’s P2P, for example 127.0.0.1:8767, got "atuo": did you mean auto?',
      'kpss.yaml:2: nodes[0].timeoutS: expected seconds, from 0.1 to 60, got 0',
      'kpss.yaml:3: nodes[1].name: expected a name of at most 64 letters, digits, dots, colons and hyphens, got "b c"',
      'kpss.yaml:4: nodes[1].priority: expected a whole number from 1, the first choice, to 100, got 1.5',
      'kpss.yaml:5: nodes[1].zmq: expected off, or the address that zmqpubhashblock has on this node, for example tcp://127.0.0.1:28332, got "of": did you mean off?',
      'kpss.yaml:6: nodes[1].longPoll: expected true or false, got "yes"',
      'kpss.yaml:7: nodes[2]: expected a group of settings, got 7',
      'kpss.yaml:8: nodes[3].urls: unknown setting: did you mean url?',
    ]);
  });

  test('as a list is told', () => {
    const problem = (yaml: string): string => bad(yaml).join('\n').replace('kpss.yaml:1: ', '');
    assert.equal(problem('nodes: []'), 'nodes: expected a list with at least one node, got an empty list');
    assert.equal(
      problem('nodes: { url: 10.0.0.1 }'),
      'nodes: expected a list with at least one node, got a group of settings',
    );
    assert.equal(
      problem('node: [{ cookie: a }]'),
      'node: expected the settings of a single node, got a list: several stand under nodes',
    );
    const entries = Array.from({ length: 17 }, (_, i) => `{ url: "127.0.0.1:${i + 1}" }`);
    assert.equal(problem(`nodes: [${entries.join()}]`), 'nodes: expected at most 16 nodes, got 17');
    assert.equal(only(good(`nodes: [${entries.slice(1).join()}]`)).nodes.length, 16);
    assert.equal(
      problem('{ node: { cookie: a }, nodes: [{ cookie: b }] }'),
      'nodes: either node or nodes, not both: put the one into the list of the others',
    );
  });

  test('is a name or a node that is there twice', () => {
    const yaml =
      'nodes:\n  - { name: a }\n  - { name: a, url: 127.0.0.1:1 }\n  - { name: b, url: "http://127.0.0.1" }\n';
    assert.deepEqual(bad(yaml), [
      'kpss.yaml:3: nodes[1].name: another node is called a too: give each a name',
      'kpss.yaml:4: nodes[2].url: http://127.0.0.1:8766 is the node a already',
    ]);
  });

  test('shows no secret', () => {
    const secret = 'hunter2';
    const yamls = [
      `node: http://me:${secret}@10.0.0.1`,
      `node: { name: "me:${secret}@a" }`,
      `nodes: ["http://me:${secret}@10.0.0.1"]`,
      `nodes: http://me:${secret}@10.0.0.1`,
      `nodes: [{ p2p: "me:${secret}@10.0.0.1:1" }]`,
      `nodes: [{ zmq: "tcp://me:${secret}@10.0.0.1:1" }]`,
      `nodes: [{ url: "http://me:${secret}@10.0.0.1" }, { url: "http://you:${secret}@10.0.0.1" }]`,
      `nodes: [{ url: "http://me:${secret}@10.0.0.1", name: a }, { url: 10.0.0.2, name: a, user: u }]`,
    ];
    for (const yaml of yamls) assert.ok(!bad(yaml).join('\n').includes(secret), bad(yaml).join('\n'));
  });
});
