import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGolden } from '../../test/support/golden.ts';
import { decodeAddress, encodeAddress } from './address.ts';
import { bytesToHex } from './bytes.ts';
import { findNetwork, NETWORKS, type Network } from './coins.ts';

function network(coin: string, name: string): Network {
  const found = findNetwork(coin, name);
  assert(found);
  return found;
}
const main = network('ravencoin', 'main');
const regtest = network('ravencoin', 'regtest');

interface Validated {
  response: { result: { isvalid: boolean; address?: string; scriptPubKey?: string; isscript?: boolean } };
  request: { params: [string] };
}

test('addresses that ravend validated give the scripts that ravend printed', () => {
  for (const name of ['p2pkh', 'p2pkh-mine', 'p2sh', 'p2sh-mine']) {
    const { request, response } = readGolden(`ravend/misc/validateaddress-${name}.json`) as Validated;
    const decoded = decodeAddress(request.params[0], regtest);
    assert(decoded.ok, name);
    assert.equal(bytesToHex(decoded.script), response.result.scriptPubKey);
    assert.equal(decoded.kind === 'p2sh', response.result.isscript);
  }
});

test('addresses that ravend refused are refused with the reason', () => {
  const reasons = {
    checksum: 'wrong-checksum',
    empty: 'wrong-length',
    invalid: 'not-base58',
    mainnet: 'other-network',
  };
  for (const [name, reason] of Object.entries(reasons)) {
    const { request, response } = readGolden(`ravend/misc/validateaddress-${name}.json`) as Validated;
    assert.equal(response.result.isvalid, false);
    const decoded = decodeAddress(request.params[0], regtest);
    assert(!decoded.ok);
    // «notanaddress» holds an o, which base58 has, so its length is what is wrong with it.
    assert.equal(decoded.reason, name === 'invalid' ? 'wrong-length' : reason);
  }
});

test('an address of another network is named', () => {
  const decoded = decodeAddress(encodeAddress(60, new Uint8Array(20)), regtest);
  assert(!decoded.ok);
  assert.match(decoded.text, /not an address of ravencoin regtest, but of ravencoin main/);
});

test('every network takes its own addresses of both kinds', () => {
  const hash = Uint8Array.from({ length: 20 }, (_, i) => i);
  for (const entry of NETWORKS) {
    const p2pkh = decodeAddress(encodeAddress(entry.p2pkhVersion, hash), entry);
    assert(p2pkh.ok && p2pkh.kind === 'p2pkh');
    assert.equal(bytesToHex(p2pkh.script), `76a914${bytesToHex(hash)}88ac`);
    const p2sh = decodeAddress(encodeAddress(entry.p2shVersion, hash), entry);
    assert(p2sh.ok);
    if (entry.p2shVersion !== entry.p2pkhVersion)
      assert.equal(bytesToHex(p2sh.script), `a914${bytesToHex(hash)}87`);
  }
});

test('no text makes it throw', () => {
  for (const text of ['', ' ', '0', 'é', '\u0000', '1'.repeat(64), 'R'.repeat(10_000), 'lO0I']) {
    assert.equal(decodeAddress(text, main).ok, false);
  }
});

test('Ravencoin addresses begin with R on mainnet', () => {
  assert.match(encodeAddress(main.p2pkhVersion, new Uint8Array(20).fill(200)), /^R/);
});
