import { ByteReader } from '../chain/byte-reader.ts';
import { concatBytes, int32Le, lengthPrefixed, reversed, uint32Le, uint64Le } from '../chain/bytes.ts';
import { decodeHeader, encodeHeader, encodeHeaderInput } from '../chain/header.ts';
import { p2pkhScript } from '../chain/script.ts';
import { decodeTransaction } from '../chain/transaction.ts';
import { finalHash } from '../kawpow/final-hash.ts';
import type { KawPow } from '../kawpow/params.ts';
import { type BlockBody, hashKey } from './chain.ts';
import { POW_LIMIT_BITS } from './retarget.ts';
import { blockBytes } from './transactions.ts';

/** Ravencoin regtest's, 2018-04-19: long past, so that the first block's time is free. */
export const GENESIS_TIME_S = 1524179366;

const GENESIS_VERSION = 0x30000000;
const GENESIS_TEXT = 'KPSS devnet: coins of no value, mined to try things out';
/** Paid to a hash that nobody has a key for. */
const GENESIS_AMOUNT_SAT = 500_000_000_000n;

/**
 * Block 0, the same for every devnet with the same time. It carries no proof of work: nobody asks for one.
 * @param timeS its time; earlier than any block's
 */
export function createGenesis(
  timeS: number,
  pow: KawPow,
): {
  hash: string;
  header: ReturnType<typeof decodeHeader>;
  headerBytes: Uint8Array;
  body: BlockBody;
} {
  const coinbase = genesisCoinbase();
  const mixHash = new Uint8Array(32);
  const input = encodeHeaderInput({
    version: GENESIS_VERSION,
    previousBlockHash: new Uint8Array(32),
    merkleRoot: reversed(coinbase.txidInternal),
    timeS,
    bits: POW_LIMIT_BITS,
    height: 0,
  });
  const headerBytes = encodeHeader(input, 0n, mixHash);
  const header = decodeHeader(headerBytes);
  const body = { bytes: blockBytes(headerBytes, [coinbase]), transactions: [coinbase] };
  return { hash: hashKey(finalHash(header.headerHash, 0n, mixHash, pow)), header, headerBytes, body };
}

/** buildCoinbase begins with a height from 1 up, so this one is written out. */
function genesisCoinbase(): ReturnType<typeof decodeTransaction> {
  const text = new TextEncoder().encode(GENESIS_TEXT);
  const bytes = concatBytes(
    int32Le(1),
    Uint8Array.of(1),
    new Uint8Array(32),
    uint32Le(0xffffffff),
    lengthPrefixed(concatBytes(Uint8Array.of(0), text)),
    uint32Le(0xffffffff),
    Uint8Array.of(1),
    uint64Le(GENESIS_AMOUNT_SAT),
    lengthPrefixed(p2pkhScript(new Uint8Array(20))),
    uint32Le(0),
  );
  return decodeTransaction(new ByteReader(bytes));
}
