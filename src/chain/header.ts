import { ByteReader } from './byte-reader.ts';
import { concatBytes, int32Le, reversed, uint32Le, uint64Le } from './bytes.ts';
import { sha256d } from './hash.ts';

/** Length of what the header hash is made from: everything but nonce and mix hash. */
const HEADER_INPUT_BYTES = 80;
/** Length of a serialised KawPoW header. */
export const HEADER_BYTES = 120;

export interface HeaderFields {
  /** int32; deployments vote in it. */
  readonly version: number;
  /** 32 bytes, display order. */
  readonly previousBlockHash: Uint8Array;
  /** 32 bytes, display order. */
  readonly merkleRoot: Uint8Array;
  readonly timeS: number;
  readonly bits: number;
  readonly height: number;
}

export interface DecodedHeader extends HeaderFields {
  readonly nonce: bigint;
  /** 32 bytes, display order. */
  readonly mixHash: Uint8Array;
  /** 32 bytes, display order. */
  readonly headerHash: Uint8Array;
}

/**
 * version · previous hash · merkle root · time · bits · height, little-endian.
 * @returns 80 bytes
 * @throws RangeError when a field does not fit
 * Source: Ravencoin Core, CKAWPOWInput
 */
export function encodeHeaderInput(fields: HeaderFields): Uint8Array {
  const input = concatBytes(
    int32Le(fields.version),
    reversed(fields.previousBlockHash),
    reversed(fields.merkleRoot),
    uint32Le(fields.timeS),
    uint32Le(fields.bits),
    uint32Le(fields.height),
  );
  if (input.length !== HEADER_INPUT_BYTES)
    throw new RangeError('previous hash and merkle root have 32 bytes each');
  return input;
}

/**
 * What miners get and hash with their nonces.
 * @param headerInput 80 bytes
 * @returns 32 bytes, display order
 */
export function headerHashOf(headerInput: Uint8Array): Uint8Array {
  if (headerInput.length !== HEADER_INPUT_BYTES) throw new RangeError('a header input has 80 bytes');
  return sha256d(headerInput).reverse();
}

/**
 * The header as it stands in a block: input · nonce uint64 little-endian · mix hash reversed.
 * @param mixHash 32 bytes, display order
 * @returns 120 bytes
 */
export function encodeHeader(headerInput: Uint8Array, nonce: bigint, mixHash: Uint8Array): Uint8Array {
  const header = concatBytes(headerInput, uint64Le(nonce), reversed(mixHash));
  if (header.length !== HEADER_BYTES) throw new RangeError('a header has 120 bytes');
  return header;
}

/**
 * @param header exactly 120 bytes
 * @throws RangeError on another length
 */
export function decodeHeader(header: Uint8Array): DecodedHeader {
  if (header.length !== HEADER_BYTES) throw new RangeError(`a header has 120 bytes, got ${header.length}`);
  const reader = new ByteReader(header);
  return {
    version: reader.int32(),
    previousBlockHash: reversed(reader.take(32)),
    merkleRoot: reversed(reader.take(32)),
    timeS: reader.uint32(),
    bits: reader.uint32(),
    height: reader.uint32(),
    nonce: reader.uint64(),
    mixHash: reversed(reader.take(32)),
    headerHash: headerHashOf(header.subarray(0, HEADER_INPUT_BYTES)),
  };
}
