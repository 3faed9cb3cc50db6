import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listGolden, readGolden } from '../../test/support/golden.ts';
import { rawTemplate } from '../../test/support/mining.ts';
import { bytesToHex } from '../chain/bytes.ts';
import { KAWPOW } from '../kawpow/params.ts';
import { parseTemplate } from './template.ts';

test('every recorded template of ravend is taken', () => {
  const names = listGolden('ravend/getblocktemplate').filter((name) => !/mode-|param-|proposal/.test(name));
  assert(names.length > 20);
  for (const name of names) {
    const { response } = readGolden(`ravend/getblocktemplate/${name}`) as { response: { result: unknown } };
    const parsed = parseTemplate(response.result, KAWPOW);
    assert(parsed.ok, `${name}: ${parsed.ok ? '' : parsed.reason}`);
  }
});

test('the fields are what ravend sent', () => {
  const parsed = parseTemplate(rawTemplate(), KAWPOW);
  assert(parsed.ok);
  const { template } = parsed;
  assert.equal(template.height, 258);
  assert.equal(template.coinbaseValueSat, 250000463300n);
  assert.equal(
    template.previousBlockHash,
    '67a7b36fc079f9f5ecadfc27e2663cddbfb1ec019442756d959eba98e634fcda',
  );
  assert.equal(bytesToHex(template.networkTarget), `7fffff${'0'.repeat(58)}`);
  assert.equal(template.transactions.length, 2);
  assert(Object.isFrozen(template) && Object.isFrozen(template.transactions));
});

test('each missing field is named', () => {
  const needed = [
    'version',
    'previousblockhash',
    'transactions',
    'coinbasevalue',
    'target',
    'bits',
    'curtime',
    'mintime',
    'height',
    'longpollid',
  ];
  for (const key of needed) {
    const { [key]: _, ...rest } = rawTemplate();
    const parsed = parseTemplate(rest, KAWPOW);
    assert(!parsed.ok, key);
    assert.equal(parsed.reason, `template.${key} is missing`);
  }
});

test('each wrong field is named, with what was expected and what came', () => {
  const wrong: [string, unknown, RegExp][] = [
    ['version', '805306368', /template\.version: expected a whole number .*, got 805306368/],
    ['previousblockhash', 'abcd', /template\.previousblockhash: expected 64 hex digits, got abcd/],
    ['height', 0, /template\.height: expected a whole number from 1/],
    ['height', 61_440_000, /template\.height/],
    ['bits', '1d00fffz', /template\.bits: expected 8 hex digits/],
    ['bits', '1d00ffff', /template\.target and template\.bits \(1d00ffff\) are not the same target/],
    ['bits', '00000000', /template\.bits: expected bits of a valid target/],
    ['coinbasevalue', -1, /template\.coinbasevalue: expected an amount in satoshi, got -1/],
    ['coinbasevalue', 1.5, /template\.coinbasevalue/],
    ['coinbasevalue', 2n ** 63n, /template\.coinbasevalue/],
    ['transactions', {}, /template\.transactions: expected a list/],
    ['transactions', [null], /template\.transactions\[0\] is not an object/],
    [
      'transactions',
      [{ txid: 'ab'.repeat(32), hash: 'ab'.repeat(32) }],
      /template\.transactions\[0\]\.data is missing/,
    ],
    ['default_witness_commitment', '6a2', /template\.default_witness_commitment: expected hex/],
    ['longpollid', 7, /template\.longpollid: expected a text/],
    ['curtime', 5, /template\.curtime is before template\.mintime/],
  ];
  for (const [key, value, reason] of wrong) {
    const parsed = parseTemplate({ ...rawTemplate(), [key]: value }, KAWPOW);
    assert(!parsed.ok, `${key} = ${String(value)}`);
    assert.match(parsed.reason, reason);
  }
});

test('witness transactions need a commitment', () => {
  const { default_witness_commitment: _, ...rest } = rawTemplate('witness-tx-no-miningaddress');
  const parsed = parseTemplate(rest, KAWPOW);
  assert(!parsed.ok);
  assert.match(parsed.reason, /default_witness_commitment is missing/);
});

test('anything at all is answered with a value', () => {
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom(...Object.keys(rawTemplate())), (value, key) => {
      assert.equal(typeof parseTemplate(value, KAWPOW).ok, 'boolean');
      assert.equal(typeof parseTemplate({ ...rawTemplate(), [key]: value }, KAWPOW).ok, 'boolean');
    }),
  );
});
