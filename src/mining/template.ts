import { hexToBytes, reversed } from '../chain/bytes.ts';
import type { Network } from '../chain/coins.ts';
import { bitsToTarget, equalTargets } from '../chain/target.ts';
import type { TransactionOutput } from '../chain/transaction.ts';
import { epochMax } from '../kawpow/epoch.ts';
import type { KawPow } from '../kawpow/params.ts';
import { readMandatoryOutputs } from './mandatory-outputs.ts';
import { Fields, TemplateFault } from './template-fields.ts';

export interface TemplateTransaction {
  /** 32 bytes, internal order: a leaf of the merkle tree. */
  readonly txidInternal: Uint8Array;
  readonly hasWitness: boolean;
}

/** A parsed getblocktemplate answer: all that a block needs but the coinbase, the nonce and the mix hash. Immutable. */
export interface Template {
  /** Of the chain it is for. */
  readonly pow: KawPow;
  /** Passed through unchanged: deployments vote in it. */
  readonly version: number;
  /** Display hex: the tip this template builds on. */
  readonly previousBlockHash: string;
  readonly height: number;
  readonly bits: number;
  /** 32 bytes, big-endian; from `bits`, which is what consensus reads. */
  readonly networkTarget: Uint8Array;
  /**
   * Subsidy and fees without what the mandatory outputs take: for the payout, to be paid out to the last satoshi. Of the
   * most coins it is what the node calls coinbasevalue.
   */
  readonly coinbaseValueSat: bigint;
  /** What the coin's rules have every block pay besides, from output 1 on, in this order. Empty for most coins. */
  readonly mandatoryOutputs: readonly TransactionOutput[];
  readonly curtimeS: number;
  readonly mintimeS: number;
  readonly transactions: readonly TemplateTransaction[];
  /** All of them serialised, one after the other, lower- or upper-case hex as the node gave it: what a block holds. */
  readonly transactionsHex: string;
  /** An output script; the node leaves it out only while segwit is not active. */
  readonly witnessCommitmentScript: Uint8Array | undefined;
  readonly longPollId: string;
}

export type TemplateResult =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly reason: string };

/** @returns the last height of the last epoch that the proof of work is computed for; some centuries ahead */
export function heightMax(pow: KawPow): number {
  return (epochMax(pow) + 1) * pow.epochLength - 1;
}

/** Blocks are at most 8 MB, a transaction at least 60 bytes: no template lists more. */
const TRANSACTIONS_MAX = 140_000;

/**
 * Checks every field of a getblocktemplate answer that a block is made from.
 * @param raw the `result` of the call
 * @param pow of the chain that the node is on
 * @param network says which outputs its blocks must have; left out, as Ravencoin's: none
 * @returns the template, or a reason that names the field that is missing or wrong and what was expected
 * Source: BIP 22 and 23; recordings of Ravencoin Core 4.6.1
 */
export function parseTemplate(raw: unknown, pow: KawPow, network?: Network): TemplateResult {
  try {
    return { ok: true, template: readTemplate(new Fields('template', raw), pow, network) };
  } catch (error) {
    if (error instanceof TemplateFault) return { ok: false, reason: error.message };
    throw error;
  }
}

function readTemplate(fields: Fields, pow: KawPow, network: Network | undefined): Template {
  const bitsHex = fields.hex('bits', 4);
  const bits = Number.parseInt(bitsHex, 16);
  const networkTarget = fields.check('bits', 'bits of a valid target', () => bitsToTarget(bits));
  if (!equalTargets(hexToBytes(fields.hex('target', 32)), networkTarget)) {
    throw new TemplateFault(`template.target and template.bits (${bitsHex}) are not the same target`);
  }
  const listed = fields
    .list('transactions', TRANSACTIONS_MAX)
    .map((raw, index) => new Fields(`template.transactions[${index}]`, raw));
  const transactions = listed.map(readTransaction);
  const transactionsHex = listed.map((transaction) => transaction.hex('data')).join('');
  const witnessCommitmentScript = fields.has('default_witness_commitment')
    ? hexToBytes(fields.hex('default_witness_commitment'))
    : undefined;
  if (witnessCommitmentScript === undefined && transactions.some((transaction) => transaction.hasWitness)) {
    throw new TemplateFault(
      'template.default_witness_commitment is missing though there are witness transactions',
    );
  }
  const mandatory = readMandatoryOutputs(fields, network);
  const template: Template = {
    pow,
    version: fields.integer('version', -0x80000000, 0x7fffffff),
    previousBlockHash: fields.hex('previousblockhash', 32).toLowerCase(),
    height: fields.integer('height', 1, heightMax(pow)),
    bits,
    networkTarget,
    coinbaseValueSat: mandatory.restSat,
    mandatoryOutputs: Object.freeze(mandatory.outputs),
    curtimeS: fields.integer('curtime', 0, 0xffffffff),
    mintimeS: fields.integer('mintime', 0, 0xffffffff),
    transactions: Object.freeze(transactions),
    transactionsHex,
    witnessCommitmentScript,
    longPollId: fields.text('longpollid'),
  };
  if (template.curtimeS < template.mintimeS)
    throw new TemplateFault('template.curtime is before template.mintime');
  return Object.freeze(template);
}

function readTransaction(fields: Fields): TemplateTransaction {
  const txid = fields.hex('txid', 32);
  return {
    txidInternal: reversed(hexToBytes(txid)),
    hasWitness: fields.hex('hash', 32).toLowerCase() !== txid.toLowerCase(),
  };
}
