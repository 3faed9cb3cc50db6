import assert from 'node:assert/strict';
import { test } from 'node:test';
import { good, only } from '../test/support/config.ts';
import { portLine } from './miners-ports.ts';

function lineOf(settings: string, fingerprint?: string): string {
  const [options] = only(good(`stratum: ${settings}`)).stratum.ports;
  assert(options);
  return portLine({ options, port: 4444, fingerprint });
}

test('a port of this machine alone says how others get there', () => {
  const how =
    '; only this machine reaches it (--host 0.0.0.0, or host: 0.0.0.0 under stratum, opens it to your network)';
  for (const host of ['127.0.0.1', 'localhost'])
    assert.equal(
      lineOf(`{ host: ${host}, difficulty: 0.05 }`),
      `miners connect to stratum+tcp://${host}:4444 (difficulty 0.05)${how}`,
    );
  assert.equal(
    lineOf('{ host: "::1" }'),
    `miners connect to stratum+tcp://[::1]:4444 (vardiff 0.000001…1000)${how}`,
  );
});

test('a port of the network has its scheme, certificate and proxies', () => {
  assert.equal(
    lineOf('{ host: 10.0.0.1, difficulty: 1.0e-10, tls: true, proxies: [10.0.0.2] }', 'AB:CD'),
    'miners connect to stratum+ssl://10.0.0.1:4444 (difficulty 1e-10), certificate SHA-256 AB:CD, with a PROXY header from 10.0.0.2',
  );
  assert.match(lineOf('{ host: 0.0.0.0 }'), /^miners connect to stratum\+tcp:\/\/[\d.]+:4444/);
});
