import { compactSize, concatBytes, lengthPrefixed, uint32Le, uint64Le } from './bytes.ts';
import { sha256d } from './hash.ts';
import { heightPush } from './script.ts';
import type { TransactionOutput } from './transaction.ts';

/** Consensus: a coinbase scriptSig has 2 to 100 bytes. */
const SCRIPT_SIG_BYTES_MIN = 2;
const SCRIPT_SIG_BYTES_MAX = 100;

/** Appended to the tag where a coinbase must differ from another of the same tag; see mining/job.ts. */
const VARIANT_BYTES = 4;
/** A height push takes at most this many bytes (length, four of number). */
const HEIGHT_PUSH_BYTES_MAX = 5;
/** The tag that fits at every height, with room for a variant. */
export const TAG_BYTES_MAX = SCRIPT_SIG_BYTES_MAX - HEIGHT_PUSH_BYTES_MAX - VARIANT_BYTES;

/** The transaction format of a coinbase; any version is valid, 1 is what the recordings carry. */
const COINBASE_VERSION = 1;
const NULL_OUTPOINT = concatBytes(new Uint8Array(32), uint32Le(0xffffffff));
const SEQUENCE_FINAL = uint32Le(0xffffffff);
const LOCK_TIME = uint32Le(0);
const WITNESS_MARKER_AND_FLAG = Uint8Array.of(0, 1);
/** One stack item: the 32 zero bytes that the template's commitment was made with. */
const WITNESS_RESERVED_VALUE = concatBytes(Uint8Array.of(1, 32), new Uint8Array(32));

export interface CoinbaseParameters {
  readonly height: number;
  /** Follows the height in the scriptSig; free bytes. */
  readonly tag: Uint8Array;
  /** Paid in this order, before the commitment. */
  readonly outputs: readonly TransactionOutput[];
  /** The template's default_witness_commitment, an output script. */
  readonly witnessCommitmentScript?: Uint8Array | undefined;
  /** Leave the reserved value out although there is a commitment; ravend then adds it by itself. */
  readonly omitWitness?: boolean;
}

export interface Coinbase {
  /** As it stands in the block, witness included. */
  readonly bytes: Uint8Array;
  /** What the txid is made from. */
  readonly stripped: Uint8Array;
  /** 32 bytes, internal order: the first leaf of the merkle tree. */
  readonly txidInternal: Uint8Array;
}

/**
 * The coinbase transaction of a block.
 * @throws RangeError when the scriptSig would not have 2 to 100 bytes, or there is no output
 * Source: Ravencoin Core, CheckTransaction (bad-cb-length), BIP 34, BIP 141
 */
export function buildCoinbase(parameters: CoinbaseParameters): Coinbase {
  const { height, tag, outputs, witnessCommitmentScript } = parameters;
  const scriptSig = concatBytes(heightPush(height), tag);
  if (scriptSig.length < SCRIPT_SIG_BYTES_MIN || scriptSig.length > SCRIPT_SIG_BYTES_MAX) {
    throw new RangeError(`a coinbase scriptSig has 2 to 100 bytes, got ${scriptSig.length}`);
  }
  const all = witnessCommitmentScript
    ? [...outputs, { amountSat: 0n, script: witnessCommitmentScript }]
    : outputs;
  if (all.length === 0) throw new RangeError('a coinbase needs an output');
  const version = uint32Le(COINBASE_VERSION);
  const body = concatBytes(
    Uint8Array.of(1),
    NULL_OUTPOINT,
    lengthPrefixed(scriptSig),
    SEQUENCE_FINAL,
    compactSize(all.length),
    ...all.flatMap((output) => [uint64Le(output.amountSat), lengthPrefixed(output.script)]),
  );
  const stripped = concatBytes(version, body, LOCK_TIME);
  const withWitness = witnessCommitmentScript !== undefined && !parameters.omitWitness;
  const bytes = withWitness
    ? concatBytes(version, WITNESS_MARKER_AND_FLAG, body, WITNESS_RESERVED_VALUE, LOCK_TIME)
    : stripped;
  return { bytes, stripped, txidInternal: sha256d(stripped) };
}
