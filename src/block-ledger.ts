import { BlockHistory, type BlockReport, type KnownBlock } from './block-history.ts';
import { bytesToHex } from './chain/bytes.ts';
import type { Network } from './chain/coins.ts';
import { formatCoins, splitPayout } from './chain/payout.ts';
import type { Clock, Log, NodeRpc } from './mining/ports.ts';
import type { Share } from './mining/share.ts';
import type { Tally } from './mining/tally.ts';
import { BlockFollower, type BlockNews } from './node/block-follower.ts';
import type { NodeVerdict, SubmitNode, SubmitOutcome } from './node/submitter.ts';
import { type BlockJournal, type JournalStatus, openJournal } from './store/journal.ts';
import {
  type FoundRecord,
  isFinal,
  type JournaledBlock,
  type JournalRecord,
} from './store/journal-records.ts';
import type { JournalStore } from './store/journal-store.ts';

const FORGED = 'its mix hash is wrong';

export interface BlockOutcome {
  readonly height: number;
  readonly blockHash: string;
  readonly workerName: string;
  readonly outcome: SubmitOutcome;
}

/** Of the journal of found blocks; `off`: there is none. */
export type JournalReport = Omit<JournalStatus, 'state'> & { readonly state: JournalStatus['state'] | 'off' };

export interface BlockLedgerModules {
  readonly tally: Tally;
  readonly clock: Clock;
  readonly log: Log;
  /** Those that are asked what became of a block. */
  readonly nodes: readonly SubmitNode[];
  /** The one that is best asked at present; when there is none, those of our chain are asked in turn. */
  readonly healthyNode?: (() => NodeRpc | undefined) | undefined;
  /** Whether a node is, for all we know, on the chain of these blocks; all are when left out. */
  readonly isOfOurChain?: (nodeName: string) => boolean;
  /** Where found blocks are written down; nowhere when left out. */
  readonly journal?: JournalStore | undefined;
}

/** What is known of found blocks: written down, told in log and status, and followed until nothing changes it any more. */
export class BlockLedger {
  readonly #network: Network;
  readonly #modules: BlockLedgerModules;
  readonly #history = new BlockHistory();
  readonly #follower: BlockFollower;
  #journal: BlockJournal | undefined;
  #lastAcceptedHeight = 0;
  #isClosed = false;
  /** Where none is known to be healthy, the nodes are asked in turn. */
  #turn = 0;

  constructor(network: Network, modules: BlockLedgerModules) {
    this.#network = network;
    this.#modules = modules;
    const { clock, log, healthyNode } = modules;
    this.#follower = new BlockFollower({
      node: () => healthyNode?.() ?? this.#nextNode(),
      clock,
      log,
      onNews: (news) => this.#hearNews(news),
    });
  }

  /** @returns what the journal holds, once it could be read; undefined where there is none */
  open(): Promise<readonly JournaledBlock[]> | undefined {
    const { journal, clock, log } = this.#modules;
    if (journal !== undefined) this.#journal ??= openJournal(journal, { clock, log });
    return this.#journal?.opened;
  }

  /** Whether what is found now is written down. */
  get isKept(): boolean {
    return this.#journal !== undefined && !this.#isClosed;
  }

  get(blockHash: string): KnownBlock | undefined {
    return this.#history.get(blockHash);
  }

  /** There is a new tip: perhaps it says more of blocks that are followed. */
  noteTip(): void {
    this.#follower.noteTip();
  }

  reports(): BlockReport[] {
    return this.#history.reports();
  }

  journalReport(): JournalReport {
    return this.#journal?.status() ?? { state: 'off' };
  }

  /** Ends all that is left; to be called when the submitter stopped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#follower.stop();
    await this.#journal?.close();
  }

  /** A node of another network has none of the blocks, and would have all of them taken for orphaned. */
  #nextNode(): NodeRpc | undefined {
    const asked = this.#modules.nodes.filter(({ name }) => this.#isOfOurChain(name));
    return asked[this.#turn++ % asked.length]?.rpc;
  }

  #isOfOurChain(nodeName: string): boolean {
    return this.#modules.isOfOurChain?.(nodeName) ?? true;
  }

  get #nowMs(): number {
    return this.#modules.clock.nowMs();
  }

  /** Written down before it returns, as far as that needs no waiting. @param state `held` when it is not sent in this run */
  find(share: Share, worker: string, blockHex: string, state: 'submitting' | 'held'): void {
    const blockHash = bytesToHex(share.finalHash);
    const { template, payout } = share.issued.job;
    const { height, previousBlockHash, coinbaseValueSat } = template;
    const record: FoundRecord = {
      kind: 'found',
      atMs: this.#nowMs,
      height,
      blockHash,
      previousBlockHash,
      worker,
      coinbaseValueSat: coinbaseValueSat.toString(),
      payouts: splitPayout(coinbaseValueSat, payout).map(({ script, amountSat }) => ({
        scriptHex: bytesToHex(script),
        amountSat: amountSat.toString(),
      })),
      blockHex,
    };
    this.#write(record);
    this.#history.addJournaled({ found: record, verdicts: [], outcome: undefined, final: undefined });
    this.#history.update(blockHash, { state });
  }

  /**
   * A block of an earlier run.
   * @returns whether it has no outcome, and is to be handed in again
   */
  takeUp(block: JournaledBlock): boolean {
    const { found, outcome } = block;
    this.#history.addJournaled(block);
    if (isFinal(block)) return false;
    if (outcome === undefined) return true;
    this.#follower.follow(found.blockHash, found.height, outcome.outcome === 'accepted');
    return false;
  }

  /** Its outcome is what the chain says. */
  lookFor(blockHash: string, height: number): void {
    this.#follower.follow(blockHash, height, false);
  }

  /** Its claimed mix hash was found to be wrong. */
  forge(blockHash: string): void {
    if (this.get(blockHash)?.state === 'held') this.#reject(blockHash, '', FORGED);
  }

  #write(record: JournalRecord): void {
    this.#journal?.write(record);
  }

  /** To be told of what each node answers, also after the outcome is known. */
  hear({ block, node, latencyMs, verdict }: NodeVerdict): void {
    const reason = 'reason' in verdict ? verdict.reason : '';
    const word = { node, kind: verdict.kind, reason, latencyMs: Math.round(latencyMs) };
    if (!this.#history.hear(block.blockHash, word)) return;
    if (word.kind === 'accepted' && this.get(block.blockHash)?.state === 'accepted') {
      const { height, blockHash } = block;
      const fields = { height, blockHash, node, latencyMs: word.latencyMs };
      this.#modules.log.info(fields, `block ${height} was taken by ${node}, too, after ${word.latencyMs} ms`);
    }
    const { kind, ...rest } = word;
    this.#write({ kind: 'verdict', blockHash: block.blockHash, verdict: kind, ...rest, atMs: this.#nowMs });
  }

  /** What the submission of a block led to. */
  settle(block: BlockOutcome, isForged: boolean): void {
    const { height, blockHash, workerName: worker, outcome } = block;
    const { log } = this.#modules;
    const { node } = outcome;
    const fields = { height, blockHash, worker, node, latencyMs: Math.round(outcome.latencyMs) };
    if (outcome.kind === 'accepted') {
      const { text, amountSat } = this.#worth(blockHash);
      this.#accept(blockHash, height, node);
      this.#follower.follow(blockHash, height, true);
      log.info({ ...fields, amountSat }, `BLOCK ${height} ACCEPTED by ${node}: ${text}, found by ${worker}`);
    } else if (outcome.kind === 'gave-up') {
      this.#giveUp(block, outcome, isForged);
    } else if (outcome.kind === 'rejected' && !this.#isOfOurChain(node)) {
      this.#follower.follow(blockHash, height, false);
      log.warn(
        { ...fields, reason: outcome.reason },
        `block ${height} not accepted by ${node} (rejected): ${outcome.reason}; but nothing says that ${node} is on our chain: the block is tried again at the next start`,
      );
    } else if (outcome.kind === 'rejected') {
      this.#reject(blockHash, node, outcome.reason);
      log.warn(
        { ...fields, reason: outcome.reason },
        `block ${height} not accepted by ${node} (rejected): ${outcome.reason}`,
      );
    } else {
      this.#beInconclusive(blockHash, height, node, outcome.reason);
      const isTwin = this.#lastAcceptedHeight >= height;
      const text = isTwin
        ? `block ${height} found twice: the node keeps your other one`
        : `block ${height} not accepted by ${node} (inconclusive): ${outcome.reason}; it is watched on`;
      log[isTwin ? 'info' : 'warn']({ ...fields, reason: outcome.reason }, text);
    }
  }

  #accept(blockHash: string, height: number, node: string): void {
    this.#modules.tally.blockAccepted();
    this.#lastAcceptedHeight = Math.max(this.#lastAcceptedHeight, height);
    this.#history.update(blockHash, { state: 'accepted', wasAccepted: true });
    this.#write({ kind: 'outcome', atMs: this.#nowMs, blockHash, outcome: 'accepted', node, reason: '' });
  }

  #beInconclusive(blockHash: string, height: number, node: string, reason: string): void {
    this.#history.update(blockHash, { state: 'inconclusive' });
    this.#write({ kind: 'outcome', atMs: this.#nowMs, blockHash, outcome: 'inconclusive', node, reason });
    this.#follower.follow(blockHash, height, false);
  }

  #reject(blockHash: string, node: string, reason: string): void {
    this.#history.update(blockHash, { state: 'rejected' });
    this.#write({ kind: 'outcome', atMs: this.#nowMs, blockHash, outcome: 'rejected', node, reason });
  }

  #giveUp(
    { height, blockHash, workerName: worker }: BlockOutcome,
    { node, why, reason }: Extract<SubmitOutcome, { kind: 'gave-up' }>,
    isForged: boolean,
  ): void {
    const { log } = this.#modules;
    const fields = { height, blockHash, worker, node, why, reason };
    const begin = `block ${height} not accepted by ${node} (${why}): ${reason}`;
    if (isForged) {
      this.#reject(blockHash, node, FORGED);
      log.warn(fields, `${begin}; ${FORGED}`);
    } else if (why === 'too-late') {
      this.#write({ kind: 'final', atMs: this.#nowMs, blockHash, final: 'orphaned' });
      this.#history.update(blockHash, { state: 'orphaned' });
      log.warn(fields, `${begin}; others found the next blocks meanwhile`);
    } else if (this.#journal === undefined) {
      log.warn(fields, begin);
    } else {
      this.#follower.follow(blockHash, height, false);
      const text = `${begin}; it is written down, and handed in again at the next start`;
      log[why === 'stopped' ? 'info' : 'warn'](fields, text);
    }
  }

  #hearNews({ blockHash, kind, confirmations }: BlockNews): void {
    const block = this.#history.get(blockHash);
    if (block === undefined) return;
    const { height, worker, wasAccepted } = block;
    const { log } = this.#modules;
    const fields = { height, blockHash, worker, confirmations };
    this.#history.update(blockHash, { confirmations });
    if (kind !== 'confirmed') this.#history.update(blockHash, { state: stateAfter(kind) });
    if (!wasAccepted && (kind === 'back' || kind === 'mature')) this.#accept(blockHash, height, '');
    if (kind === 'back') {
      log.info(fields, `block ${height} is in the chain ${wasAccepted ? 'again' : 'after all'}`);
    } else if (kind === 'orphaned') {
      log.warn(fields, `block ${height} was orphaned: another block took its place; it may come back`);
    } else if (kind === 'mature') {
      const { text, amountSat } = this.#worth(blockHash);
      this.#history.update(blockHash, { state: 'mature' });
      this.#write({ kind: 'final', atMs: this.#nowMs, blockHash, final: 'mature' });
      log.info({ ...fields, amountSat }, `block ${height} is mature: ${text} can be spent`);
    } else if (kind === 'lost') {
      this.#write({ kind: 'final', atMs: this.#nowMs, blockHash, final: 'orphaned' });
      log[wasAccepted ? 'warn' : 'info'](
        fields,
        `block ${height} is orphaned for good: the chain went on without it`,
      );
    }
  }

  /** For a sentence: `5000 RVN`. */
  #worth(blockHash: string): { readonly text: string; readonly amountSat: string } {
    const amountSat = this.#history.get(blockHash)?.amountSat ?? 0n;
    return { text: `${formatCoins(amountSat)} ${this.#network.ticker}`, amountSat: amountSat.toString() };
  }
}

function stateAfter(kind: Exclude<BlockNews['kind'], 'confirmed'>): BlockReport['state'] {
  if (kind === 'mature') return 'mature';
  return kind === 'back' ? 'accepted' : 'orphaned';
}
