import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader } from './byte-reader.ts';
import {
  bytesToHex,
  compactSize,
  concatBytes,
  equalBytes,
  hexToBytes,
  int32Le,
  lengthPrefixed,
  reversed,
  uint32Le,
  uint64Le,
} from './bytes.ts';

test('hex goes both ways, in any case', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => equalBytes(hexToBytes(bytesToHex(bytes)), bytes)));
  assert.deepEqual(hexToBytes('DEADbeef'), Uint8Array.of(0xde, 0xad, 0xbe, 0xef));
});

test('what is not hex is refused', () => {
  for (const text of ['0', 'zz', '0x00', ' 00', '00 '])
    assert.throws(() => hexToBytes(text), RangeError, text);
});

test('CompactSize is written in its shortest form and read back', () => {
  assert.equal(bytesToHex(compactSize(0xfc)), 'fc');
  assert.equal(bytesToHex(compactSize(0xfd)), 'fdfd00');
  assert.equal(bytesToHex(compactSize(0x10000)), 'fe00000100');
  assert.equal(bytesToHex(compactSize(2 ** 32)), 'ff0000000001000000');
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => new ByteReader(compactSize(value)).compactSize() === value),
  );
});

test('a CompactSize longer than needed is refused, as ravend refuses it', () => {
  for (const hex of ['fdfc00', 'feffff0000', 'ffffffffff00000000', 'ffffffffffffffffff']) {
    assert.throws(() => new ByteReader(hexToBytes(hex)).compactSize(), RangeError, hex);
  }
});

test('integers are little-endian and bounded', () => {
  assert.equal(bytesToHex(uint32Le(0x01020304)), '04030201');
  assert.equal(bytesToHex(int32Le(-2)), 'feffffff');
  assert.equal(bytesToHex(uint64Le(0xffffffffffffffffn)), 'ffffffffffffffff');
  assert.throws(() => uint32Le(-1), RangeError);
  assert.throws(() => uint32Le(1.5), RangeError);
  assert.throws(() => int32Le(2 ** 31), RangeError);
  assert.throws(() => uint64Le(2n ** 64n), RangeError);
  assert.throws(() => compactSize(Number.NaN), RangeError);
});

test('the reader gives back what was joined and never reads past the end', () => {
  const reader = new ByteReader(
    concatBytes(uint32Le(7), int32Le(-7), uint64Le(9n), lengthPrefixed(Uint8Array.of(1, 2))),
  );
  assert.equal(reader.uint32(), 7);
  assert.equal(reader.int32(), -7);
  assert.equal(reader.uint64(), 9n);
  assert.deepEqual(reader.take(reader.compactSize()), Uint8Array.of(1, 2));
  assert.equal(reader.remaining, 0);
  assert.throws(() => reader.uint8(), RangeError);
});

test('reversing copies', () => {
  const original = Uint8Array.of(1, 2, 3);
  assert.deepEqual(reversed(original), Uint8Array.of(3, 2, 1));
  assert.deepEqual(original, Uint8Array.of(1, 2, 3));
});
