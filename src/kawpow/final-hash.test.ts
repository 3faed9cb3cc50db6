import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kawPowVectors, realBlockVectors } from '../../test/conformance/kawpow-vectors.ts';
import { bytesToHex, hexToBytes } from '../chain/bytes.ts';
import { finalHash } from './final-hash.ts';
import { KAWPOW } from './params.ts';

const HASH = new Uint8Array(32);

for (const vector of [...kawPowVectors().vectors, ...realBlockVectors()]) {
  test(`final hash of height ${vector.height}, nonce ${vector.nonce}, from its mix hash alone`, () => {
    const hash = finalHash(
      hexToBytes(vector.headerHash),
      BigInt(`0x${vector.nonce}`),
      hexToBytes(vector.mixHash),
      KAWPOW,
    );
    assert.equal(bytesToHex(hash), vector.finalHash);
  });
}

test('a coin with another padding has other hashes', () => {
  const other = { ...KAWPOW, padding: 'EVRMORE-PROGPOW' };
  assert.notDeepEqual(finalHash(HASH, 0n, HASH, other), finalHash(HASH, 0n, HASH, KAWPOW));
  assert.deepEqual(finalHash(HASH, 0n, HASH, { ...KAWPOW }), finalHash(HASH, 0n, HASH, KAWPOW));
});

test('wrong lengths and nonces are refused with a reason', () => {
  assert.throws(() => finalHash(new Uint8Array(31), 0n, HASH, KAWPOW), /header hash has 32 bytes, got 31/);
  assert.throws(() => finalHash(HASH, 0n, new Uint8Array(33), KAWPOW), /mix hash has 32 bytes, got 33/);
  assert.throws(() => finalHash(HASH, -1n, HASH, KAWPOW), RangeError);
  assert.throws(() => finalHash(HASH, 2n ** 64n, HASH, KAWPOW), RangeError);
  assert.throws(() => finalHash(HASH, 0n, HASH, { ...KAWPOW, padding: 'short' }), /15 characters/);
  assert.equal(finalHash(HASH, 2n ** 64n - 1n, HASH, KAWPOW).length, 32);
});
