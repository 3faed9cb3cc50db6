import type { ByteReader } from './byte-reader.ts';
import { concatBytes } from './bytes.ts';
import { sha256d } from './hash.ts';

export interface TransactionInput {
  readonly previousTxidInternal: Uint8Array;
  readonly previousIndex: number;
  readonly scriptSig: Uint8Array;
  readonly sequence: number;
  readonly witness: readonly Uint8Array[];
}

export interface TransactionOutput {
  readonly amountSat: bigint;
  readonly script: Uint8Array;
}

export interface DecodedTransaction {
  /** As serialised, witness included. */
  readonly bytes: Uint8Array;
  /** Without the witness: what the txid is made from. */
  readonly stripped: Uint8Array;
  readonly txidInternal: Uint8Array;
  /** With the witness; RPC calls it `hash`. */
  readonly hashInternal: Uint8Array;
  readonly hasWitness: boolean;
  readonly version: number;
  readonly inputs: readonly TransactionInput[];
  readonly outputs: readonly TransactionOutput[];
  readonly lockTime: number;
}

/** Smallest serialised input and output: bounds a count by the bytes that are there, before anything is allocated. */
const INPUT_BYTES_MIN = 41;
const OUTPUT_BYTES_MIN = 9;

/**
 * Reads one transaction, with or without witness.
 * @throws RangeError when the data is not a transaction
 * Source: BIP 144
 */
export function decodeTransaction(reader: ByteReader): DecodedTransaction {
  const start = reader.offset;
  const version = reader.int32();
  // An empty input list followed by flag 1 marks the witness form.
  const hasWitness = reader.peek() === 0 && reader.peek(1) === 1;
  if (hasWitness) reader.take(2);
  const bodyStart = reader.offset;
  const bareInputs = readList(reader, INPUT_BYTES_MIN, readInput);
  if (bareInputs.length === 0) throw new RangeError('a transaction has an input');
  const outputs = readList(reader, OUTPUT_BYTES_MIN, readOutput);
  const body = reader.since(bodyStart);
  const inputs = hasWitness
    ? bareInputs.map((input) => ({ ...input, witness: readList(reader, 1, readString) }))
    : bareInputs;
  if (hasWitness && inputs.every((input) => input.witness.length === 0)) {
    throw new RangeError('a witness form without witness');
  }
  const lockTimeStart = reader.offset;
  const lockTime = reader.uint32();
  const bytes = reader.since(start);
  const stripped = hasWitness ? concatBytes(bytes.subarray(0, 4), body, reader.since(lockTimeStart)) : bytes;
  const txidInternal = sha256d(stripped);
  const hashInternal = hasWitness ? sha256d(bytes) : txidInternal;
  return { bytes, stripped, txidInternal, hashInternal, hasWitness, version, inputs, outputs, lockTime };
}

function readList<T>(reader: ByteReader, itemBytesMin: number, readItem: (reader: ByteReader) => T): T[] {
  const count = reader.compactSize();
  if (count * itemBytesMin > reader.remaining) throw new RangeError('a list longer than its data');
  return Array.from({ length: count }, () => readItem(reader));
}

function readString(reader: ByteReader): Uint8Array {
  return reader.take(reader.compactSize());
}

function readInput(reader: ByteReader): TransactionInput {
  return {
    previousTxidInternal: reader.take(32),
    previousIndex: reader.uint32(),
    scriptSig: readString(reader),
    sequence: reader.uint32(),
    witness: [],
  };
}

function readOutput(reader: ByteReader): TransactionOutput {
  return { amountSat: reader.uint64(), script: readString(reader) };
}
