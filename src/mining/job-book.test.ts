import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bookWithTemplate, PAYOUT, recordedTemplate, tipOf } from '../../test/support/mining.ts';
import { decodeBlock } from '../chain/block.ts';
import { bytesToHex, hexToBytes } from '../chain/bytes.ts';
import { TAG_BYTES_MAX } from '../chain/coinbase.ts';
import { merkleRoot } from '../chain/merkle.ts';
import { createJob, solvedBlockHex } from './job.ts';
import { JobBook } from './job-book.ts';

test('before the first template there is no job', () => {
  const book = new JobBook(new Uint8Array(0));
  assert.equal(book.current(PAYOUT), undefined);
  assert.equal(book.variant(PAYOUT), undefined);
  assert.equal(book.tip, undefined);
});

test('all who ask with one payout get one job; another payout gets another header', () => {
  const book = bookWithTemplate();
  const other = { mainScript: Uint8Array.of(0x52), recipients: [] };
  assert.equal(book.current(PAYOUT), book.current(PAYOUT));
  assert.notEqual(book.current(PAYOUT)?.headerHashHex, book.current(other)?.headerHashHex);
});

test('however many payouts strangers log in with, a miner has a job that pays it, and who was first keeps theirs', () => {
  const book = bookWithTemplate();
  const first = book.current(PAYOUT);
  for (let i = 0; i < 20_000; i++) book.current({ mainScript: PAYOUT.mainScript, recipients: [] });
  const miner = { mainScript: Uint8Array.of(0x52), recipients: [] };
  const job = book.current(miner);
  assert.equal(job?.payout, miner);
  assert.ok(job && book.isLive(job) && !book.isStale(job));
  assert.notEqual(book.current(miner)?.headerHashHex, job.headerHashHex, 'it is not kept');
  assert.equal(book.current(PAYOUT), first);
});

test('variants have headers of their own and are whole blocks that pay the same', () => {
  const book = bookWithTemplate();
  const jobs = [book.current(PAYOUT), book.variant(PAYOUT), book.variant(PAYOUT)];
  assert.equal(new Set(jobs.map((job) => job?.headerHashHex)).size, 3);
  for (const job of jobs) {
    assert(job);
    const block = decodeBlock(hexToBytes(solvedBlockHex(job, 5n, new Uint8Array(32).fill(9))));
    assert.equal(bytesToHex(block.header.headerHash), job.headerHashHex);
    assert.equal(block.header.nonce, 5n);
    const root = merkleRoot(block.transactions.map((transaction) => transaction.txidInternal));
    assert.equal(bytesToHex(root.reverse()), bytesToHex(block.header.merkleRoot));
    assert.equal(block.transactions.length, 3);
    assert.equal(block.transactions[0]?.outputs[0]?.amountSat, job.template.coinbaseValueSat);
  }
});

test('a new template of the same tip replaces the job but leaves the old one live and not stale', () => {
  const book = bookWithTemplate();
  const before = book.current(PAYOUT);
  assert(before);
  assert.deepEqual(book.add(recordedTemplate({ curtime: 1795335999 })), { newTip: false });
  assert.notEqual(book.current(PAYOUT)?.headerHashHex, before.headerHashHex);
  assert(book.isLive(before) && !book.isStale(before));
});

test('the very same template again, as a node gives it twice within a second, makes another header', () => {
  const book = bookWithTemplate();
  const headers = [book.current(PAYOUT)?.headerHashHex, book.variant(PAYOUT)?.headerHashHex];
  for (let i = 0; i < 3; i++) {
    book.add(recordedTemplate());
    headers.push(book.current(PAYOUT)?.headerHashHex, book.variant(PAYOUT)?.headerHashHex);
  }
  assert.equal(new Set(headers).size, 8);
});

test('a new tip makes the work of the tip before stale yet live, and of the one before that dead', () => {
  const book = bookWithTemplate();
  const first = book.current(PAYOUT);
  assert(first);
  assert.deepEqual(book.add(recordedTemplate({ previousblockhash: tipOf(1) })), { newTip: true });
  assert(book.isStale(first) && book.isLive(first));
  book.add(recordedTemplate({ previousblockhash: tipOf(2) }));
  assert(book.isStale(first) && !book.isLive(first));
});

test('work on the tip before stays live through refreshes of the present one', () => {
  const book = bookWithTemplate();
  const first = book.current(PAYOUT);
  assert(first);
  for (let i = 0; i < 9; i++)
    book.add(recordedTemplate({ previousblockhash: tipOf(1), curtime: 1795335900 + i }));
  assert(book.isStale(first) && book.isLive(first));
});

test('another block at the same height is a new tip', () => {
  const book = bookWithTemplate();
  assert.deepEqual(book.add(recordedTemplate({ previousblockhash: tipOf(1), height: 258 })), {
    newTip: true,
  });
});

test('work on a tip that a reorganisation brings back is good again', () => {
  const book = bookWithTemplate();
  const first = book.current(PAYOUT);
  assert(first);
  book.add(recordedTemplate({ previousblockhash: tipOf(1) }));
  book.add(recordedTemplate());
  assert(book.isLive(first) && !book.isStale(first));
});

test('refreshes do not pile up', () => {
  const book = bookWithTemplate();
  const first = book.current(PAYOUT);
  assert(first);
  for (let i = 0; i < 9; i++) book.add(recordedTemplate({ curtime: 1795336000 + i }));
  assert(book.isLive(first));
  book.add(recordedTemplate({ curtime: 1795336100 }));
  assert(!book.isLive(first));
});

test('a tag that might not fit at some height is refused, the longest is not', () => {
  const common = { sequence: 1, branch: [], seedHashHex: '', payout: PAYOUT, variant: 1 };
  const template = recordedTemplate({ height: 61_439_999, transactions: [] });
  createJob({ ...common, template, tag: new Uint8Array(TAG_BYTES_MAX) });
  assert.throws(() => createJob({ ...common, template, tag: new Uint8Array(TAG_BYTES_MAX + 1) }), RangeError);
});

test('height 1 without a tag is still a valid coinbase', () => {
  const template = recordedTemplate({ height: 1, transactions: [] });
  const job = createJob({
    sequence: 1,
    template,
    branch: [],
    payout: PAYOUT,
    seedHashHex: '',
    tag: new Uint8Array(0),
    variant: 0,
  });
  const block = decodeBlock(hexToBytes(solvedBlockHex(job, 0n, new Uint8Array(32))));
  assert.equal(bytesToHex(block.transactions[0]?.inputs[0]?.scriptSig ?? new Uint8Array(0)), '5100');
});
