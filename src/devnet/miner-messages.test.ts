import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { jobMessage } from '../../test/support/scripted-stratum.ts';
import { bytesToHex } from '../chain/bytes.ts';
import { KAWPOW } from '../kawpow/params.ts';
import { parsePrefix, parseServerLine, submitParams } from './miner-messages.ts';
import { parseStratumUrl } from './miner-url.ts';

describe('lines from a stratum server', () => {
  it('a job, with and without 0x, of any case', () => {
    const target = 'aB'.repeat(32);
    for (const form of [target, `0x${target}`, `0X${target.toUpperCase()}`]) {
      const message = parseServerLine(
        JSON.stringify(jobMessage({ id: 'a', height: 7, target: form, bits: '1d00ffff' })),
        KAWPOW,
      );
      assert(message.kind === 'job');
      assert.equal(bytesToHex(message.job.shareTarget), target.toLowerCase());
      assert.equal(bytesToHex(message.job.networkTarget as Uint8Array), `00000000ffff${'0'.repeat(52)}`);
      assert.deepEqual([message.job.id, message.job.height, message.job.cleanJobs], ['a', 7, true]);
    }
  });

  it('a job without bits has no network target', () => {
    const { params } = jobMessage({ id: 'a', target: '0'.repeat(64) }) as { params: unknown[] };
    const message = parseServerLine(
      JSON.stringify({ id: null, method: 'mining.notify', params: params.slice(0, 6) }),
      KAWPOW,
    );
    assert(message.kind === 'job');
    assert.equal(message.job.networkTarget, undefined);
  });

  it('replies and their errors in all forms that servers use', () => {
    const errorOf = (message: object): unknown => {
      const parsed = parseServerLine(JSON.stringify({ id: 4, ...message }), KAWPOW);
      assert(parsed.kind === 'reply');
      return parsed.error;
    };
    assert.equal(errorOf({ result: true, error: null }), undefined);
    assert.equal(errorOf({ result: true }), undefined);
    assert.deepEqual(errorOf({ result: null, error: [21, 'stale', null] }), { code: 21, text: 'stale' });
    assert.deepEqual(errorOf({ result: null, error: { code: -5, message: 'no' } }), { code: -5, text: 'no' });
    assert.deepEqual(errorOf({ result: null, error: 'no' }), { code: undefined, text: 'no' });
    assert.deepEqual(errorOf({ result: null, error: false }), { code: undefined, text: 'refused' });
    assert.deepEqual(errorOf({ result: false, error: null }), { code: undefined, text: 'refused' });
  });

  it('the prefix of a subscribe result', () => {
    assert.deepEqual(parsePrefix([null, '00a7']), Uint8Array.of(0, 0xa7));
    assert.deepEqual(parsePrefix([[['mining.notify', 'x']], '0xff', 4]), Uint8Array.of(0xff));
    assert.deepEqual(parsePrefix([null]), new Uint8Array());
    for (const bad of [null, 'x', [null, 'abc'], [null, 'zz'], [null, 7], [null, '00'.repeat(7)]]) {
      assert.equal(parsePrefix(bad), undefined);
    }
  });

  it('a submission carries 0x and all sixteen digits of the nonce', () => {
    const parsed = parseServerLine(JSON.stringify(jobMessage({ id: 'a', target: '0'.repeat(64) })), KAWPOW);
    assert(parsed.kind === 'job');
    const params = submitParams('u.w', parsed.job, { nonce: 0xa7n, mixHash: new Uint8Array(32) });
    assert.deepEqual(params, [
      'u.w',
      'a',
      '0x00000000000000a7',
      `0x${'01'.repeat(32)}`,
      `0x${'00'.repeat(32)}`,
    ]);
  });

  it('never throws, whatever comes', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ id: fc.jsonValue(), method: fc.constant('mining.notify'), params: fc.jsonValue() })
        .map((m) => JSON.stringify(m)),
      fc
        .array(fc.oneof(fc.jsonValue(), fc.string({ unit: fc.constantFrom(...'0123456789abcdefx') })), {
          maxLength: 8,
        })
        .map((params) => JSON.stringify({ id: null, method: 'mining.notify', params })),
    );
    fc.assert(
      fc.property(anything, (line) => {
        const { kind } = parseServerLine(line, KAWPOW);
        assert(['job', 'reply', 'question', 'ignored'].includes(kind));
        parsePrefix(line);
      }),
    );
  });
});

describe('the address of a stratum server', () => {
  it('with and without TLS, by name, IPv4 and IPv6', () => {
    assert.deepEqual(parseStratumUrl('stratum+tcp://127.0.0.1:3333'), {
      host: '127.0.0.1',
      port: 3333,
      tls: false,
    });
    assert.deepEqual(parseStratumUrl('stratum+ssl://pool.example:443'), {
      host: 'pool.example',
      port: 443,
      tls: true,
    });
    assert.deepEqual(parseStratumUrl('stratum+tcp://[::1]:3333'), { host: '::1', port: 3333, tls: false });
  });

  for (const [url, expected] of [
    ['127.0.0.1:3333', /stratum\+tcp:\/\//],
    ['', /stratum\+tcp:\/\//],
    ['http://127.0.0.1:3333', /http:\/\/ is not known/],
    ['stratum2+tcp://127.0.0.1:3333', /Stratum V2 is not spoken/],
    ['stratum+tcp://127.0.0.1', /the port is missing/],
    ['stratum+tcp://127.0.0.1:0', /the port is missing/],
    ['stratum+tcp://:3333', /./],
    ['stratum+tcp://127.0.0.1:99999', /./],
  ] as const) {
    it(`says what is wrong with "${url}"`, () => {
      assert.throws(() => parseStratumUrl(url), { code: 'KPSS_MINER_URL', message: expected });
    });
  }
});
