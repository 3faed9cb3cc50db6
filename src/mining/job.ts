import { assembleBlockHex } from '../chain/block.ts';
import { bytesToHex, concatBytes, hexToBytes, reversed, uint32Le } from '../chain/bytes.ts';
import { buildCoinbase, type Coinbase, TAG_BYTES_MAX } from '../chain/coinbase.ts';
import { encodeHeader, encodeHeaderInput, headerHashOf } from '../chain/header.ts';
import { rootFromBranch } from '../chain/merkle.ts';
import { type Payout, splitPayout } from '../chain/payout.ts';
import { heightPush } from '../chain/script.ts';
import type { TransactionOutput } from '../chain/transaction.ts';
import type { Template } from './template.ts';

/** What miners work on: a template and a payout make one header hash. Immutable; shared by all sessions it is given to. */
export interface Job {
  /** Counts up within an instance; a later job has a higher one. */
  readonly sequence: number;
  readonly template: Template;
  readonly payout: Payout;
  readonly coinbase: Coinbase;
  /** 80 bytes. */
  readonly headerInput: Uint8Array;
  /** 32 bytes, display order. */
  readonly headerHash: Uint8Array;
  readonly headerHashHex: string;
  /** Of the epoch, display hex: miners know their epoch by it. */
  readonly seedHashHex: string;
}

export interface JobParameters {
  readonly sequence: number;
  readonly template: Template;
  /** From `merkleBranch` over the template's transactions; computed once a template. */
  readonly branch: readonly Uint8Array[];
  readonly seedHashHex: string;
  readonly payout: Payout;
  readonly tag: Uint8Array;
  /**
   * 0, or a number that no other job of this template and payout has: it goes into the coinbase and so makes another
   * header. kawpowminer starts again at the same nonce when it gets the same header twice, and its shares would all be
   * duplicates; so a miner that needs a new job between templates, after a retarget, gets a variant.
   */
  readonly variant: number;
}

/**
 * @throws RangeError when the tag does not fit
 */
export function createJob(parameters: JobParameters): Job {
  const { sequence, template, branch, payout, tag, variant, seedHashHex } = parameters;
  if (tag.length > TAG_BYTES_MAX) throw new RangeError(`a coinbase tag has at most ${TAG_BYTES_MAX} bytes`);
  const coinbase = buildCoinbase({
    height: template.height,
    tag: withVariant(template.height, tag, variant),
    outputs: coinbaseOutputs(template, payout),
    witnessCommitmentScript: template.witnessCommitmentScript,
  });
  const headerInput = encodeHeaderInput({
    version: template.version,
    previousBlockHash: hexToBytes(template.previousBlockHash),
    merkleRoot: reversed(rootFromBranch(coinbase.txidInternal, branch)),
    timeS: template.curtimeS,
    bits: template.bits,
    height: template.height,
  });
  const headerHash = headerHashOf(headerInput);
  const headerHashHex = bytesToHex(headerHash);
  return Object.freeze({
    sequence,
    template,
    payout,
    coinbase,
    headerInput,
    headerHash,
    headerHashHex,
    seedHashHex,
  });
}

/** The main payout first, then what the coin demands, whose place is output 1, then the recipients. */
function coinbaseOutputs(template: Template, payout: Payout): TransactionOutput[] {
  const [main, ...recipients] = splitPayout(template.coinbaseValueSat, payout);
  if (main === undefined) throw new Error('a payout without a main output');
  return [main, ...template.mandatoryOutputs, ...recipients];
}

function withVariant(height: number, tag: Uint8Array, variant: number): Uint8Array {
  if (variant > 0) return concatBytes(tag, uint32Le(variant));
  // A one-byte height without a tag would be a scriptSig of one byte, which consensus refuses.
  return tag.length === 0 && heightPush(height).length < 2 ? Uint8Array.of(0) : tag;
}

/**
 * The solved block as the hex that submitblock takes.
 * @param mixHash 32 bytes, display order
 */
export function solvedBlockHex(job: Job, nonce: bigint, mixHash: Uint8Array): string {
  return assembleBlockHex(
    encodeHeader(job.headerInput, nonce, mixHash),
    job.coinbase.bytes,
    job.template.transactions.length,
    job.template.transactionsHex,
  );
}
