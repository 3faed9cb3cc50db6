import type { BlockLedger, BlockOutcome } from './block-ledger.ts';
import { recoverBlocks } from './block-recovery.ts';
import { bytesToHex } from './chain/bytes.ts';
import { solvedBlockHex } from './mining/job.ts';
import type { JobBook } from './mining/job-book.ts';
import type { Clock, Log } from './mining/ports.ts';
import type { Share } from './mining/share.ts';
import type { Tally } from './mining/tally.ts';
import type { SubmitNode, SubmitOutcome, Submitter } from './node/submitter.ts';
import type { FoundRecord, JournaledBlock } from './store/journal-records.ts';

/** A node that is away, or hangs, with a block on its way at the end gets this long: it may be restarting. */
const FINISH_WITHIN_MS = 10_000;
/** Candidates that wait to be sent, of all connections: more than honest miners of a whole farm have at once. */
const WAITING_MAX = 1_024;

export interface FoundBlocksModules {
  readonly submitter: Submitter;
  readonly nodes: readonly SubmitNode[];
  readonly ledger: BlockLedger;
  readonly jobs: JobBook;
  readonly tally: Tally;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Sends a block that is proven to be right another way beside the nodes' RPC; its failure does not matter. Not before:
   * a node takes a false one by RPC for a mistake, but from a peer for an attack, and shuts that peer out.
   */
  readonly broadcast?: ((blockHex: string) => unknown) | undefined;
  /** Its outcome is known. */
  readonly onSettled: (block: BlockOutcome) => void;
}

/**
 * Candidates on their way: from the tick in which one is seen to what the nodes made of it; across a restart by the
 * journal.
 */
export class FoundBlocks {
  readonly #modules: FoundBlocksModules;
  readonly #underWay = new Set<Promise<void>>();
  /** Their mix hash was found to be wrong after they went out. */
  readonly #forged = new WeakSet<Share>();
  /** Not sent yet, with their workers' names; oldest first. */
  readonly #waiting = new Map<Share, string>();
  /** Blocks that went to the nodes, by shares whose proof is still being looked at. */
  readonly #unproven = new WeakMap<Share, string>();
  #isFinished = false;

  constructor(modules: FoundBlocksModules) {
    this.#modules = modules;
  }

  /** Opens the journal, and takes up what it holds, both in the background. To be called before the first `submit`. */
  recover(): void {
    const { ledger, log } = this.#modules;
    ledger
      .open()
      ?.then((blocks) => this.#takeUp(blocks))
      .catch((error: unknown) => log.error({ err: error }, 'blocks of the journal could not be taken up'));
  }

  /**
   * Hands a candidate to the nodes and the journal. Node.js writes the requests when the present turn of the event loop
   * ends, so nothing else is done in this turn: counting, telling and other ways come in the next.
   */
  submit(share: Share, workerName: string): void {
    this.#waiting.delete(share);
    if (this.#isFinished) {
      this.#keep(share, workerName);
      return;
    }
    const { submitter, ledger, jobs, tally, log } = this.#modules;
    const { job } = share.issued;
    const { height } = job.template;
    const blockHash = bytesToHex(share.finalHash);
    const blockHex = solvedBlockHex(job, share.nonce, share.claimedMixHash);
    const submitted = submitter.submit({
      blockHex,
      blockHash,
      height,
      // The tip moving is no reason to give up yet: the block competes until the next one decides.
      stillUseful: () => jobs.isLive(job) && !this.#forged.has(share),
    });
    this.#unproven.set(share, blockHex);
    ledger.find(share, workerName, blockHex, 'submitting');
    setImmediate(() => {
      tally.blockFound();
      log.info(
        { height, blockHash, worker: workerName },
        `block ${height} found by ${workerName}, submitted`,
      );
    });
    void this.#see(submitted, { height, blockHash, workerName }, () => this.#forged.has(share));
  }

  /** A candidate that is not sent yet: at the end it is written down, so that the next start sends it. */
  wait(share: Share, workerName: string): void {
    this.#waiting.set(share, workerName);
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= WAITING_MAX) break;
      this.#waiting.delete(oldest);
    }
  }

  /** Its claimed mix hash is right. */
  proven(share: Share): void {
    const blockHex = this.#unproven.get(share);
    if (blockHex === undefined) return;
    this.#unproven.delete(share);
    this.#broadcast(blockHex);
  }

  /** Its claimed mix hash is wrong: no node will take it. */
  markForged(share: Share): void {
    this.#forged.add(share);
    this.#waiting.delete(share);
    this.#modules.ledger.forge(bytesToHex(share.finalHash));
  }

  /**
   * Writes down what was not sent, and waits for what is under way, but not for ever: what has no answer then stays in the
   * journal.
   */
  async finish(): Promise<void> {
    for (const [share, workerName] of this.#waiting) this.#keep(share, workerName);
    this.#waiting.clear();
    const over = Promise.withResolvers<void>();
    const timer = this.#modules.clock.setTimer(FINISH_WITHIN_MS, over.resolve);
    await Promise.race([Promise.all(this.#underWay), over.promise]);
    timer.cancel();
    this.#isFinished = true;
  }

  #see(
    submitted: Promise<SubmitOutcome>,
    block: Omit<BlockOutcome, 'outcome'>,
    isForged: () => boolean,
  ): Promise<void> {
    const { ledger, onSettled } = this.#modules;
    const settled = submitted.then((outcome) => {
      this.#underWay.delete(settled);
      ledger.settle({ ...block, outcome }, isForged());
      onSettled({ ...block, outcome });
    });
    this.#underWay.add(settled);
    return settled;
  }

  #broadcast(blockHex: string): void {
    const { broadcast, log } = this.#modules;
    if (broadcast === undefined) return;
    const tell = (error: unknown): void => log.warn({ err: error }, 'a block could not be sent beside RPC');
    try {
      Promise.resolve(broadcast(blockHex)).catch(tell);
    } catch (error) {
      tell(error);
    }
  }

  /** Writes a candidate down that is not sent in this run. */
  #keep(share: Share, workerName: string): void {
    const { ledger, log } = this.#modules;
    const blockHash = bytesToHex(share.finalHash);
    if (ledger.get(blockHash) !== undefined || this.#forged.has(share)) return;
    const blockHex = solvedBlockHex(share.issued.job, share.nonce, share.claimedMixHash);
    ledger.find(share, workerName, blockHex, 'held');
    const { height } = share.issued.job.template;
    const fields = { height, blockHash, worker: workerName };
    const text = `a candidate for block ${height} was not sent before the end`;
    if (ledger.isKept) log.info(fields, `${text}; it is written down, and sent at the next start`);
    else log.warn(fields, `${text}, and is lost`);
  }

  async #takeUp(blocks: readonly JournaledBlock[]): Promise<void> {
    const { ledger, log, nodes, clock } = this.#modules;
    const open = blocks.filter((block) => ledger.takeUp(block));
    if (open.length === 0 || this.#isFinished) return;
    const what =
      open.length === 1 ? '1 block of an earlier run has' : `${open.length} blocks of an earlier run have`;
    log.info({ blocks: open.length }, `${what} no answer yet: handing in again`);
    await recoverBlocks(open, {
      nodes,
      clock,
      isStopped: () => this.#isFinished,
      submit: (block) => this.#submitAgain(block.found),
      lookFor: ({ found }) => ledger.lookFor(found.blockHash, found.height),
    });
  }

  #submitAgain({ blockHash, blockHex, height, worker: workerName }: FoundRecord): Promise<void> {
    const { submitter, jobs, tally } = this.#modules;
    tally.blockFound();
    // Its job is gone; the height of the present work says as much.
    const stillUseful = (): boolean => (jobs.template?.height ?? 0) <= height + 1;
    const submitted = submitter.submit({ blockHex, blockHash, height, mayBeKnown: true, stillUseful });
    return this.#see(submitted, { height, blockHash, workerName }, () => false);
  }
}
