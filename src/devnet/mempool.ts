import type { DecodedTransaction } from '../chain/transaction.ts';
import type { FeeOf, Ledger } from './ledger.ts';
import { displayHex, isCoinbase, outpointOf, weightOf } from './transactions.ts';

/** Bound on what waits, serialised; a template takes at most 8 MB of it. ravend's own is 300 MB. */
export const MEMPOOL_BYTES_MAX = 32_000_000;

/** A block's weight limit, less what ravend keeps free for header and coinbase. */
const TEMPLATE_WEIGHT_MAX = 8_000_000 - 4000;

export interface MempoolEntry {
  readonly txid: string;
  readonly tx: DecodedTransaction;
  readonly feeSat: bigint;
  readonly timeS: number;
  /** Of the tip when it came. */
  readonly height: number;
}

/** Why a transaction may not wait for a block, with ravend's error code and text. */
interface MempoolRefusal {
  readonly code: number;
  readonly message: string;
}

/** Transactions that wait for a block, in the order they came. */
export class Mempool {
  readonly #ledger: Ledger;
  readonly #feeOf: FeeOf;
  readonly #entries = new Map<string, MempoolEntry>();
  /** Outpoint to the waiting transaction that spends it. */
  readonly #spenders = new Map<string, string>();
  #bytes = 0;
  #updates = 0;

  constructor(ledger: Ledger, feeOf: FeeOf) {
    this.#ledger = ledger;
    this.#feeOf = feeOf;
  }

  /** Grows with every change; the tail of a longpollid. */
  get updates(): number {
    return this.#updates;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(txid: string): MempoolEntry | undefined {
    return this.#entries.get(txid);
  }

  entries(): MempoolEntry[] {
    return [...this.#entries.values()];
  }

  /** Ids of waiting transactions that a transaction spends from. */
  parentsOf(tx: DecodedTransaction): string[] {
    const parents = new Set(tx.inputs.map((input) => displayHex(input.previousTxidInternal)));
    return [...parents].filter((txid) => this.#entries.has(txid));
  }

  /** @returns undefined when it waits now (also when it did before), else why not */
  add(tx: DecodedTransaction, now: { timeS: number; height: number }): MempoolRefusal | undefined {
    const txid = displayHex(tx.txidInternal);
    if (this.#entries.has(txid)) return undefined;
    const refusal = this.#refusal(txid, tx);
    if (refusal) return refusal;
    this.#entries.set(txid, { txid, tx, feeSat: this.#feeOf(tx), ...now });
    for (const input of tx.inputs) this.#spenders.set(outpointOf(input), txid);
    this.#bytes += tx.bytes.length;
    this.#updates += 1;
    return undefined;
  }

  /** After a block was connected: its transactions, and those that spend the same, wait no longer. */
  blockConnected(transactions: readonly DecodedTransaction[]): void {
    this.#updates += 1;
    for (const [index, tx] of transactions.entries()) {
      this.#remove(displayHex(tx.txidInternal));
      if (index === 0) continue;
      for (const input of tx.inputs) {
        const rival = this.#spenders.get(outpointOf(input));
        if (rival !== undefined) this.#removeWithDescendants(rival);
      }
    }
  }

  /** After a block was left: its transactions wait again. */
  blockDisconnected(
    transactions: readonly DecodedTransaction[],
    now: { timeS: number; height: number },
  ): void {
    this.#updates += 1;
    for (const tx of transactions.slice(1)) this.add(tx, now);
  }

  /** What the next block takes: parents before children, as much as fits. */
  select(): MempoolEntry[] {
    const chosen = new Map<string, MempoolEntry>();
    let weight = 0;
    const visit = (entry: MempoolEntry): boolean => {
      if (chosen.has(entry.txid)) return true;
      // Ids cannot form a circle: each is a hash over the ids it spends from.
      for (const parent of this.parentsOf(entry.tx))
        if (!visit(this.#entries.get(parent) as MempoolEntry)) return false;
      if (weight + weightOf(entry.tx) > TEMPLATE_WEIGHT_MAX) return false;
      weight += weightOf(entry.tx);
      chosen.set(entry.txid, entry);
      return true;
    };
    for (const entry of this.#entries.values()) visit(entry);
    return [...chosen.values()];
  }

  #refusal(txid: string, tx: DecodedTransaction): MempoolRefusal | undefined {
    if (this.#ledger.isConfirmed(txid)) return { code: -27, message: 'transaction already in block chain' };
    if (isCoinbase(tx)) return { code: -26, message: '16: coinbase' };
    if (tx.outputs.length === 0) return { code: -26, message: '16: bad-txns-vout-empty' };
    if (this.#bytes + tx.bytes.length > MEMPOOL_BYTES_MAX) return { code: -26, message: '66: mempool full' };
    for (const input of tx.inputs) {
      const outpoint = outpointOf(input);
      if (this.#spenders.has(outpoint)) return { code: -26, message: '18: txn-mempool-conflict' };
      if (this.#ledger.isSpent(outpoint)) return { code: -25, message: 'Missing inputs' };
    }
    return undefined;
  }

  #removeWithDescendants(txid: string): void {
    const entry = this.#entries.get(txid);
    this.#remove(txid);
    for (let index = 0; index < (entry?.tx.outputs.length ?? 0); index++) {
      const child = this.#spenders.get(`${txid}:${index}`);
      if (child !== undefined) this.#removeWithDescendants(child);
    }
  }

  #remove(txid: string): void {
    const entry = this.#entries.get(txid);
    if (!entry) return;
    this.#entries.delete(txid);
    for (const input of entry.tx.inputs) this.#spenders.delete(outpointOf(input));
    this.#bytes -= entry.tx.bytes.length;
    this.#updates += 1;
  }
}
