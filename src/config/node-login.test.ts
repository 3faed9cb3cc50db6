import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bad, good, onlyNode } from '../../test/support/config.ts';
import type { ConfigFlags } from './types.ts';

const loginOf = (yaml: string | undefined, flags: ConfigFlags, env: Record<string, string>): unknown => {
  const { credentials } = onlyNode(good(yaml, { flags, env }));
  return credentials.kind === 'password' ? [credentials.user, credentials.password] : credentials.path;
};

describe('a login', () => {
  const env = { KPSS_RPC_USER: 'env', KPSS_RPC_PASSWORD: 'of env' };
  const inFile = 'node: { user: file, password: of file }';

  test('in the flag wins over the environment, and that over the file', () => {
    const node = 'http://flag:of%20flag@10.0.0.1';
    for (const yaml of [undefined, inFile, 'node: { url: "http://a:b@c" }', 'node: { cookie: c }']) {
      assert.deepEqual(loginOf(yaml, { node }, env), ['flag', 'of flag']);
      assert.deepEqual(loginOf(yaml, {}, env), ['env', 'of env']);
    }
    assert.deepEqual(loginOf(inFile, { node: 'http://flag@10.0.0.1' }, {}), ['flag', 'of file']);
    assert.deepEqual(loginOf(inFile, { node: 'http://flag@10.0.0.1' }, env), ['flag', 'of env']);
    assert.deepEqual(loginOf('node: { url: "http://u:p@h", user: a }', {}, {}), ['u', 'p']);
  });

  test('in a variable that belongs to no instance is told', () => {
    assert.deepEqual(bad(undefined, { env: { ...env, KPSS_RPC_PASSWORD_TEST: 'x' } }), [
      'KPSS_RPC_PASSWORD_TEST: is for no instance there is: expected KPSS_RPC_PASSWORD or KPSS_RPC_PASSWORD_RAVENCOIN_MAIN',
    ]);
    const yaml = 'instances: [{ name: a }, { name: b, stratum: { port: 1 } }]';
    assert.deepEqual(bad(yaml, { env: { KPSS_RPC_USER_C: 'x', KPSS_RPC_PASSWORD_D: '' } }), [
      'KPSS_RPC_USER_C: is for no instance there is: expected KPSS_RPC_USER_A or KPSS_RPC_USER_B',
    ]);
    // Where the coin is wrong, the name is not known, and the variable may be right.
    assert.equal(bad('coin: neuraj', { env: { KPSS_RPC_USER_NEURAI_MAIN: 'x' } }).length, 1);
    assert.equal(bad('name: A', { env: { KPSS_RPC_USER_A: 'a', KPSS_RPC_PASSWORD_A: 'a' } }).length, 1);
  });

  test('that is missing says how to give it, in the words of the one who left it out', () => {
    const set = 'set KPSS_RPC_USER and KPSS_RPC_PASSWORD';
    const away = 'its cookie cannot be read, since the node is on another machine';
    assert.deepEqual(bad(undefined, { flags: { node: '10.0.0.1' } }), [
      `--node: user and password are missing: ${away}; ${set}, or write http://user:password@10.0.0.1:8766`,
    ]);
    assert.deepEqual(bad(undefined, { flags: { coin: 'neurai' } }), [
      `--node: user and password are missing: where neurai keeps its cookie is not known; ${set}, or write http://user:password@127.0.0.1:19001`,
    ]);
    assert.deepEqual(bad('node:\n  url: 10.0.0.1'), [
      `kpss.yaml:1: node.user: is missing, and password too: ${away}; write both, or ${set}`,
    ]);
    const two = 'instances: [{ name: a-b, node: { url: 10.0.0.1 } }, { name: c, stratum: { port: 1 } }]';
    assert.match(bad(two).join(), /write both, or set KPSS_RPC_USER_A_B and KPSS_RPC_PASSWORD_A_B$/);
  });

  test('that is half there names the half', () => {
    assert.deepEqual(bad(undefined, { flags: { node: 'http://me@10.0.0.1' } }), [
      '--node: has a user and no password, and a node wants both; write http://user:password@host, or set KPSS_RPC_PASSWORD',
    ]);
    assert.deepEqual(bad('', { env: { KPSS_RPC_USER: 'me' } }), [
      'KPSS_RPC_PASSWORD: is missing: KPSS_RPC_USER is set, and a node wants both',
    ]);
    assert.deepEqual(bad('', { env: { KPSS_RPC_PASSWORD_RAVENCOIN_MAIN: 'x' } }), [
      'KPSS_RPC_USER: is missing: KPSS_RPC_PASSWORD_RAVENCOIN_MAIN is set, and a node wants both',
    ]);
    assert.deepEqual(bad('node:\n  user: me'), [
      'kpss.yaml:1: node.password: is missing: there is a user, and a node wants both; write it too, or set KPSS_RPC_PASSWORD',
    ]);
  });

  test('that is wrong names the variable or the flag it came from', () => {
    const wrong = 'expected a user name without a colon: HTTP could not tell it from the password';
    assert.deepEqual(bad('', { env: { ...env, KPSS_RPC_USER: 'a:b' } }), [`KPSS_RPC_USER: ${wrong}`]);
    assert.deepEqual(bad('', { flags: { node: 'http://a%3Ab:c@h' } }), [`--node: ${wrong}`]);
  });
});

describe('secrets', () => {
  test('come from the environment before the file', () => {
    const env = { KPSS_RPC_PASSWORD: 'from env' };
    const { credentials } = onlyNode(good('node: { user: me, password: from file }', { env }));
    assert.deepEqual(credentials, { kind: 'password', user: 'me', password: 'from env' });
    const both = { KPSS_RPC_USER: 'you', KPSS_RPC_PASSWORD_RAVENCOIN_MAIN: 'mine', KPSS_RPC_PASSWORD: 'no' };
    assert.deepEqual(onlyNode(good('', { env: both })).credentials, {
      kind: 'password',
      user: 'you',
      password: 'mine',
    });
  });

  test('of several instances are told apart by name', () => {
    const yaml =
      'instances: [{ name: a, node: { user: u } }, { name: b-2, node: { user: u }, stratum: { port: 1 } }]';
    const env = { KPSS_RPC_PASSWORD_A: 'pa', KPSS_RPC_PASSWORD_B_2: 'pb' };
    const passwords = good(yaml, { env }).instances.map(({ nodes: [node] }) =>
      node?.credentials.kind === 'password' ? node.credentials.password : undefined,
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
      `node:\n  password:${secret}\n`,
      `node: { password:${secret} }`,
      `node: { password: *${secret} }`,
      `node:\n  password: |${secret}\n`,
      `node:\n  password: ]${secret}\n`,
      `user: me\npassword: "abc\n${secret}"x${secret}`,
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
