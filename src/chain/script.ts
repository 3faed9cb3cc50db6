import { concatBytes } from './bytes.ts';

const OP_1 = 0x51;
const OP_DUP = 0x76;
const OP_EQUAL = 0x87;
const OP_EQUALVERIFY = 0x88;
const OP_HASH160 = 0xa9;
const OP_CHECKSIG = 0xac;

/** Pay to a public key's hash (20 bytes). */
export function p2pkhScript(hash: Uint8Array): Uint8Array {
  return concatBytes(
    Uint8Array.of(OP_DUP, OP_HASH160, hash.length),
    hash,
    Uint8Array.of(OP_EQUALVERIFY, OP_CHECKSIG),
  );
}

/** Pay to a script's hash (20 bytes). */
export function p2shScript(hash: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(OP_HASH160, hash.length), hash, Uint8Array.of(OP_EQUAL));
}

/**
 * The block height as ravend's `CScript() << height`: OP_1 … OP_16 for 1 to 16, above that a length byte and the
 * minimal little-endian script number, with a zero byte where the top bit would make it negative.
 * @throws RangeError unless a whole number from 1 to 2^31 - 1
 * Source: Ravencoin Core, ContextualCheckBlock (bad-cb-height); BIP 34
 */
export function heightPush(height: number): Uint8Array {
  if (!Number.isInteger(height) || height < 1 || height > 0x7fffffff) {
    throw new RangeError(`not a block height: ${height}`);
  }
  if (height <= 16) return Uint8Array.of(OP_1 + height - 1);
  const number: number[] = [];
  for (let rest = height; rest > 0; rest >>>= 8) number.push(rest & 0xff);
  if ((number.at(-1) ?? 0) & 0x80) number.push(0);
  return Uint8Array.of(number.length, ...number);
}
