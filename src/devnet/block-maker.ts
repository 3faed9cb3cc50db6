import { assembleBlockHex } from '../chain/block.ts';
import { bytesToHex, hexToBytes, reversed } from '../chain/bytes.ts';
import { buildCoinbase } from '../chain/coinbase.ts';
import { encodeHeader, encodeHeaderInput, headerHashOf } from '../chain/header.ts';
import { merkleRoot } from '../chain/merkle.ts';
import { p2pkhScript } from '../chain/script.ts';
import { bitsToTarget, meetsTarget } from '../chain/target.ts';
import type { TransactionOutput } from '../chain/transaction.ts';
import { KpssError } from '../error.ts';
import { finalHash } from '../kawpow/final-hash.ts';
import type { RandomSource } from '../mining/ports.ts';
import type { BlockEntry } from './chain.ts';
import type { Ledger } from './ledger.ts';
import type { NodeParts } from './rpc-method.ts';
import { TEMPLATE_VERSION } from './template.ts';
import { commitmentScript } from './validate.ts';

/** Paid to a hash that nobody has a key for: such blocks are made to be there, not to be paid. */
const PAYOUT_SCRIPT = p2pkhScript(new Uint8Array(20));
/** Makes two blocks of the same parent and second different ones. */
const TAG_BYTES = 8;

export interface BlockMakerModules {
  readonly node: NodeParts;
  readonly random: RandomSource;
  /** Fires when the node is closed. */
  readonly signal: AbortSignal;
}

/**
 * Makes and solves a block on the tip by the node's own means, one hash after the other, with what the mempool has.
 * Begins anew when another block comes first.
 * @returns the new tip
 * @throws KpssError KPSS_DEVNET_MINING when hashing failed, the node was closed, or its own rules refused the block
 */
export async function mineBlock({ node, random, signal }: BlockMakerModules): Promise<BlockEntry> {
  const { chain, gate } = node;
  for (;;) {
    const parent = chain.tip;
    const block = composeBlock(node, parent, random.bytes(TAG_BYTES));
    const solution = await solve(node, block, () => chain.tip !== parent, signal);
    if (!solution) continue;
    const { hash, hex } = finishBlock(node, block, solution);
    const answer = await gate.submit(hex);
    if (answer === null) return chain.find(hash) as BlockEntry;
    if (chain.tip === parent) throw refusedOwn(answer);
  }
}

/**
 * Puts in a block that was never solved, on any parent: as if the rest of the network had found it, in no time. All
 * rules but the proof of work are held.
 * @param replaced the block whose place it takes: it gets that one's time and bits, so that it weighs the same
 * @throws KpssError KPSS_DEVNET_MINING when the node's other rules refused the block
 */
export async function addBlock(
  { node, random }: BlockMakerModules,
  parent: BlockEntry,
  replaced?: BlockEntry,
): Promise<BlockEntry> {
  const block = composeBlock(node, parent, random.bytes(TAG_BYTES), replaced);
  const { hash, hex } = finishBlock(node, block, { nonce: 0n, mixHash: new Uint8Array(32) });
  const answer = await node.gate.adopt(hex);
  const entry = node.chain.find(hash);
  if (!entry || (answer !== null && answer !== 'inconclusive')) throw refusedOwn(answer);
  return entry;
}

function refusedOwn(answer: string | null): KpssError {
  return new KpssError('KPSS_DEVNET_MINING', `the devnet refused its own block: ${answer}`, {
    context: { answer },
  });
}

function finishBlock(
  { pow }: NodeParts,
  block: UnsolvedBlock,
  { nonce, mixHash }: Solution,
): { hash: string; hex: string } {
  const header = encodeHeader(block.headerInput, nonce, mixHash);
  return {
    hash: bytesToHex(finalHash(headerHashOf(block.headerInput), nonce, mixHash, pow)),
    hex: assembleBlockHex(
      header,
      block.coinbase,
      block.transactionsHex.length,
      block.transactionsHex.join(''),
    ),
  };
}

interface Solution {
  readonly nonce: bigint;
  readonly mixHash: Uint8Array;
}

interface UnsolvedBlock {
  readonly height: number;
  readonly bits: number;
  readonly headerInput: Uint8Array;
  readonly coinbase: Uint8Array;
  readonly transactionsHex: readonly string[];
}

function composeBlock(
  { chain, mempool, clock }: NodeParts,
  parent: BlockEntry,
  tag: Uint8Array,
  replaced?: BlockEntry,
): UnsolvedBlock {
  const height = parent.height + 1;
  const entries = parent === chain.tip ? mempool.select() : [];
  const txs = entries.map((entry) => entry.tx);
  const feesSat = entries.reduce((sum, entry) => sum + entry.feeSat, 0n);
  const coinbase = buildCoinbase({
    height,
    tag,
    outputs: outputsOf(chain.ledger, height, feesSat),
    witnessCommitmentScript: commitmentScript(txs, new Uint8Array(32)),
  });
  const earliestS = chain.medianTimePastS(parent) + 1;
  const timeS = Math.max(earliestS, replaced?.header.timeS ?? Math.floor(clock.nowMs() / 1000));
  const bits = replaced?.header.bits ?? chain.bitsFor(parent, timeS);
  parent.offeredBits.add(bits);
  const root = merkleRoot([coinbase.txidInternal, ...txs.map((tx) => tx.txidInternal)]);
  const headerInput = encodeHeaderInput({
    version: TEMPLATE_VERSION,
    previousBlockHash: hexToBytes(parent.hash),
    merkleRoot: reversed(root),
    timeS,
    bits,
    height,
  });
  return {
    height,
    bits,
    headerInput,
    coinbase: coinbase.bytes,
    transactionsHex: txs.map((tx) => bytesToHex(tx.bytes)),
  };
}

/** All to nobody, but for what the chain demands. */
function outputsOf(ledger: Ledger, height: number, feesSat: bigint): TransactionOutput[] {
  const subsidySat = ledger.subsidySat(height);
  const demanded = ledger.mandatoryOutput?.output({ subsidySat, feesSat });
  const restSat = subsidySat + feesSat - (demanded?.amountSat ?? 0n);
  return [{ amountSat: restSat, script: PAYOUT_SCRIPT }, ...(demanded ? [demanded] : [])];
}

async function solve(
  { verifier }: NodeParts,
  { height, bits, headerInput }: UnsolvedBlock,
  isOutrun: () => boolean,
  signal: AbortSignal,
): Promise<Solution | undefined> {
  const headerHash = headerHashOf(headerInput);
  const target = bitsToTarget(bits);
  for (let nonce = 0n; !isOutrun(); nonce++) {
    if (signal.aborted)
      throw new KpssError('KPSS_DEVNET_MINING', 'the devnet was closed while it made a block');
    const result = await verifier.hash({ height, headerHash, nonce });
    if (!result.ok) {
      throw new KpssError('KPSS_DEVNET_MINING', `the devnet could not hash: ${result.reason}`, {
        context: { reason: result.reason },
      });
    }
    if (meetsTarget(result.finalHash, target)) return { nonce, mixHash: result.mixHash };
  }
  return undefined;
}
