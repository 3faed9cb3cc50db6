import type { DecodedTransaction, TransactionInput } from '../chain/transaction.ts';
import type { MandatoryOutput } from './mandatory-output.ts';
import { displayHex, outpointOf } from './transactions.ts';

/** What the first blocks pay, as Ravencoin's: 5000 coins. */
const SUBSIDY_START_SAT = 500_000_000_000n;

/** Ravencoin mainnet's; at ten seconds a block that is eight months away. */
export const HALVING_BLOCKS = 2_100_000;

/** Shifting a satoshi amount further than this leaves nothing. */
const HALVINGS_MAX = 64;

/** What a block's transactions pay together; the node knows it without knowing what they spend. */
export type FeeOf = (transaction: DecodedTransaction) => bigint;

interface LedgerOptions {
  readonly halvingBlocks: number;
  readonly feeOf: FeeOf;
  /** Undefined as in Ravencoin: the miner gets all. */
  readonly mandatoryOutput?: MandatoryOutput | undefined;
}

/**
 * What the active chain's transactions have done: which ids are confirmed, which outputs are spent.
 *
 * Transactions are opaque here: an input may name an output that the chain never saw, and counts as there. What the
 * chain did see is held against a block: an output spent before, an id confirmed before, an output number too high.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #spent = new Set<string>();
  /** Transaction id to its number of outputs. */
  readonly #confirmed = new Map<string, number>();

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  isConfirmed(txid: string): boolean {
    return this.#confirmed.has(txid);
  }

  isSpent(outpoint: string): boolean {
    return this.#spent.has(outpoint);
  }

  /** The new coins of a block, without fees. */
  subsidySat(height: number): bigint {
    const halvings = Math.floor(height / this.#options.halvingBlocks);
    return halvings >= HALVINGS_MAX ? 0n : SUBSIDY_START_SAT >> BigInt(halvings);
  }

  /** What every block has to pay besides the miner. */
  get mandatoryOutput(): MandatoryOutput | undefined {
    return this.#options.mandatoryOutput;
  }

  /**
   * ConnectBlock's part: inputs, then the coinbase amount. Changes nothing.
   * @returns ravend's reject reason, or undefined where the block fits
   */
  check(transactions: readonly DecodedTransaction[], height: number): string | undefined {
    const [coinbase, ...others] = transactions;
    const order = new Map(transactions.map((tx, index) => [displayHex(tx.txidInternal), index]));
    const spentHere = new Set<string>();
    for (const [index, tx] of transactions.entries()) {
      if (index === 0) continue;
      if (this.isConfirmed(displayHex(tx.txidInternal))) return 'bad-txns-inputs-missingorspent';
      for (const input of tx.inputs) {
        const outpoint = outpointOf(input);
        const parent = order.get(displayHex(input.previousTxidInternal));
        const spentLater = parent !== undefined && parent >= index;
        if (spentLater || spentHere.has(outpoint) || this.isSpent(outpoint) || !this.#outputExists(input)) {
          return 'bad-txns-inputs-missingorspent';
        }
        spentHere.add(outpoint);
      }
    }
    const feesSat = others.reduce((sum, tx) => sum + this.#options.feeOf(tx), 0n);
    const subsidySat = this.subsidySat(height);
    const outputs = coinbase?.outputs ?? [];
    const paid = outputs.reduce((sum, output) => sum + output.amountSat, 0n);
    if (paid > subsidySat + feesSat) return 'bad-cb-amount';
    return this.mandatoryOutput?.check(outputs, { subsidySat, feesSat });
  }

  /** Takes in a block that was checked. */
  apply(transactions: readonly DecodedTransaction[]): void {
    for (const [index, tx] of transactions.entries()) {
      this.#confirmed.set(displayHex(tx.txidInternal), tx.outputs.length);
      if (index > 0) for (const input of tx.inputs) this.#spent.add(outpointOf(input));
    }
  }

  /** Takes the tip's block back out. */
  revert(transactions: readonly DecodedTransaction[]): void {
    for (const [index, tx] of transactions.entries()) {
      this.#confirmed.delete(displayHex(tx.txidInternal));
      if (index > 0) for (const input of tx.inputs) this.#spent.delete(outpointOf(input));
    }
  }

  #outputExists(input: TransactionInput): boolean {
    const outputs = this.#confirmed.get(displayHex(input.previousTxidInternal));
    return outputs === undefined || input.previousIndex < outputs;
  }
}
