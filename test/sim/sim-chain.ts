import { decodeBlock } from '../../src/chain/block.ts';
import {
  bytesToHex,
  concatBytes,
  equalBytes,
  hexToBytes,
  reversed,
  uint64Le,
} from '../../src/chain/bytes.ts';
import { sha256d } from '../../src/chain/hash.ts';
import { merkleRoot } from '../../src/chain/merkle.ts';
import { bitsToTarget, meetsTarget } from '../../src/chain/target.ts';
import { finalHash } from '../../src/kawpow/final-hash.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import { rawTemplate } from '../support/mining.ts';
import type { SeededRandom } from './random.ts';

/** A block as a node's index has it. All blocks of a run have the same work, so height is work. */
export interface SimBlock {
  readonly hash: string;
  readonly parent: string;
  readonly height: number;
  readonly timeS: number;
}

/** What any node finds in a block that was handed in, whatever else it knows. */
export type Examined =
  | { readonly kind: 'undecodable' }
  | { readonly kind: 'block'; readonly block: SimBlock; readonly problem: string | undefined };

const RAW = rawTemplate();
const COINBASE_VALUE_SAT = BigInt(RAW.coinbasevalue as number);
const GENESIS: SimBlock = {
  hash: RAW.previousblockhash as string,
  parent: '00'.repeat(32),
  height: (RAW.height as number) - 1,
  timeS: RAW.mintime as number,
};

/** The proof of work of the simulation, which needs no light cache: a double SHA-256 of header hash and nonce. */
export function trueMixHash(headerHash: Uint8Array, nonce: bigint): Uint8Array {
  return sha256d(concatBytes(headerHash, uint64Le(nonce)));
}

/** All blocks that anybody knows, and the rules that every node holds them against. */
export class SimChain {
  readonly bits: number;
  readonly networkTarget: Uint8Array;
  readonly genesis = GENESIS;
  readonly #blocks = new Map([[GENESIS.hash, GENESIS]]);
  readonly #examined = new Map<string, Examined>();

  constructor(bits: number) {
    this.bits = bits;
    this.networkTarget = bitsToTarget(bits);
  }

  /** @throws Error for a hash that nobody knows */
  get(hash: string): SimBlock {
    const block = this.#blocks.get(hash);
    if (block === undefined) throw new Error(`the simulation has no block ${hash}`);
    return block;
  }

  has(hash: string): boolean {
    return this.#blocks.has(hash);
  }

  add(block: SimBlock): void {
    this.#blocks.set(block.hash, block);
  }

  /** A block of some other miner. */
  foreign(parent: SimBlock, nowMs: number, random: SeededRandom): SimBlock {
    const hash = `00${bytesToHex(random.bytes(31))}`;
    const block = { hash, parent: parent.hash, height: parent.height + 1, timeS: Math.floor(nowMs / 1000) };
    this.add(block);
    return block;
  }

  isAncestor(ancestor: SimBlock, of: SimBlock): boolean {
    let block = of;
    while (block.height > ancestor.height) block = this.get(block.parent);
    return block.hash === ancestor.hash;
  }

  /** As getblocktemplate gives it, on this parent. */
  template(parent: SimBlock, nowMs: number): Record<string, unknown> {
    return {
      ...RAW,
      height: parent.height + 1,
      previousblockhash: parent.hash,
      curtime: Math.floor(nowMs / 1000),
      bits: this.bits.toString(16).padStart(8, '0'),
      target: bytesToHex(this.networkTarget),
      longpollid: `${parent.hash}1`,
    };
  }

  /** Decodes and checks a block, each once. A proposal is checked for everything but its proof of work. */
  examine(blockHex: string, isProposal: boolean): Examined {
    const known = this.#examined.get(blockHex);
    if (known !== undefined && !isProposal) return known;
    const examined = this.#examine(blockHex, isProposal);
    if (!isProposal) this.#examined.set(blockHex, examined);
    return examined;
  }

  #examine(blockHex: string, isProposal: boolean): Examined {
    let decoded: ReturnType<typeof decodeBlock>;
    try {
      decoded = decodeBlock(hexToBytes(blockHex));
    } catch {
      return { kind: 'undecodable' };
    }
    const { header, transactions } = decoded;
    const { headerHash, nonce, mixHash, height, timeS } = header;
    const hash = finalHash(headerHash, nonce, mixHash, KAWPOW);
    const parent = bytesToHex(header.previousBlockHash);
    const block = { hash: bytesToHex(hash), parent, height, timeS };
    const paidSat = (transactions[0]?.outputs ?? []).reduce((sum, output) => sum + output.amountSat, 0n);
    const root = merkleRoot(transactions.map((transaction) => transaction.txidInternal));
    const problems: readonly [string, boolean][] = [
      ['high-hash', !isProposal && !meetsTarget(hash, this.networkTarget)],
      ['invalid-mix-hash', !isProposal && !equalBytes(mixHash, trueMixHash(headerHash, nonce))],
      ['bad-diffbits', header.bits !== this.bits],
      ['bad-txnmrklroot', !equalBytes(header.merkleRoot, reversed(root))],
      ['bad-cb-amount', paidSat > COINBASE_VALUE_SAT],
      // ravend takes it; the simulation does not, since the rest would be lost.
      ['underpaid', paidSat < COINBASE_VALUE_SAT],
    ];
    return { kind: 'block', block, problem: problems.find(([, isSo]) => isSo)?.[0] };
  }
}
