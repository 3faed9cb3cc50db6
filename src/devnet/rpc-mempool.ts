import { ByteReader } from '../chain/byte-reader.ts';
import { hexToBytes } from '../chain/bytes.ts';
import { type DecodedTransaction, decodeTransaction } from '../chain/transaction.ts';
import { coinsJson } from './json.ts';
import { MEMPOOL_BYTES_MAX, type Mempool, type MempoolEntry } from './mempool.ts';
import { RPC_CODES, RpcFailure } from './rpc-failure.ts';
import { type NodeParts, type RpcMethods, rpcMethod } from './rpc-method.ts';
import { displayHex, weightOf } from './transactions.ts';

/** The calls about transactions that wait for a block. */
export function mempoolMethods(node: NodeParts): RpcMethods {
  const { mempool } = node;
  return [
    rpcMethod(
      'sendrawtransaction',
      'Puts a transaction into the mempool. What it spends is not looked up.',
      (params) => sendRawTransaction(node, params.text(0)),
      {
        names: ['hexstring', 'allowhighfees'],
        required: 1,
        usage: ' "hexstring" ( allowhighfees )',
        example: '"signedhex"',
      },
    ),
    rpcMethod(
      'getrawmempool',
      'Returns the ids of all transactions in the mempool.',
      (params) => {
        const verbose = !params.isMissing(0) && params.boolean(0);
        return verbose ? verboseMempool(mempool) : mempool.entries().map((entry) => entry.txid);
      },
      { names: ['verbose'], required: 0, usage: ' ( verbose )', example: 'true' },
    ),
    rpcMethod('getmempoolinfo', 'Returns the size of the mempool.', () => ({
      size: mempool.size,
      bytes: mempool.bytes,
      usage: mempool.bytes,
      maxmempool: MEMPOOL_BYTES_MAX,
      mempoolminfee: coinsJson(0n),
    })),
  ];
}

function sendRawTransaction({ mempool, chain, clock }: NodeParts, hex: string): string {
  const tx = decodeWhole(hex);
  const now = { timeS: Math.floor(clock.nowMs() / 1000), height: chain.tip.height };
  const refusal = mempool.add(tx, now);
  if (refusal) throw new RpcFailure(refusal.code, refusal.message);
  return displayHex(tx.txidInternal);
}

function decodeWhole(hex: string): DecodedTransaction {
  try {
    const reader = new ByteReader(hexToBytes(hex));
    const tx = decodeTransaction(reader);
    if (reader.remaining === 0) return tx;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new RpcFailure(RPC_CODES.deserialization, 'TX decode failed');
}

function verboseMempool(mempool: Mempool): Record<string, unknown> {
  const entries = mempool.entries();
  const ancestors = new Map(entries.map((entry) => [entry.txid, ancestorsOf(mempool, entry)]));
  const descendants = new Map<string, MempoolEntry[]>(entries.map((entry) => [entry.txid, [entry]]));
  for (const [txid, family] of ancestors) {
    for (const ancestor of family) {
      if (ancestor.txid !== txid) descendants.get(ancestor.txid)?.push(mempool.get(txid) as MempoolEntry);
    }
  }
  return Object.fromEntries(
    entries.map((entry) => [
      entry.txid,
      {
        size: virtualSize(entry),
        fee: coinsJson(entry.feeSat),
        modifiedfee: coinsJson(entry.feeSat),
        time: entry.timeS,
        height: entry.height,
        ...familyJson('descendant', descendants.get(entry.txid) ?? []),
        ...familyJson('ancestor', ancestors.get(entry.txid) ?? []),
        wtxid: displayHex(entry.tx.hashInternal),
        depends: mempool.parentsOf(entry.tx),
      },
    ]),
  );
}

function virtualSize(entry: MempoolEntry): number {
  return Math.ceil(weightOf(entry.tx) / 4);
}

function familyJson(name: string, family: readonly MempoolEntry[]): Record<string, unknown> {
  return {
    [`${name}count`]: family.length,
    [`${name}size`]: family.reduce((sum, member) => sum + virtualSize(member), 0),
    [`${name}fees`]: family.reduce((sum, member) => sum + member.feeSat, 0n),
  };
}

/** The entry and all that it spends from, directly or not. */
function ancestorsOf(mempool: Mempool, entry: MempoolEntry): MempoolEntry[] {
  const found = new Map<string, MempoolEntry>([[entry.txid, entry]]);
  for (const member of found.values()) {
    for (const txid of mempool.parentsOf(member.tx)) {
      const parent = mempool.get(txid);
      if (parent) found.set(txid, parent);
    }
  }
  return [...found.values()];
}
