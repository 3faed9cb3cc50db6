import { bytesToHex, compactSize } from '../chain/bytes.ts';
import type { Network } from '../chain/coins.ts';
import { HEADER_BYTES } from '../chain/header.ts';
import { type BlockBody, type BlockEntry, type Chain, chainWorkHex } from './chain.ts';
import { transactionJson } from './transaction-json.ts';
import { displayHex } from './transactions.ts';

/** Difficulty of bits as ravend computes it, in doubles, so that the same digits come out. */
export function difficultyOf(bits: number): number {
  let difficulty = 0x0000ffff / (bits & 0x00ffffff);
  for (let exponent = bits >>> 24; exponent < 29; exponent++) difficulty *= 256;
  for (let exponent = bits >>> 24; exponent > 29; exponent--) difficulty /= 256;
  return difficulty;
}

/** The block's place on the active chain counted from the tip, 1 for the tip; -1 beside it. */
function confirmationsOf(chain: Chain, entry: BlockEntry): number {
  return chain.isActive(entry) ? chain.tip.height - entry.height + 1 : -1;
}

function versionJson({ header }: BlockEntry): Record<string, unknown> {
  return {
    version: header.version,
    versionHex: (header.version >>> 0).toString(16).padStart(8, '0'),
    merkleroot: bytesToHex(header.merkleRoot),
  };
}

function workJson(chain: Chain, entry: BlockEntry): Record<string, unknown> {
  const { timeS, bits } = entry.header;
  return {
    time: timeS,
    mediantime: chain.medianTimePastS(entry),
    // The 32-bit nonce of Bitcoin's header, which KawPoW does not use.
    nonce: 0,
    bits: bits.toString(16).padStart(8, '0'),
    difficulty: difficultyOf(bits),
    chainwork: chainWorkHex(entry),
  };
}

function linksJson(chain: Chain, entry: BlockEntry): Record<string, unknown> {
  const next = chain.isActive(entry) ? chain.at(entry.height + 1) : undefined;
  return {
    ...(entry.parent ? { previousblockhash: entry.parent.hash } : {}),
    ...(next ? { nextblockhash: next.hash } : {}),
  };
}

/** `getblockheader … true`. */
export function headerJson(chain: Chain, entry: BlockEntry): Record<string, unknown> {
  return {
    hash: entry.hash,
    confirmations: confirmationsOf(chain, entry),
    height: entry.height,
    ...versionJson(entry),
    ...workJson(chain, entry),
    ...linksJson(chain, entry),
  };
}

/** `getblock … 1`, or `2` with the transactions decoded. */
export function blockJson(
  chain: Chain,
  entry: BlockEntry & { body: BlockBody },
  show: { network: Network; decodeTransactions: boolean },
): Record<string, unknown> {
  const { bytes, transactions } = entry.body;
  const strippedBytes = transactions.reduce(
    (sum, tx) => sum + tx.stripped.length,
    HEADER_BYTES + compactSize(transactions.length).length,
  );
  return {
    hash: entry.hash,
    confirmations: confirmationsOf(chain, entry),
    strippedsize: strippedBytes,
    size: bytes.length,
    weight: strippedBytes * 3 + bytes.length,
    height: entry.height,
    ...versionJson(entry),
    tx: transactions.map((tx) =>
      show.decodeTransactions ? transactionJson(tx, show.network) : displayHex(tx.txidInternal),
    ),
    ...workJson(chain, entry),
    headerhash: bytesToHex(entry.header.headerHash),
    mixhash: bytesToHex(entry.header.mixHash),
    nonce64: entry.header.nonce,
    ...linksJson(chain, entry),
  };
}
