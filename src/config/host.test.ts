import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEverywhere, isLoopback, parseHostPort } from './host.ts';

test('an address to connect to has a host and a port', () => {
  assert.deepEqual(parseHostPort('127.0.0.1:8767'), { host: '127.0.0.1', port: 8767 });
  assert.deepEqual(parseHostPort('[fd00::1]:65535'), { host: 'fd00::1', port: 65535 });
  assert.deepEqual(parseHostPort('kpss_node_1:1'), { host: 'kpss_node_1', port: 1 });
});

test('anything else is no address to connect to', () => {
  for (const text of [
    '',
    '8767',
    '127.0.0.1',
    ':8767',
    '127.0.0.1:',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:8767/',
    'a b:1',
    'me:pw@host:1',
    'fd00::1:8767',
    '[127.0.0.1]:8767',
    '[nonsense]:1',
    '[]:1',
    '0.0.0.0:28332',
    '[::]:28332',
    '*:28332',
  ]) {
    assert.equal(parseHostPort(text), undefined, text);
  }
});

test('this machine is known by its names, and all its addresses by theirs', () => {
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1', '[::1]'])
    assert.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '127.0.0.1.example']) {
    assert.ok(!isLoopback(host), host);
  }
  assert.deepEqual(['0.0.0.0', '::', '[::]', '127.0.0.1'].map(isEverywhere), [true, true, true, false]);
});
