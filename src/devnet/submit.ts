import { type DecodedBlock, decodeBlock } from '../chain/block.ts';
import { ByteReader } from '../chain/byte-reader.ts';
import { concatBytes, hexToBytes } from '../chain/bytes.ts';
import { type DecodedTransaction, decodeTransaction } from '../chain/transaction.ts';
import { finalHash } from '../kawpow/final-hash.ts';
import type { KawPow } from '../kawpow/params.ts';
import type { Verifier } from '../kawpow/verifier.ts';
import type { Clock } from '../mining/ports.ts';
import { type BlockEntry, type Chain, hashKey } from './chain.ts';
import { RPC_CODES, RpcFailure } from './rpc-failure.ts';
import { blockBytes, isCoinbase } from './transactions.ts';
import {
  checkBody,
  checkBodyInContext,
  checkHeaderInContext,
  checkProofOfWork,
  findCommitment,
  type Refusal,
} from './validate.ts';

/** ravend's guard against being made to build the light cache of a far epoch. */
export const HEIGHT_AHEAD_MAX = 10;

/** Marker and flag of the witness form, then one stack item of 32 zero bytes. */
const WITNESS_FORM = Uint8Array.of(0, 1);
const RESERVED_VALUE = concatBytes(Uint8Array.of(1, 32), new Uint8Array(32));

interface BlockGateModules {
  readonly pow: KawPow;
  readonly chain: Chain;
  readonly verifier: Pick<Verifier, 'verify'>;
  readonly clock: Clock;
}

/** How far a block came: refused for a reason, in the active chain, or stored beside it. */
type Outcome = { readonly refused: string } | 'connected' | 'stored';

/**
 * The way into the chain. Blocks are taken one after the other, each as a whole: while one waits for its proof of work
 * to be computed the next does not begin, so two submissions of one block give one acceptance and one `duplicate`.
 * What depends on the chain's state is checked after that wait, against the state then.
 */
export class BlockGate {
  readonly #modules: BlockGateModules;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(modules: BlockGateModules) {
    this.#modules = modules;
  }

  /**
   * submitblock.
   * @returns null where the block is the new tip, else ravend's reason
   * @throws RpcFailure on what is no block, or when its proof of work could not be computed
   */
  async submit(blockHex: string): Promise<string | null> {
    const block = decode(blockHex);
    const [first] = block.transactions;
    if (first === undefined || !isCoinbase(first)) {
      throw new RpcFailure(RPC_CODES.deserialization, 'Block does not start with a coinbase');
    }
    if (block.header.height > this.#modules.chain.tip.height + HEIGHT_AHEAD_MAX) {
      throw new RpcFailure(RPC_CODES.deserialization, 'Block height is to large');
    }
    return this.#inTurn(() => this.#process(block, (header) => this.#proofOfWork(header)));
  }

  /** Takes a block of the node's own making, which was never solved: all other rules are held. */
  adopt(blockHex: string): Promise<string | null> {
    return this.#inTurn(() => this.#process(decode(blockHex), async () => undefined));
  }

  /**
   * getblocktemplate's mode "proposal": everything but the proof of work, for a block on the tip.
   * @returns null where it would be accepted once solved, else the reason
   * @throws RpcFailure on what is no block
   */
  propose(blockHex: string): string | null {
    const { header, transactions } = decode(blockHex);
    const { chain } = this.#modules;
    const known = chain.find(blockHashOf(header, this.#modules.pow));
    if (known) return knownReason(known) ?? 'duplicate-inconclusive';
    if (hashKey(header.previousBlockHash) !== chain.tip.hash) return 'inconclusive-not-best-prevblk';
    const refusal =
      this.#checkHeader(header, chain.tip) ??
      checkBody(header, transactions) ??
      checkBodyInContext(transactions, chain.tip.height + 1);
    return refusal?.reason ?? chain.ledger.check(transactions, chain.tip.height + 1) ?? null;
  }

  #inTurn(task: () => Promise<string | null>): Promise<string | null> {
    const answer = this.#turn.then(task);
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  /** @param prove looks at the proof of work, and may take its time */
  async #process(
    block: DecodedBlock,
    prove: (header: DecodedBlock['header']) => Promise<Refusal | undefined>,
  ): Promise<string | null> {
    const { chain } = this.#modules;
    const { header } = block;
    const hash = blockHashOf(header, this.#modules.pow);
    const known = chain.find(hash);
    const reason = known && knownReason(known);
    if (reason !== undefined) return reason;
    const transactions = chain.find(hashKey(header.previousBlockHash))
      ? withReservedValue(block.transactions)
      : block.transactions;
    const refusal = (await prove(header)) ?? checkBody(header, transactions);
    const outcome = refusal ? { refused: refusal.reason } : this.#accept(hash, block, transactions);
    if (known) return outcome === 'stored' ? 'duplicate-inconclusive' : 'duplicate';
    if (outcome === 'stored') return 'inconclusive';
    return outcome === 'connected' ? null : outcome.refused;
  }

  async #proofOfWork(header: DecodedBlock['header']): Promise<Refusal | undefined> {
    const proof = await this.#modules.verifier.verify({
      height: header.height,
      headerHash: header.headerHash,
      nonce: header.nonce,
      claimedMixHash: header.mixHash,
      sessionId: 'devnet',
      urgent: true,
    });
    if (proof.ok) return checkProofOfWork(header, proof);
    throw new RpcFailure(RPC_CODES.internal, `Proof of work could not be computed: ${proof.reason}`);
  }

  /** AcceptBlock and ActivateBestChain. Runs in one go: nothing awaits from here on. */
  #accept(hash: string, block: DecodedBlock, transactions: readonly DecodedTransaction[]): Outcome {
    const { chain } = this.#modules;
    const indexed = chain.find(hash) ?? this.#index(hash, block);
    if ('reason' in indexed) return { refused: indexed.reason };
    if (indexed.failed) return { refused: 'duplicate' };
    if (indexed.body) return 'stored';
    const refusal = checkBodyInContext(transactions, indexed.height);
    if (refusal) {
      if (!refusal.bodyDoubtful) chain.invalidate(indexed);
      return { refused: refusal.reason };
    }
    const result = chain.addBody(indexed, {
      bytes: blockBytes(block.headerBytes, transactions),
      transactions,
    });
    if (result === undefined) return 'stored';
    return result === 'connected' ? 'connected' : { refused: result };
  }

  #index(hash: string, { header, headerBytes }: DecodedBlock): BlockEntry | Refusal {
    const { chain } = this.#modules;
    const parent = chain.find(hashKey(header.previousBlockHash));
    if (!parent) return { reason: 'prev-blk-not-found' };
    if (parent.failed) return { reason: 'bad-prevblk' };
    return this.#checkHeader(header, parent) ?? chain.addHeader(hash, header, headerBytes, parent);
  }

  #checkHeader(header: DecodedBlock['header'], parent: BlockEntry): Refusal | undefined {
    const { chain, clock } = this.#modules;
    return checkHeaderInContext(header, {
      height: parent.height + 1,
      medianTimePastS: chain.medianTimePastS(parent),
      nowS: Math.floor(clock.nowMs() / 1000),
      allowsBits: (bits, timeS) => chain.allowsBits(parent, timeS, bits),
    });
  }
}

function decode(blockHex: string): DecodedBlock {
  try {
    return decodeBlock(hexToBytes(blockHex));
  } catch (error) {
    if (error instanceof RangeError) throw new RpcFailure(RPC_CODES.deserialization, 'Block decode failed');
    throw error;
  }
}

/** A block's name: its final hash as the claimed mix hash has it. */
function blockHashOf(header: DecodedBlock['header'], pow: KawPow): string {
  return hashKey(finalHash(header.headerHash, header.nonce, header.mixHash, pow));
}

function knownReason(entry: BlockEntry): string | undefined {
  if (entry.failed) return 'duplicate-invalid';
  return entry.connectedOnce ? 'duplicate' : undefined;
}

/** UpdateUncommittedBlockStructures: a coinbase with a commitment and no witness gets the 32 zero bytes. */
function withReservedValue(transactions: readonly DecodedTransaction[]): readonly DecodedTransaction[] {
  const [coinbase, ...others] = transactions;
  if (!coinbase || coinbase.hasWitness || !findCommitment(coinbase)) return transactions;
  const { stripped } = coinbase;
  const bytes = concatBytes(
    stripped.subarray(0, 4),
    WITNESS_FORM,
    stripped.subarray(4, -4),
    RESERVED_VALUE,
    stripped.subarray(-4),
  );
  return [decodeTransaction(new ByteReader(bytes)), ...others];
}
