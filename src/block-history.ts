import type { JournaledBlock } from './store/journal-records.ts';

/** What the status shows: more than a screen of them is for the journal. */
const REPORTS_MAX = 20;
/** As many as are followed. A miner of a real chain has a few, and settled ones are only kept for the status. */
const BLOCKS_MAX = 5_000;
/** In all, nodes have a few names; a block that outlived several configurations may bring more. */
const VERDICTS_MAX = 32;

/**
 * `submitting`: without a word that decides; `held`: written down, not sent yet; `inconclusive`: a node has it, beside
 * its best chain; `orphaned`: another block took its place; `mature`: 100 confirmations.
 */
export type BlockState =
  | 'submitting'
  | 'accepted'
  | 'inconclusive'
  | 'rejected'
  | 'orphaned'
  | 'mature'
  | 'held';

/** The last word of one node on one block. */
export interface NodeWord {
  readonly node: string;
  readonly kind: string;
  /** Empty where the kind says it all. */
  readonly reason: string;
  readonly latencyMs: number;
}

/** One found block, for the status. */
export interface BlockReport {
  readonly height: number;
  readonly hash: string;
  readonly worker: string;
  /** Milliseconds since 1970. */
  readonly foundAtMs: number;
  readonly state: BlockState;
  /** As it was looked for last; 0 while it is in nobody's best chain. */
  readonly confirmations: number;
  /** Subsidy and fees. */
  readonly amountSat: bigint;
  readonly verdicts: readonly NodeWord[];
}

/** A block as it is known here; changed by `update` only. */
export interface KnownBlock extends Omit<BlockReport, 'verdicts'> {
  /** A node said so, now or earlier. */
  readonly wasAccepted: boolean;
}

/** What is known of the blocks found lately, in this run and, from the journal, in those before. */
export class BlockHistory {
  readonly #blocks = new Map<string, KnownBlock>();
  readonly #words = new Map<string, Map<string, NodeWord>>();

  get(hash: string): KnownBlock | undefined {
    return this.#blocks.get(hash);
  }

  add(block: KnownBlock): void {
    this.#blocks.set(block.hash, block);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= BLOCKS_MAX) break;
      this.#blocks.delete(oldest);
      this.#words.delete(oldest);
    }
  }

  /** One of an earlier run. */
  addJournaled(journaled: JournaledBlock): void {
    const { found, verdicts, outcome } = journaled;
    this.add({
      height: found.height,
      hash: found.blockHash,
      worker: found.worker,
      foundAtMs: found.atMs,
      state: stateOf(journaled),
      confirmations: 0,
      amountSat: BigInt(found.coinbaseValueSat),
      wasAccepted: outcome?.outcome === 'accepted',
    });
    for (const { node, verdict: kind, reason, latencyMs } of verdicts) {
      this.hear(found.blockHash, { node, kind, reason, latencyMs });
    }
  }

  update(hash: string, changes: Partial<Pick<KnownBlock, 'state' | 'confirmations' | 'wasAccepted'>>): void {
    const block = this.#blocks.get(hash);
    if (block !== undefined) this.#blocks.set(hash, { ...block, ...changes });
  }

  /** @returns whether it is another word than the node's last one */
  hear(hash: string, word: NodeWord): boolean {
    if (!this.#blocks.has(hash)) return false;
    const words = this.#words.get(hash) ?? new Map<string, NodeWord>();
    this.#words.set(hash, words);
    const last = words.get(word.node);
    if (last?.kind === word.kind && last.reason === word.reason) return false;
    if (last === undefined && words.size >= VERDICTS_MAX) return false;
    words.set(word.node, word);
    return true;
  }

  /** The newest, newest first. */
  reports(): BlockReport[] {
    return [...this.#blocks.values()]
      .sort((a, b) => b.foundAtMs - a.foundAtMs)
      .slice(0, REPORTS_MAX)
      .map(({ wasAccepted: _was, ...report }) => ({
        ...report,
        verdicts: [...(this.#words.get(report.hash)?.values() ?? [])],
      }));
  }
}

function stateOf({ outcome, final }: JournaledBlock): BlockState {
  return final?.final ?? outcome?.outcome ?? 'submitting';
}
