import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { bad, CONFIG_FOLDER, good, onlyNode } from '../../test/support/config.ts';

describe('the node', () => {
  const urlOf = (url: string): string => onlyNode(good(`node: { url: "${url}", user: u, password: p }`)).url;

  test('has the network’s port when none is written', () => {
    assert.equal(urlOf('http://192.168.1.5'), 'http://192.168.1.5:8766');
    assert.equal(urlOf('192.168.1.5'), 'http://192.168.1.5:8766');
    assert.equal(urlOf('node.example:9000'), 'http://node.example:9000');
    assert.equal(urlOf('http://node.example:80/rpc'), 'http://node.example/rpc');
    assert.equal(urlOf('https://node.example'), 'https://node.example');
    assert.equal(urlOf('http://[::1]'), 'http://[::1]:8766');
  });

  test('may have its login in the URL, and keeps it out of the URL', () => {
    const { url, name, credentials } = onlyNode(
      good(undefined, { flags: { node: 'http://me:p%40ss@10.0.0.1:1' } }),
    );
    assert.deepEqual([url, name], ['http://10.0.0.1:1', '10.0.0.1:1']);
    assert.deepEqual(credentials, { kind: 'password', user: 'me', password: 'p@ss' });
  });

  test('is asked for P2P on the network’s own port, unless the file says otherwise', () => {
    const p2pOf = (network: string, settings: string) =>
      onlyNode(good(`{ network: ${network}, node: { user: u, password: p, ${settings} } }`)).p2p;
    assert.deepEqual(p2pOf('main', 'url: node.example'), {
      host: 'node.example',
      port: 8767,
      isAuto: true,
    });
    assert.deepEqual(p2pOf('test', 'url: "http://[::1]:5"'), { host: '::1', port: 18770, isAuto: true });
    assert.deepEqual(p2pOf('regtest', 'p2p: auto'), { host: '127.0.0.1', port: 18444, isAuto: true });
    assert.deepEqual(p2pOf('main', 'p2p: 10.0.0.7:9'), { host: '10.0.0.7', port: 9, isAuto: false });
    assert.equal(p2pOf('main', 'p2p: off'), undefined);
  });

  test('is not asked for P2P where its magic is not known', () => {
    const neurai = (p2p: string) => `{ coin: neurai, node: { user: u, password: p, p2p: ${p2p} } }`;
    assert.equal(onlyNode(good(neurai('auto'))).p2p, undefined);
    assert.equal(onlyNode(good(neurai('off'))).p2p, undefined);
    const unknown = 'what neurai’s nodes speak among each other is not known: leave it out';
    assert.deepEqual(bad(neurai('10.0.0.1:19000')), [`kpss.yaml:1: node.p2p: ${unknown}`]);
  });

  test('takes a cookie relative to the file', () => {
    const { credentials } = onlyNode(good('node: { url: 10.0.0.1, cookie: run/.cookie }'));
    assert.deepEqual(credentials, { kind: 'cookie', path: join(CONFIG_FOLDER, 'run', '.cookie') });
    const ofHome = onlyNode(good('node: { url: 10.0.0.1, cookie: ~/r/.cookie }')).credentials;
    assert.deepEqual(ofHome, { kind: 'cookie', path: '/srv/miner/r/.cookie' });
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
      /node\.user: expected a user name without a colon/,
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
