import { ByteReader } from './byte-reader.ts';
import { bytesToHex, compactSize, concatBytes } from './bytes.ts';
import { type DecodedHeader, decodeHeader, HEADER_BYTES } from './header.ts';
import { type DecodedTransaction, decodeTransaction } from './transaction.ts';

export interface DecodedBlock {
  readonly header: DecodedHeader;
  readonly headerBytes: Uint8Array;
  readonly transactions: readonly DecodedTransaction[];
  /** Bytes read; ravend ignores what follows. */
  readonly consumed: number;
}

/**
 * A whole block as the hex that submitblock takes. The transactions stay the hex they came as, in one text that was made
 * beforehand: turning megabytes into bytes and back, or joining them, would cost milliseconds at the one moment that
 * counts.
 * @param header 120 bytes
 * @param coinbase serialised coinbase transaction
 * @param transactionCount besides the coinbase
 * @param transactionsHex the template's, in the template's order, one after the other
 */
export function assembleBlockHex(
  header: Uint8Array,
  coinbase: Uint8Array,
  transactionCount: number,
  transactionsHex: string,
): string {
  if (header.length !== HEADER_BYTES) throw new RangeError('a header has 120 bytes');
  const start = concatBytes(header, compactSize(transactionCount + 1), coinbase);
  return bytesToHex(start) + transactionsHex;
}

/** @throws RangeError when the bytes are no block */
export function decodeBlock(bytes: Uint8Array): DecodedBlock {
  const reader = new ByteReader(bytes);
  const headerBytes = reader.take(HEADER_BYTES);
  const count = reader.compactSize();
  // No transaction is shorter than 10 bytes, so a count cannot ask for more memory than the data has.
  if (count * 10 > reader.remaining) throw new RangeError('more transactions than data');
  const transactions = Array.from({ length: count }, () => decodeTransaction(reader));
  return { header: decodeHeader(headerBytes), headerBytes, transactions, consumed: reader.offset };
}
