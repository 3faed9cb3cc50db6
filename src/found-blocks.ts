import { bytesToHex } from './chain/bytes.ts';
import type { Network } from './chain/coins.ts';
import { formatCoins } from './chain/payout.ts';
import { solvedBlockHex } from './mining/job.ts';
import type { JobBook } from './mining/job-book.ts';
import type { Clock, Log } from './mining/ports.ts';
import type { Share } from './mining/share.ts';
import type { Tally } from './mining/tally.ts';
import type { SubmitOutcome, Submitter } from './node/submitter.ts';

/** A node that is away, or hangs, with a block on its way at the end gets this long: it may be restarting. */
const FINISH_WITHIN_MS = 10_000;

export interface BlockOutcome {
  readonly height: number;
  readonly blockHash: string;
  readonly workerName: string;
  readonly outcome: SubmitOutcome;
}

export interface FoundBlocksModules {
  readonly submitter: Submitter;
  readonly jobs: JobBook;
  readonly tally: Tally;
  readonly clock: Clock;
  readonly log: Log;
  /** Its outcome is known. */
  readonly onSettled: (block: BlockOutcome) => void;
}

/** Candidates on their way: from the tick in which one is seen to what the node made of it. */
export class FoundBlocks {
  readonly #network: Network;
  readonly #modules: FoundBlocksModules;
  readonly #underWay = new Set<Promise<void>>();
  /** Their mix hash was found to be wrong after they went out. */
  readonly #forged = new WeakSet<Share>();
  #lastAcceptedHeight = 0;

  constructor(network: Network, modules: FoundBlocksModules) {
    this.#network = network;
    this.#modules = modules;
  }

  /**
   * Hands a candidate to the node. Node.js writes the request when the present turn of the event loop ends, so nothing
   * else is done in this turn: counting and telling come in the next.
   */
  submit(share: Share, workerName: string): void {
    const { job } = share.issued;
    const { height } = job.template;
    const blockHash = bytesToHex(share.finalHash);
    const { submitter, jobs, tally, log } = this.#modules;
    const submitted = submitter.submit({
      blockHex: solvedBlockHex(job, share.nonce, share.claimedMixHash),
      blockHash,
      height,
      // The tip moving is no reason to give up yet: the block competes until the next one decides.
      stillUseful: () => jobs.isLive(job) && !this.#forged.has(share),
    });
    setImmediate(() => {
      tally.blockFound();
      log.info(
        { height, blockHash, worker: workerName },
        `block ${height} found by ${workerName}, submitted`,
      );
    });
    const settled = submitted.then((outcome) => {
      this.#underWay.delete(settled);
      this.#settle({ height, blockHash, workerName, outcome }, share);
    });
    this.#underWay.add(settled);
  }

  /** Its claimed mix hash is wrong: no node will take it. */
  markForged(share: Share): void {
    this.#forged.add(share);
  }

  /** Waits for what is under way, but not for ever. */
  async finish(): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = this.#modules.clock.setTimer(FINISH_WITHIN_MS, over.resolve);
    await Promise.race([Promise.all(this.#underWay), over.promise]);
    timer.cancel();
  }

  #settle(block: BlockOutcome, share: Share): void {
    const { height, blockHash, workerName: worker, outcome } = block;
    const { log, tally, onSettled } = this.#modules;
    const { node } = outcome;
    const fields = { height, blockHash, worker, node, latencyMs: Math.round(outcome.latencyMs) };
    if (outcome.kind === 'accepted') {
      tally.blockAccepted();
      this.#lastAcceptedHeight = Math.max(this.#lastAcceptedHeight, height);
      const amountSat = share.issued.job.template.coinbaseValueSat;
      const worth = `${formatCoins(amountSat)} ${this.#network.ticker}`;
      const text = `BLOCK ${height} ACCEPTED by ${node}: ${worth}, found by ${worker}`;
      log.info({ ...fields, amountSat: amountSat.toString() }, text);
    } else if (outcome.kind === 'inconclusive' && this.#lastAcceptedHeight >= height) {
      log.info(
        { ...fields, reason: outcome.reason },
        `block ${height} found twice: the node keeps your other one`,
      );
    } else {
      const text = `block ${height} not accepted by ${node} (${outcome.kind}): ${outcome.reason}`;
      log.warn({ ...fields, reason: outcome.reason }, text);
    }
    onSettled(block);
  }
}
