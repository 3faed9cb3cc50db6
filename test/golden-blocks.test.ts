import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeAddress } from '../src/chain/address.ts';
import { assembleBlockHex, decodeBlock } from '../src/chain/block.ts';
import { bytesToHex, hexToBytes, reversed } from '../src/chain/bytes.ts';
import { buildCoinbase } from '../src/chain/coinbase.ts';
import { findNetwork } from '../src/chain/coins.ts';
import { decodeHeader, encodeHeader, encodeHeaderInput, headerHashOf } from '../src/chain/header.ts';
import { merkleBranch, merkleRoot, rootFromBranch } from '../src/chain/merkle.ts';
import { splitPayout } from '../src/chain/payout.ts';
import { heightPush } from '../src/chain/script.ts';
import { bitsToTarget, meetsTarget } from '../src/chain/target.ts';
import { KAWPOW } from '../src/kawpow/params.ts';
import { solvedBlockHex } from '../src/mining/job.ts';
import { JobBook } from '../src/mining/job-book.ts';
import { parseTemplate } from '../src/mining/template.ts';
import { type RecordedPair, readGolden, recordedPairs } from './support/golden.ts';

const regtest = findNetwork('ravencoin', 'regtest');
assert(regtest);
const pairs = recordedPairs();

test('there are all 35 recorded template and block pairs', () => {
  assert.equal(pairs.length, 35);
});

/** Builds the block again from template, address and tag only, as the recorded program did. */
function rebuild({ template, assembled, payoutAddress }: RecordedPair) {
  assert(regtest);
  const t = template.response.result;
  const address = decodeAddress(payoutAddress, regtest);
  assert(address.ok);
  const push = heightPush(t.height);
  const inBlock = decodeBlock(hexToBytes(assembled.blockHex)).transactions[0];
  assert(inBlock);
  const withCommitment = inBlock.outputs.length > 1;
  const coinbase = buildCoinbase({
    height: t.height,
    tag: hexToBytes(assembled.coinbaseScriptSig).subarray(push.length),
    outputs: [{ amountSat: BigInt(t.coinbasevalue), script: address.script }],
    witnessCommitmentScript: withCommitment ? hexToBytes(t.default_witness_commitment) : undefined,
    omitWitness: withCommitment && !inBlock.hasWitness,
  });
  const txids = t.transactions.map((transaction) => reversed(hexToBytes(transaction.txid)));
  const root = merkleRoot([coinbase.txidInternal, ...txids]);
  const input = encodeHeaderInput({
    version: t.version,
    previousBlockHash: hexToBytes(t.previousblockhash),
    merkleRoot: reversed(root),
    timeS: assembled.time,
    bits: Number.parseInt(t.bits, 16),
    height: t.height,
  });
  const header = encodeHeader(input, BigInt(`0x${assembled.nonce64}`), hexToBytes(assembled.mixHash));
  const blockHex = assembleBlockHex(
    header,
    coinbase.bytes,
    t.transactions.length,
    t.transactions.map((transaction) => transaction.data).join(''),
  );
  return { coinbase, txids, root, input, header, blockHex };
}

describe('a block built from a recorded template is the recorded block, byte for byte', () => {
  for (const { name, pair } of pairs) {
    test(name, () => {
      const { assembled } = pair;
      const built = rebuild(pair);
      assert.equal(bytesToHex(built.coinbase.stripped), assembled.coinbaseHexNoWitness);
      assert.equal(bytesToHex(built.coinbase.bytes), assembled.coinbaseHexInBlock);
      assert.equal(bytesToHex(reversed(built.coinbase.txidInternal)), assembled.coinbaseTxid);
      assert.deepEqual(merkleBranch(built.txids).map(bytesToHex), assembled.merkleBranch);
      assert.deepEqual(rootFromBranch(built.coinbase.txidInternal, merkleBranch(built.txids)), built.root);
      assert.equal(bytesToHex(reversed(built.root)), assembled.merkleRoot);
      assert.equal(bytesToHex(built.input), assembled.headerPreimage);
      assert.equal(bytesToHex(headerHashOf(built.input)), assembled.headerHash);
      assert.equal(bytesToHex(built.header), assembled.blockHeader);
      assert.equal(built.blockHex, assembled.blockHex);
    });

    test(`${name} decodes to what it was built from`, () => {
      const bytes = hexToBytes(pair.assembled.blockHex);
      const decoded = decodeBlock(bytes);
      assert.equal(decoded.consumed, bytes.length);
      assert.equal(decoded.header.height, pair.assembled.height);
      assert.equal(bytesToHex(decoded.header.headerHash), pair.assembled.headerHash);
      assert.equal(bytesToHex(decoded.header.mixHash), pair.assembled.mixHash);
      assert.equal(decoded.header.nonce, BigInt(`0x${pair.assembled.nonce64}`));
      const listed = pair.template.response.result.transactions;
      assert.deepEqual(
        decoded.transactions.slice(1).map((t) => bytesToHex(reversed(t.txidInternal))),
        listed.map((t) => t.txid),
      );
      assert.deepEqual(
        decoded.transactions.slice(1).map((t) => bytesToHex(reversed(t.hashInternal))),
        listed.map((t) => t.hash),
      );
    });
  }
});

test('the heights that ravend accepts are pushed as ravend accepts them, and never as it refuses them', () => {
  const recorded = readGolden('ravend/block/bip34-encodings.json') as {
    accepted: { height: number; scriptSigHeightBytes: string }[];
    tried: { height: number; scriptSigHeightBytes: string; accepted: boolean }[];
  };
  assert(recorded.accepted.length > 10 && recorded.tried.length > 10);
  for (const { height, scriptSigHeightBytes } of recorded.accepted) {
    assert.equal(bytesToHex(heightPush(height)), scriptSigHeightBytes);
  }
  for (const { height, scriptSigHeightBytes } of recorded.tried.filter((t) => !t.accepted)) {
    assert.notEqual(bytesToHex(heightPush(height)), scriptSigHeightBytes);
  }
});

test('real mainnet and testnet blocks: transactions, merkle root and target hold', () => {
  for (const file of ['blocks/ravencoin-mainnet-1220400.json', 'blocks/ravencoin-testnet-250000.json']) {
    const recorded = readGolden(file) as { block: string; hash: string; tx: string[]; merkleroot: string };
    const bytes = hexToBytes(recorded.block);
    const { header, transactions, consumed } = decodeBlock(bytes);
    assert.equal(consumed, bytes.length);
    assert.deepEqual(
      transactions.map((t) => bytesToHex(reversed(t.txidInternal))),
      recorded.tx,
    );
    assert.equal(
      bytesToHex(reversed(merkleRoot(transactions.map((t) => t.txidInternal)))),
      recorded.merkleroot,
    );
    assert.equal(bytesToHex(header.merkleRoot), recorded.merkleroot);
    assert(meetsTarget(hexToBytes(recorded.hash), bitsToTarget(header.bits)));
  }
});

test('blocks mined by ravend itself at the epoch borders decode, height field and all', () => {
  for (const height of ['07499', '07500', '07501', '14999', '15000', '22500', '30000']) {
    const recorded = readGolden(`ravend/block/epoch-boundary-${height}.json`) as {
      getblockHex: string;
      headerHash: string;
    };
    const { header } = decodeBlock(hexToBytes(recorded.getblockHex));
    assert.equal(header.height, Number(height));
    assert.equal(bytesToHex(header.headerHash), recorded.headerHash);
  }
});

test('a header of another length is refused', () => {
  assert.throws(() => decodeHeader(new Uint8Array(119)), /120 bytes/);
  assert.throws(() => decodeHeader(new Uint8Array(121)), /120 bytes/);
});

describe('a solved job is the recorded block, byte for byte: parseTemplate, JobBook and solvedBlockHex together', () => {
  // Three blocks were recorded without the witness or the commitment, which a job of ours always carries.
  const whole = pairs.filter(({ name }) => !/00017|nocommitment|stripped/.test(name));

  test('there are 32 of them, with other times than mintime, voting versions and witness transactions among them', () => {
    assert.equal(whole.length, 32);
    const templates = whole.map(({ pair }) => pair.template.response.result);
    assert(templates.some((t) => t.curtime !== t.mintime));
    assert(new Set(templates.map((t) => t.version)).size > 1);
    assert(templates.some((t) => t.transactions.some(({ txid, hash }) => txid !== hash)));
    assert(whole.some(({ pair }) => pair.assembled.time === pair.template.response.result.curtime));
  });

  for (const { name, pair } of whole) {
    test(name, () => {
      assert(regtest);
      const { template: recorded, assembled, payoutAddress } = pair;
      const result = recorded.response.result;
      // Some blocks were given another time than their template's on purpose; the job takes the template's.
      const parsed = parseTemplate(
        {
          ...result,
          curtime: assembled.time,
          mintime: Math.min(Number(result.mintime), assembled.time - 1),
        },
        KAWPOW,
      );
      assert(parsed.ok, parsed.ok ? '' : parsed.reason);
      const address = decodeAddress(payoutAddress, regtest);
      assert(address.ok);
      const push = heightPush(result.height);
      const book = new JobBook(hexToBytes(assembled.coinbaseScriptSig).subarray(push.length));
      book.add(parsed.template);
      const job = book.current({ mainScript: address.script, recipients: [] });
      assert(job);
      assert.equal(job.headerHashHex, assembled.headerHash);
      const nonce = BigInt(`0x${assembled.nonce64}`);
      assert.equal(solvedBlockHex(job, nonce, hexToBytes(assembled.mixHash)), assembled.blockHex);
    });
  }

  test('a job with two payouts is the recorded block that paid two', () => {
    const recorded = readGolden('ravend/submitblock/accepted-two-outputs-p2sh.json') as {
      request: { params: [string] };
      coinbaseHexNoWitness: string;
    };
    const block = decodeBlock(hexToBytes(recorded.request.params[0]));
    const [first, second] = block.transactions[0]?.outputs ?? [];
    assert(first && second);
    const total = first.amountSat + second.amountSat;
    const partsPerMillion = Number((second.amountSat * 1_000_000n) / total);
    const outputs = splitPayout(total, {
      mainScript: first.script,
      recipients: [{ script: second.script, partsPerMillion }],
    });
    assert.deepEqual(outputs, [
      { amountSat: first.amountSat, script: Uint8Array.from(first.script) },
      { amountSat: second.amountSat, script: Uint8Array.from(second.script) },
    ]);
    const height = block.header.height;
    const coinbase = buildCoinbase({
      height,
      tag: (block.transactions[0]?.inputs[0]?.scriptSig ?? new Uint8Array(0)).subarray(
        heightPush(height).length,
      ),
      outputs,
      witnessCommitmentScript: block.transactions[0]?.outputs[2]?.script,
    });
    assert.equal(bytesToHex(coinbase.stripped), recorded.coinbaseHexNoWitness);
    assert.equal(bytesToHex(coinbase.bytes), bytesToHex(block.transactions[0]?.bytes ?? new Uint8Array(0)));
  });
});
