import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeTransaction, TEST_SCRIPT, unknownTxid } from '../../test/support/devnet-node.ts';
import { ByteReader } from '../chain/byte-reader.ts';
import { buildCoinbase } from '../chain/coinbase.ts';
import { type DecodedTransaction, decodeTransaction } from '../chain/transaction.ts';
import { Ledger } from './ledger.ts';
import { Mempool } from './mempool.ts';
import { displayHex } from './transactions.ts';

const NOW = { timeS: 1, height: 1 };
const feeOf = (): bigint => 7n;

function decode(bytes: Uint8Array): DecodedTransaction {
  return decodeTransaction(new ByteReader(bytes));
}

function spending(txid: string, index = 0, amountSat = 1n): DecodedTransaction {
  return decode(makeTransaction([{ txid, index }], [{ amountSat, script: TEST_SCRIPT }]));
}

function idOf(tx: DecodedTransaction): string {
  return displayHex(tx.txidInternal);
}

function coinbase(height: number): DecodedTransaction {
  const outputs = [{ amountSat: 0n, script: TEST_SCRIPT }];
  return decode(buildCoinbase({ height, tag: Uint8Array.of(1, 1), outputs }).bytes);
}

function create(): { mempool: Mempool; ledger: Ledger } {
  const ledger = new Ledger({ halvingBlocks: 100, feeOf });
  return { ledger, mempool: new Mempool(ledger, feeOf) };
}

describe('the mempool', () => {
  it('gives parents before children, whatever came first', () => {
    const { mempool } = create();
    const parent = spending(unknownTxid(1));
    const child = spending(idOf(parent));
    const grandchild = spending(idOf(child));
    for (const tx of [grandchild, child, parent]) assert.equal(mempool.add(tx, NOW), undefined);
    assert.deepEqual(
      mempool.select().map((entry) => entry.txid),
      [parent, child, grandchild].map(idOf),
    );
  });

  it('drops, with a block, what is in it, what spends the same, and what depends on that', () => {
    const { mempool } = create();
    const rival = spending(unknownTxid(1), 0, 1n);
    const child = spending(idOf(rival));
    const other = spending(unknownTxid(2));
    for (const tx of [rival, child, other]) mempool.add(tx, NOW);
    const updates = mempool.updates;
    mempool.blockConnected([coinbase(1), spending(unknownTxid(1), 0, 2n)]);
    assert.deepEqual(
      mempool.entries().map((entry) => entry.txid),
      [idOf(other)],
    );
    assert(mempool.updates > updates);
    assert.equal(mempool.bytes, other.bytes.length);
  });

  it('takes no coinbase, and no second spender of an output', () => {
    const { mempool } = create();
    assert.equal(mempool.add(coinbase(1), NOW)?.message, '16: coinbase');
    mempool.add(spending(unknownTxid(1), 3, 1n), NOW);
    assert.equal(mempool.add(spending(unknownTxid(1), 3, 2n), NOW)?.message, '18: txn-mempool-conflict');
    assert.equal(mempool.add(spending(unknownTxid(1), 4, 2n), NOW), undefined);
  });

  it('leaves for a later block what does not fit', () => {
    const { mempool } = create();
    const big = (byte: number): DecodedTransaction =>
      decode(
        makeTransaction(
          [{ txid: unknownTxid(byte), index: 0 }],
          [{ amountSat: 1n, script: new Uint8Array(1_200_000) }],
        ),
      );
    const first = big(1);
    const second = big(2);
    const small = spending(unknownTxid(3));
    const waiting = spending(idOf(second));
    for (const tx of [first, second, small, waiting]) mempool.add(tx, NOW);
    assert.deepEqual(
      mempool.select().map((entry) => entry.txid),
      [first, small].map(idOf),
    );
  });
});

describe('the ledger', () => {
  it('refuses outputs that are spent, not there, or made later in the same block', () => {
    const { ledger } = create();
    const first = spending(unknownTxid(1));
    ledger.apply([coinbase(1), first]);
    const check = (...txs: DecodedTransaction[]): string | undefined =>
      ledger.check([coinbase(2), ...txs], 2);
    const child = spending(idOf(first));
    const grandchild = spending(idOf(child));
    assert.equal(check(child, grandchild), undefined);
    assert.equal(check(grandchild, child), 'bad-txns-inputs-missingorspent');
    assert.equal(check(first), 'bad-txns-inputs-missingorspent');
    assert.equal(check(spending(unknownTxid(1), 0, 5n)), 'bad-txns-inputs-missingorspent');
    assert.equal(check(spending(idOf(first), 1)), 'bad-txns-inputs-missingorspent');
    assert.equal(check(child, spending(idOf(first), 0, 5n)), 'bad-txns-inputs-missingorspent');
    ledger.revert([coinbase(1), first]);
    assert.equal(check(first, child), undefined);
  });

  it('a coinbase pays at most the subsidy and the fees of the transactions that are there', () => {
    const { ledger } = create();
    const paying = (amountSat: bigint): DecodedTransaction =>
      decode(
        buildCoinbase({ height: 2, tag: Uint8Array.of(1, 1), outputs: [{ amountSat, script: TEST_SCRIPT }] })
          .bytes,
      );
    const subsidySat = ledger.subsidySat(2);
    const tx = spending(unknownTxid(1));
    assert.equal(ledger.check([paying(subsidySat + 7n), tx], 2), undefined);
    assert.equal(ledger.check([paying(subsidySat + 8n), tx], 2), 'bad-cb-amount');
    assert.equal(ledger.check([paying(subsidySat + 1n)], 2), 'bad-cb-amount');
    assert.equal(ledger.subsidySat(100 * 64), 0n);
  });
});
