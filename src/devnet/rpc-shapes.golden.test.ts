import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  fakeVerifier,
  getBlock,
  getTemplate,
  makeTransaction,
  rpc,
  rpcText,
  unknownTxid,
} from '../../test/support/devnet-node.ts';
import { readGolden } from '../../test/support/golden.ts';
import { rawTemplate, silentLog } from '../../test/support/mining.ts';
import { ByteReader } from '../chain/byte-reader.ts';
import { bytesToHex, hexToBytes } from '../chain/bytes.ts';
import { findNetwork, type Network } from '../chain/coins.ts';
import { decodeHeader } from '../chain/header.ts';
import { decodeTransaction } from '../chain/transaction.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { KAWPOW } from '../kawpow/params.ts';
import { parseTemplate } from '../mining/template.ts';
import { createDevnet, type Devnet } from './devnet.ts';
import { readJson, writeJson } from './json.ts';
import { transactionJson } from './transaction-json.ts';

const REGTEST = findNetwork('ravencoin', 'regtest') as Network;

interface Recording {
  request: { params: unknown };
  response: { id: unknown };
  httpStatus: number;
  responseText: string;
}

/** A recorded answer's result, with its numbers as ravend wrote them. */
function recordedResult(path: string): unknown {
  const { responseText } = readGolden(path) as { responseText: string };
  return (readJson(responseText) as { result: unknown }).result;
}

/** Members in their order with the kinds of their values; lists by their first element. */
function shapeOf(value: unknown, leave: (key: string) => boolean): unknown {
  if (Array.isArray(value)) return value.length > 0 ? [shapeOf(value[0], leave)] : [];
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .filter(([key]) => !leave(key))
      .map(([key, member]) => [key, shapeOf(member, leave)]);
  }
  return typeof value === 'bigint' ? 'number' : typeof value;
}

/** Same members, same order, same kinds. */
function assertSameShape(
  actual: unknown,
  recorded: unknown,
  leave: (key: string) => boolean = () => false,
): void {
  assert.deepEqual(shapeOf(actual, leave), shapeOf(recorded, leave));
}

describe('answers have the members, order and kinds that ravend gives them', () => {
  let node: Devnet;

  before(async () => {
    node = await createDevnet(
      { network: REGTEST, templateCacheMs: 0 },
      { verifier: fakeVerifier, clock: systemClock, random: systemRandom, log: silentLog },
    );
    node.control.setBits(0x207fffff);
    for (let i = 0; i < 3; i++) await node.control.mineBlock();
  });

  after(() => node.close());

  const SIMPLE: [string, unknown[], string][] = [
    ['getbestblockhash', [], 'getbestblockhash'],
    ['getblockcount', [], 'getblockcount'],
    ['getblockhash', [1], 'getblockhash'],
    ['getblockchaininfo', [], 'getblockchaininfo'],
    ['getmininginfo', [], 'getmininginfo'],
    ['getnetworkinfo', [], 'getnetworkinfo'],
    ['getconnectioncount', [], 'getconnectioncount'],
    ['getpeerinfo', [], 'getpeerinfo'],
    ['getdifficulty', [], 'getdifficulty'],
    ['getchaintips', [], 'getchaintips'],
    ['getmempoolinfo', [], 'getmempoolinfo'],
    ['getnetworkhashps', [20, 300], 'getnetworkhashps-args'],
    ['uptime', [], 'uptime'],
    ['validateaddress', ['mufpGCucKyxh1ahcaCAqp6URzhdTnoJaas'], 'validateaddress-p2pkh'],
  ];
  for (const [method, params, recording] of SIMPLE) {
    it(method, async () => {
      // Statistics of a vote that is on and of a peer's traffic, which the devnet has not.
      const leave = (key: string): boolean => key === 'statistics' || key.endsWith('_per_msg');
      assertSameShape(
        await rpc(node, method, ...params),
        recordedResult(`ravend/misc/${recording}.json`),
        leave,
      );
    });
  }

  it('getblock 0, 1, 2 and true, in and beside the chain', async () => {
    const middle = await rpc<string>(node, 'getblockhash', 2);
    const coinbaseOnly = (block: { tx: unknown[] }): unknown => ({ ...block, tx: block.tx.slice(0, 1) });
    assert.equal(typeof (await rpc(node, 'getblock', middle, 0)), 'string');
    assertSameShape(await rpc(node, 'getblock', middle, 1), recordedResult('ravend/misc/getblock-1.json'));
    assertSameShape(
      coinbaseOnly(await rpc(node, 'getblock', middle, 2)),
      coinbaseOnly(recordedResult('ravend/misc/getblock-2.json') as { tx: unknown[] }),
    );
    assertSameShape(
      await rpc(node, 'getblock', node.tip(), true),
      recordedResult('ravend/misc/getblock-true.json'),
    );
    const genesis = await rpc(node, 'getblock', await rpc(node, 'getblockhash', 0));
    assertSameShape(genesis, recordedResult('ravend/misc/getblock-genesis.json'));
  });

  it('getblockheader as an object and as 120 bytes', async () => {
    const middle = await rpc<string>(node, 'getblockhash', 2);
    const shown = await rpc<{ height: number; time: number }>(node, 'getblockheader', middle);
    assertSameShape(shown, recordedResult('ravend/misc/getblockheader.json'));
    const header = decodeHeader(hexToBytes(await rpc(node, 'getblockheader', middle, false)));
    const block = await getBlock(node, middle);
    assert.deepEqual(
      [header.height, header.timeS, bytesToHex(header.headerHash), bytesToHex(header.mixHash), header.nonce],
      [shown.height, shown.time, block.headerhash, block.mixhash, BigInt(block.nonce64)],
    );
  });

  it('getblocktemplate with and without transactions', async () => {
    const empty = await getTemplate(node);
    assertSameShape(empty, rawTemplate('assets-active-empty-no-miningaddress'));
    assert.equal(empty.default_witness_commitment, rawTemplate('no-rules').default_witness_commitment);
    for (const request of [
      [],
      [null],
      [{}],
      [{ capabilities: ['coinbasetxn', 'workid'], rules: ['segwit'] }],
    ]) {
      assertSameShape(await rpc(node, 'getblocktemplate', ...request), empty);
    }
  });

  it('a template of recorded transactions says of them what ravend said', async () => {
    for (const name of [
      'witness-tx-no-miningaddress',
      '4-tx-chain-no-miningaddress',
      '25-tx-no-miningaddress',
    ]) {
      const recorded = rawTemplate(name) as {
        transactions: Record<string, unknown>[];
        default_witness_commitment: string;
      };
      for (const tx of recorded.transactions) {
        node.control.addTransaction(String(tx.data), BigInt(tx.fee as number));
      }
      const template = await getTemplate(node);
      // The outputs that a witness transaction spends are not known here, nor what they cost to check.
      const without = (tx: Record<string, unknown>): unknown => ({
        ...tx,
        sigops: name.startsWith('witness') ? 0 : tx.sigops,
      });
      assert.deepEqual(
        template.transactions.map((tx) => without({ ...tx })),
        recorded.transactions.map(without),
      );
      assert.equal(template.default_witness_commitment, recorded.default_witness_commitment);
      const parsed = parseTemplate(template, KAWPOW);
      assert(parsed.ok, parsed.ok ? '' : parsed.reason);
      await node.control.mineBlock();
      assert.deepEqual((await getTemplate(node)).transactions, []);
    }
  });

  it('getblocktemplate refuses what ravend refuses, with its words', async () => {
    for (const name of ['mode-unknown', 'param-string', 'proposal-garbage']) {
      const recorded = readGolden(`ravend/getblocktemplate/${name}.json`) as Recording;
      const { params } = recorded.request;
      const answer = await rpcText(node, 'getblocktemplate', params, recorded.response.id);
      assert.equal(answer.text, recorded.responseText);
      assert.equal(answer.status, recorded.httpStatus);
    }
  });

  it('validateaddress', async () => {
    const same = ['p2pkh', 'p2sh', 'checksum', 'empty', 'invalid', 'mainnet', 'number'];
    for (const name of same) {
      const recorded = readGolden(`ravend/misc/validateaddress-${name}.json`) as Recording;
      const { params } = recorded.request;
      const answer = await rpcText(node, 'validateaddress', params, recorded.response.id);
      assert.equal(answer.text, recorded.responseText);
    }
  });

  it('getrawmempool, plain and verbose', async () => {
    const parent = bytesToHex(makeTransaction([{ txid: unknownTxid(9), index: 0 }]));
    const txid = await rpc<string>(node, 'sendrawtransaction', parent);
    const child = await rpc<string>(
      node,
      'sendrawtransaction',
      bytesToHex(makeTransaction([{ txid, index: 0 }])),
    );
    assert.deepEqual(await rpc(node, 'getrawmempool'), [txid, child]);
    const verbose = await rpc<Record<string, Record<string, unknown>>>(node, 'getrawmempool', true);
    const [recorded] = Object.values(recordedResult('ravend/misc/getrawmempool-verbose.json') as object);
    assertSameShape({ ...verbose[child], depends: [] }, recorded);
    assert.deepEqual(
      [
        verbose[txid]?.descendantcount,
        verbose[txid]?.ancestorcount,
        verbose[child]?.ancestorfees,
        verbose[child]?.depends,
      ],
      [2, 1, 2_000_000, [txid]],
    );
  });

  it('sendrawtransaction says why not', async () => {
    const send = async (tx: string): Promise<unknown> => {
      const { status, text } = await rpcText(node, 'sendrawtransaction', [tx]);
      assert.equal(status, 500);
      const { code, message } = JSON.parse(text).error;
      return [code, message];
    };
    const first = makeTransaction([{ txid: unknownTxid(10), index: 0 }]);
    const rival = makeTransaction(
      [{ txid: unknownTxid(10), index: 0 }],
      [{ amountSat: 5n, script: Uint8Array.of(0x51) }],
    );
    await rpc(node, 'sendrawtransaction', bytesToHex(first));
    await rpc(node, 'sendrawtransaction', bytesToHex(first));
    assert.deepEqual(await send(bytesToHex(rival)), [-26, '18: txn-mempool-conflict']);
    await node.control.mineBlock();
    assert.deepEqual(await send(bytesToHex(first)), [-27, 'transaction already in block chain']);
    assert.deepEqual(await send(bytesToHex(rival)), [-25, 'Missing inputs']);
    assert.deepEqual(await send('00'), [-22, 'TX decode failed']);
    assert.deepEqual(await send(`${bytesToHex(rival)}00`), [-22, 'TX decode failed']);
  });
});

describe('a transaction is shown as ravend shows it', () => {
  it('recorded ones come out the same, digit for digit', () => {
    const { responseText } = readGolden('ravend/misc/getblock-2.json') as { responseText: string };
    const { result } = JSON.parse(responseText) as { result: { tx: { hex: string }[] } };
    for (const { hex } of result.tx) {
      const shown = writeJson(transactionJson(decodeTransaction(new ByteReader(hexToBytes(hex))), REGTEST));
      assert(responseText.includes(shown), shown);
    }
  });
});
