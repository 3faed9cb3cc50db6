import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { recordedPairs } from '../../test/support/golden.ts';
import { assembleBlockHex, decodeBlock } from './block.ts';
import { hexToBytes } from './bytes.ts';
import { buildCoinbase } from './coinbase.ts';
import { heightPush } from './script.ts';

const recorded = hexToBytes(recordedPairs().at(-1)?.pair.assembled.blockHex ?? '');

test('a block cut anywhere is refused, and nothing but RangeError comes out', () => {
  for (let length = 0; length < recorded.length; length += 7) {
    assert.throws(() => decodeBlock(recorded.subarray(0, length)), RangeError);
  }
});

test('no bytes make the decoder throw anything else, or ask for memory that the data does not have', () => {
  const header = recorded.subarray(0, 120);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
      try {
        decodeBlock(hexToBytes(assembleBlockHex(header, tail, 0, '')));
      } catch (error) {
        assert(error instanceof RangeError);
      }
    }),
    { numRuns: 500 },
  );
});

test('a tag that does not fit is refused, one that just fits is not', () => {
  const outputs = [{ amountSat: 1n, script: Uint8Array.of(0x51) }];
  for (const height of [1, 17, 4_487_775]) {
    const fits = 100 - heightPush(height).length;
    buildCoinbase({ height, tag: new Uint8Array(fits), outputs });
    assert.throws(() => buildCoinbase({ height, tag: new Uint8Array(fits + 1), outputs }), /2 to 100 bytes/);
  }
});

test('a one-byte scriptSig, as height 1 without a tag would have it, is refused', () => {
  const outputs = [{ amountSat: 1n, script: Uint8Array.of(0x51) }];
  assert.throws(() => buildCoinbase({ height: 1, tag: new Uint8Array(0), outputs }), /2 to 100 bytes/);
});

test('heights that no block has are refused', () => {
  for (const height of [0, -1, 1.5, 2 ** 31]) assert.throws(() => heightPush(height), RangeError);
});
