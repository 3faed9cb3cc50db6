import { concatBytes, equalBytes, reversed } from '../chain/bytes.ts';
import { sha256d } from '../chain/hash.ts';
import type { DecodedHeader } from '../chain/header.ts';
import { merkleRoot } from '../chain/merkle.ts';
import { heightPush } from '../chain/script.ts';
import { bitsToTarget, meetsTarget } from '../chain/target.ts';
import type { DecodedTransaction } from '../chain/transaction.ts';
import { POW_LIMIT_BITS } from './retarget.ts';
import { isCoinbase, outpointOf, spendsNothing, weightOf } from './transactions.ts';

/** Consensus: an output, and all outputs of a transaction together, pay at most this. */
const MONEY_MAX_SAT = 21_000_000_000n * 100_000_000n;
const BLOCK_WEIGHT_MAX = 8_000_000;
const HEADER_AND_COUNT_BYTES = 83;

/** Below this version ravend refuses a block once assets are active; they are, from the start. */
const VERSION_MIN = 0x30000000;

/** How far a block's time may be ahead of the node's: less once the difficulty adjusts at every block. */
const FUTURE_S_MAX_EARLY = 7200;
const FUTURE_S_MAX = 720;
const FUTURE_RULE_HEIGHT = 200;

/** OP_RETURN, 36 bytes, and the mark of a witness commitment. */
const COMMITMENT_PREFIX = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed);
const COMMITMENT_SCRIPT_BYTES = 38;

/** Why a block is refused. */
export interface Refusal {
  /** ravend's reject reason, the answer of submitblock. */
  readonly reason: string;
  /** The body may have been altered under the same hash, so the hash itself is not to be held for bad. */
  readonly bodyDoubtful?: true;
}

/** The true proof of work of a header: what its nonce hashes to, whatever mix hash it claims. */
interface ProofOfWork {
  readonly mixHash: Uint8Array;
  readonly finalHash: Uint8Array;
}

/** CheckBlockHeader: the final hash meets the header's own bits, then the claimed mix hash is the true one. */
export function checkProofOfWork(header: DecodedHeader, proof: ProofOfWork): Refusal | undefined {
  if (!meetsBits(proof.finalHash, header.bits)) return { reason: 'high-hash' };
  return equalBytes(proof.mixHash, header.mixHash) ? undefined : { reason: 'invalid-mix-hash' };
}

function meetsBits(finalHash: Uint8Array, bits: number): boolean {
  try {
    const target = bitsToTarget(bits);
    return meetsTarget(target, bitsToTarget(POW_LIMIT_BITS)) && meetsTarget(finalHash, target);
  } catch {
    return false;
  }
}

/** CheckBlock without the proof of work: what can be said of a block without knowing where it stands. */
export function checkBody(header: DecodedHeader, txs: readonly DecodedTransaction[]): Refusal | undefined {
  const leaves = txs.map((tx) => tx.txidInternal);
  if (leaves.length > 0) {
    if (!equalBytes(reversed(merkleRoot(leaves)), header.merkleRoot)) {
      return { reason: 'bad-txnmrklroot', bodyDoubtful: true };
    }
    if (hasEqualNeighbours(leaves)) return { reason: 'bad-txns-duplicate', bodyDoubtful: true };
  }
  const strippedBytes = txs.reduce((sum, tx) => sum + tx.stripped.length, HEADER_AND_COUNT_BYTES);
  if (txs.length === 0 || strippedBytes * 4 > BLOCK_WEIGHT_MAX) return { reason: 'bad-blk-length' };
  const [coinbase, ...others] = txs;
  if (coinbase === undefined || !isCoinbase(coinbase)) return { reason: 'bad-cb-missing' };
  if (others.some(isCoinbase)) return { reason: 'bad-cb-multiple' };
  for (const tx of txs) {
    const reason = checkTransaction(tx);
    if (reason !== undefined) return { reason };
  }
  return undefined;
}

/** CVE-2012-2459: doubling the end of a level gives the same root, so a pair of equal nodes is an altered block. */
function hasEqualNeighbours(leaves: readonly Uint8Array[]): boolean {
  let level = leaves;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] as Uint8Array;
      const right = level[i + 1];
      if (right !== undefined && equalBytes(left, right)) return true;
      above.push(sha256d(concatBytes(left, right ?? left)));
    }
    level = above;
  }
  return false;
}

/** CheckTransaction, in ravend's order. */
function checkTransaction(tx: DecodedTransaction): string | undefined {
  if (tx.outputs.length === 0) return 'bad-txns-vout-empty';
  let total = 0n;
  for (const output of tx.outputs) {
    if (output.amountSat >= 1n << 63n) return 'bad-txns-vout-negative';
    if (output.amountSat > MONEY_MAX_SAT) return 'bad-txns-vout-toolarge';
    total += output.amountSat;
    if (total > MONEY_MAX_SAT) return 'bad-txns-txouttotal-toolarge';
  }
  const outpoints = new Set(tx.inputs.map(outpointOf));
  if (outpoints.size !== tx.inputs.length) return 'bad-txns-inputs-duplicate';
  if (isCoinbase(tx)) {
    const length = tx.inputs[0]?.scriptSig.length ?? 0;
    return length < 2 || length > 100 ? 'bad-cb-length' : undefined;
  }
  return tx.inputs.some(spendsNothing) ? 'bad-txns-prevout-null' : undefined;
}

/** What a header is held against: the place it claims in the chain. */
interface HeaderContext {
  readonly height: number;
  readonly medianTimePastS: number;
  readonly nowS: number;
  readonly allowsBits: (bits: number, timeS: number) => boolean;
}

/** ContextualCheckBlockHeader. */
export function checkHeaderInContext(header: DecodedHeader, context: HeaderContext): Refusal | undefined {
  // Nodes since 4.8.0 hold a header to its height; how they call it was never recorded.
  if (header.height !== context.height) return { reason: 'bad-header-height' };
  if (!context.allowsBits(header.bits, header.timeS)) return { reason: 'bad-diffbits' };
  if (header.timeS <= context.medianTimePastS) return { reason: 'time-too-old' };
  const futureSMax = context.height >= FUTURE_RULE_HEIGHT ? FUTURE_S_MAX : FUTURE_S_MAX_EARLY;
  if (header.timeS > context.nowS + futureSMax) return { reason: 'time-too-new' };
  if (header.version < VERSION_MIN) {
    return { reason: `bad-version(0x${(header.version >>> 0).toString(16).padStart(8, '0')})` };
  }
  return undefined;
}

/** ContextualCheckBlock: the coinbase's height, then the witness. */
export function checkBodyInContext(txs: readonly DecodedTransaction[], height: number): Refusal | undefined {
  const [coinbase] = txs;
  const push = heightPush(height);
  const scriptSig = coinbase?.inputs[0]?.scriptSig ?? new Uint8Array();
  if (!equalBytes(scriptSig.subarray(0, push.length), push)) return { reason: 'bad-cb-height' };
  const witness = checkWitness(txs);
  if (witness !== undefined) return { reason: witness, bodyDoubtful: true };
  const weight = txs.reduce((sum, tx) => sum + weightOf(tx), HEADER_AND_COUNT_BYTES * 4);
  return weight > BLOCK_WEIGHT_MAX ? { reason: 'bad-blk-weight' } : undefined;
}

function checkWitness(txs: readonly DecodedTransaction[]): string | undefined {
  const [coinbase] = txs;
  const commitment = coinbase && findCommitment(coinbase);
  if (!commitment) return txs.some((tx) => tx.hasWitness) ? 'unexpected-witness' : undefined;
  const stack = coinbase.inputs[0]?.witness ?? [];
  const [reserved] = stack;
  if (stack.length !== 1 || reserved?.length !== 32) return 'bad-witness-nonce-size';
  return equalBytes(commitmentScript(txs.slice(1), reserved), commitment.subarray(0, COMMITMENT_SCRIPT_BYTES))
    ? undefined
    : 'bad-witness-merkle-match';
}

/** The last output script that holds a witness commitment. */
export function findCommitment(coinbase: DecodedTransaction): Uint8Array | undefined {
  return coinbase.outputs
    .map((output) => output.script)
    .findLast(
      (script) =>
        script.length >= COMMITMENT_SCRIPT_BYTES && equalBytes(script.subarray(0, 6), COMMITMENT_PREFIX),
    );
}

/**
 * The output script that commits to all witnesses of a block.
 * @param others the transactions after the coinbase
 * @param reserved 32 bytes, the coinbase's only witness item
 * Source: BIP 141
 */
export function commitmentScript(others: readonly DecodedTransaction[], reserved: Uint8Array): Uint8Array {
  const root = merkleRoot([new Uint8Array(32), ...others.map((tx) => tx.hashInternal)]);
  return concatBytes(COMMITMENT_PREFIX, sha256d(concatBytes(root, reserved)));
}
