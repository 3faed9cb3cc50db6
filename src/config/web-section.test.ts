import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bad, good } from '../../test/support/config.ts';

describe('where the status is served', () => {
  const webOf = (yaml: string | undefined) => good(yaml).web;

  test('is this machine, another port, or nowhere', () => {
    for (const yaml of ['', undefined, 'web:', 'web: {}']) {
      assert.deepEqual(webOf(yaml), { host: '127.0.0.1', port: 3380 });
    }
    assert.deepEqual(webOf('web: { port: 0 }'), { host: '127.0.0.1', port: 0 });
    assert.deepEqual(webOf('web: { host: localhost, port: 80 }'), { host: 'localhost', port: 80 });
    assert.deepEqual(webOf('{ web: { host: "::1" }, instances: [{ name: a }] }'), {
      host: '::1',
      port: 3380,
    });
    // Sockets want it without brackets.
    assert.equal(webOf('web: { host: "[::1]" }')?.host, '::1');
    assert.equal(webOf('web: off'), undefined);
  });

  test('is no address that others reach, and the reason is told', () => {
    for (const host of ['0.0.0.0', '192.168.1.5', '::', 'kpss.example']) {
      assert.deepEqual(bad(`web:\n  host: "${host}"\n`), [
        `kpss.yaml:2: web.host: expected 127.0.0.1, ::1 or localhost, since it has no login yet (docs/operations.md shows how ssh brings it elsewhere), got "${host}"`,
      ]);
    }
  });

  test('is refused with what was expected', () => {
    assert.deepEqual(bad('web:\n  port: 70000\n  hots: a'), [
      'kpss.yaml:2: web.port: expected a port number from 1 to 65535, or 0 for any free one, got 70000',
      'kpss.yaml:3: web.hots: unknown setting: did you mean host?',
    ]);
    const expected = 'kpss.yaml:1: web: expected off, or a group with host and port, got';
    assert.deepEqual(bad('web: false'), [`${expected} false`]);
    assert.deepEqual(bad('web: Of'), [`${expected} "Of": did you mean off?`]);
    assert.deepEqual(bad('web: [a]'), [`${expected} a list`]);
    assert.deepEqual(bad('instances: [{ name: a, web: off }]'), [
      'kpss.yaml:1: instances[0].web: belongs beside the list of instances: it counts for all of them',
    ]);
  });

  test('is not where miners connect', () => {
    assert.deepEqual(bad('stratum: { port: 5 }\nweb:\n  port: 5\n'), [
      'kpss.yaml:3: web.port: 5 is the port of ravencoin-main’s miners already',
    ]);
    const served = '3380 is where the status is served: choose another, or another web.port';
    assert.deepEqual(bad('name: a\nstratum: { host: 0.0.0.0, port: 3380 }\n'), [
      `kpss.yaml:2: stratum.port: ${served}`,
    ]);
    assert.deepEqual(bad(undefined, { flags: { port: '3380' } }), [`--port: ${served}`]);
    assert.deepEqual(webOf('{ web: off, stratum: { port: 3380 } }'), undefined);
    assert.ok(webOf('stratum: { host: 10.0.0.1, port: 3380 }'));
    assert.ok(webOf('{ web: { port: 0 }, stratum: { port: 0 } }'));
  });
});
