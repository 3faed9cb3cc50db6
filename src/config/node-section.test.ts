import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { bad, CONFIG_FOLDER, good, only } from '../../test/support/config.ts';

describe('the node', () => {
  const urlOf = (url: string): string => only(good(`node: { url: "${url}", user: u, password: p }`)).node.url;

  test('has the network’s port when none is written', () => {
    assert.equal(urlOf('http://192.168.1.5'), 'http://192.168.1.5:8766');
    assert.equal(urlOf('192.168.1.5'), 'http://192.168.1.5:8766');
    assert.equal(urlOf('node.example:9000'), 'http://node.example:9000');
    assert.equal(urlOf('http://node.example:80/rpc'), 'http://node.example/rpc');
    assert.equal(urlOf('https://node.example'), 'https://node.example');
    assert.equal(urlOf('http://[::1]'), 'http://[::1]:8766');
  });

  test('may have its login in the URL, and keeps it out of the URL', () => {
    const { url, name, credentials } = only(
      good(undefined, { flags: { node: 'http://me:p%40ss@10.0.0.1:1' } }),
    ).node;
    assert.deepEqual([url, name], ['http://10.0.0.1:1', '10.0.0.1:1']);
    assert.deepEqual(credentials, { kind: 'password', user: 'me', password: 'p@ss' });
  });

  test('takes a cookie relative to the file', () => {
    const { credentials } = only(good('node: { url: 10.0.0.1, cookie: run/.cookie }')).node;
    assert.deepEqual(credentials, { kind: 'cookie', path: join(CONFIG_FOLDER, 'run', '.cookie') });
  });

  const wrong: Record<string, [yaml: string, problem: RegExp]> = {
    'on another machine without login': [
      'node: { url: 10.0.0.1 }',
      /^kpss\.yaml:1: node\.user: is missing.*another machine/,
    ],
    'with half a login': ['node:\n  user: me', /^kpss\.yaml:1: node\.password: is missing: there is a user/],
    'with the other half': [
      'node:\n  password: me',
      /^kpss\.yaml:1: node\.user: is missing: there is a password/,
    ],
    'with two logins': [
      'node: { cookie: a, user: b, password: c }',
      /node\.cookie: either the cookie or user and password/,
    ],
    'with a colon in the user': [
      'node: { user: "a:b", password: c }',
      /node\.user: expected a name without a colon/,
    ],
    'that speaks no HTTP': [
      'node: { url: "ftp://a" }',
      /node\.url: expected the address.*8766, got "ftp:\/\/a"$/,
    ],
    'that is no URL': ['node: { url: "http://a b" }', /node\.url: expected the address/],
  };
  for (const [name, [yaml, problem]] of Object.entries(wrong)) {
    test(`${name} is refused`, () => {
      const problems = bad(yaml);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }
});

describe('secrets', () => {
  test('come from the environment before the file', () => {
    const env = { KPSS_RPC_PASSWORD: 'from env' };
    const { credentials } = only(good('node: { user: me, password: from file }', { env })).node;
    assert.deepEqual(credentials, { kind: 'password', user: 'me', password: 'from env' });
    const both = { KPSS_RPC_USER: 'you', KPSS_RPC_PASSWORD_RAVENCOIN_MAIN: 'mine', KPSS_RPC_PASSWORD: 'no' };
    assert.deepEqual(only(good('', { env: both })).node.credentials, {
      kind: 'password',
      user: 'you',
      password: 'mine',
    });
  });

  test('of several instances are told apart by name', () => {
    const yaml =
      'instances: [{ name: a, node: { user: u } }, { name: b-2, node: { user: u }, stratum: { port: 1 } }]';
    const env = { KPSS_RPC_PASSWORD_A: 'pa', KPSS_RPC_PASSWORD_B_2: 'pb' };
    const passwords = good(yaml, { env }).instances.map(({ node }) =>
      node.credentials.kind === 'password' ? node.credentials.password : undefined,
    );
    assert.deepEqual(passwords, ['pa', 'pb']);
    assert.deepEqual(bad(yaml, { env: { ...env, KPSS_RPC_PASSWORD: 'x' } }), [
      'KPSS_RPC_PASSWORD: does not say for which instance: add its name, KPSS_RPC_PASSWORD_NAME',
    ]);
  });

  test('are in no problem, whatever is wrong around them', () => {
    const secret = 'hunter2';
    const yamls = [
      `node: { user: ${secret}, password: [${secret}] }`,
      `node: { user: { a: ${secret} }, password: ${secret} }`,
      `node: { url: "ftp://me:${secret}@a" }`,
      `node: { url: "http://me:${secret}%@a" }`,
      `node: { url: "http://me:${secret}@a b" }`,
      `node: { password: ${secret}, passwort: ${secret} }`,
    ];
    for (const yaml of yamls) assert.ok(!bad(yaml).join('\n').includes(secret), bad(yaml).join('\n'));
    const number = bad('node: { user: me, password: 918273 }');
    assert.deepEqual(number, [
      'kpss.yaml:1: node.password: expected the rpcpassword of raven.conf, in quotes',
    ]);
    const flag = bad(undefined, { flags: { node: `ftp://me:${secret}@a` } });
    assert.match(flag.join(), /^--node: expected the address/);
    assert.ok(!flag.join().includes(secret));
  });
});
