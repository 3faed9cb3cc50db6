import type { Network } from './chain/coins.ts';
import { targetToDifficulty } from './chain/target.ts';
import { epochOf } from './kawpow/epoch.ts';
import type { Verifier } from './kawpow/verifier.ts';
import { PrefixAllocator } from './mining/extranonce.ts';
import { solvedBlockHex } from './mining/job.ts';
import { JobBook } from './mining/job-book.ts';
import { blockHashOf, judgeShare } from './mining/judge.ts';
import { LoginDesk, type LoginPolicy } from './mining/login.ts';
import type { Clock, Log, NodeRpc, RandomSource, Timer } from './mining/ports.ts';
import type { Share } from './mining/share.ts';
import { Tally, type TallyCounts } from './mining/tally.ts';
import { parseTemplate, type Template } from './mining/template.ts';
import type { VardiffOptions } from './mining/vardiff.ts';
import type { NodeStatus } from './node/status.ts';
import { createSubmitter, type SubmitOutcome, type Submitter } from './node/submitter.ts';
import { createTemplateSource, type TemplateSource } from './node/template-source.ts';
import { StratumServer } from './stratum/server.ts';
import type { Session, ShareResult } from './stratum/session.ts';

/** Blocks before an epoch's first at which its light cache is begun: half an hour, for what takes half a minute. */
const PREPARE_BLOCKS_AHEAD = 500;
/** A node that hangs with a block in flight gets this long at the end; its answer is worth waiting for, not for ever. */
const STOP_WITHIN_MS = 10_000;
/** How often the log sums up what goes on. */
const SUMMARY_INTERVAL_MS = 60_000;

export interface InstanceOptions {
  /** For the log: `ravencoin main`. */
  readonly name: string;
  readonly network: Network;
  readonly payout: Omit<LoginPolicy, 'network'>;
  /** Follows the height in the coinbase. */
  readonly tag: Uint8Array;
  readonly stratum: { readonly host: string; readonly port: number; readonly vardiff: VardiffOptions };
  readonly summaryIntervalMs?: number;
}

export interface InstanceModules {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  readonly verifier: Verifier;
  readonly node: { readonly name: string; readonly rpc: NodeRpc & { close(): void } };
  /** A block that a miner of this instance found has had its outcome. */
  readonly onBlock?: (block: BlockOutcome) => void;
}

export interface BlockOutcome {
  readonly height: number;
  readonly blockHash: string;
  readonly workerName: string;
  readonly outcome: SubmitOutcome;
}

export interface InstanceStatus {
  readonly node: NodeStatus | undefined;
  readonly height: number | undefined;
  readonly miners: number;
  readonly hashesPerS: number;
  readonly counts: TallyCounts;
}

/**
 * One coin on one network: its node, its job book, its miners' port, and what happens between them. Every step of a
 * share's journey is called from here; ARCHITECTURE.md tells it in order.
 */
export class Instance {
  readonly #options: InstanceOptions;
  readonly #modules: InstanceModules;
  readonly #jobs: JobBook;
  readonly #prefixes: PrefixAllocator;
  readonly #templates: TemplateSource;
  readonly #submitter: Submitter;
  readonly #server: StratumServer;
  readonly #tally: Tally;
  #nodeStatus: NodeStatus | undefined;
  #summaryTimer: Timer | undefined;

  constructor(options: InstanceOptions, modules: InstanceModules) {
    this.#options = options;
    this.#modules = modules;
    const { clock, random, log, node } = modules;
    this.#jobs = new JobBook(options.tag);
    this.#prefixes = new PrefixAllocator(random);
    this.#tally = new Tally(clock.nowMs());
    this.#submitter = createSubmitter({}, { nodes: [node], clock, log });
    this.#templates = createTemplateSource(
      {
        onTemplate: (template, { newTip }) => this.#takeTemplate(template, newTip),
        onStatus: (status) => this.#takeStatus(status),
      },
      { rpc: node.rpc, clock, log, parseTemplate },
    );
    const desk = new LoginDesk({ network: options.network, ...options.payout });
    this.#server = new StratumServer(options.stratum, {
      clock,
      log,
      prefixes: this.#prefixes,
      jobs: this.#jobs,
      login: (userName) => desk.login(userName),
      onLogin: (session) => this.#welcome(session),
      onCandidate: (share, session) => this.#submitCandidate(share, session),
      judge: (share, sessionId, onLateWrongMix) => judgeShare(share, sessionId, modules, onLateWrongMix),
      onResult: (result, session) => this.#count(result, session),
    });
  }

  /**
   * Opens the miners' port at once, whether the node is ready or not: miners connect, and get work when there is some.
   * @returns the port
   * @throws KpssError KPSS_PORT_UNAVAILABLE
   */
  async start(): Promise<number> {
    const port = await this.#server.listen();
    const { host } = this.#options.stratum;
    this.#modules.log.info(
      { host, port },
      `${this.#options.name}: miners connect to stratum+tcp://${host}:${port}`,
    );
    this.#templates.start();
    this.#scheduleSummary();
    return port;
  }

  /** Takes no more work, lets blocks on their way arrive, closes the connections. May be called again. */
  async stop(): Promise<void> {
    const { clock, node } = this.#modules;
    this.#summaryTimer?.cancel();
    const templatesStopped = this.#templates.stop();
    await this.#server.close();
    await withinTime(this.#submitter.stop(), STOP_WITHIN_MS, clock);
    node.rpc.close();
    await templatesStopped;
  }

  status(): InstanceStatus {
    return {
      node: this.#nodeStatus,
      height: this.#jobs.template?.height,
      miners: this.#server.connectionCount,
      hashesPerS: this.#tally.hashesPerS(this.#modules.clock.nowMs()),
      counts: this.#tally.counts(),
    };
  }

  #takeTemplate(template: Template, newTip: boolean): void {
    this.#jobs.add(template);
    this.#prefixes.retire(this.#jobs.oldestLiveSequence);
    this.#server.announceJob();
    const { height } = template;
    if (newTip) {
      const difficulty = Number(targetToDifficulty(template.networkTarget).toPrecision(6));
      const fields = {
        height,
        difficulty,
        transactions: template.transactions.length,
        tip: template.previousBlockHash,
      };
      this.#modules.log.info(fields, `new tip, work for block ${height} at difficulty ${difficulty}`);
    }
    const { verifier } = this.#modules;
    void verifier.prepare(epochOf(height));
    void verifier.prepare(epochOf(height + PREPARE_BLOCKS_AHEAD));
  }

  #takeStatus(status: NodeStatus): void {
    this.#nodeStatus = status;
    const { log, node } = this.#modules;
    const fields = { node: node.name, state: status.state };
    if (status.state === 'ready' || status.state === 'connecting') log.info(fields, status.sentence);
    else log.warn(fields, status.sentence);
  }

  #welcome(session: Session): void {
    const { workerName: worker, agent } = session;
    this.#modules.log.info(
      { session: session.id, worker, agent },
      `miner ${worker} joined (${agent || 'no name'})`,
    );
  }

  /** In the tick in which the candidate was seen: the request to the node is written before anything else is done. */
  #submitCandidate(share: Share, session: Session): void {
    const { job } = share.issued;
    const { height } = job.template;
    const blockHash = blockHashOf(share);
    const submitted = this.#submitter.submit({
      blockHex: solvedBlockHex(job, share.nonce, share.claimedMixHash),
      blockHash,
      height,
      // The tip moving is no reason to give up yet: the block competes until the next one decides.
      stillUseful: () => this.#jobs.isLive(job),
    });
    const workerName = session.workerName ?? 'unnamed';
    this.#tally.blockFound();
    this.#modules.log.info(
      { height, blockHash, worker: workerName },
      `block ${height} found by ${workerName}, submitted`,
    );
    void submitted.then((outcome) => this.#settleBlock({ height, blockHash, workerName, outcome }));
  }

  #settleBlock(block: BlockOutcome): void {
    const { height, blockHash, workerName: worker, outcome } = block;
    const { log, onBlock } = this.#modules;
    const fields = {
      height,
      blockHash,
      worker,
      node: outcome.node,
      latencyMs: Math.round(outcome.latencyMs),
    };
    if (outcome.kind === 'accepted') {
      this.#tally.blockAccepted();
      log.info(fields, `BLOCK ${height} ACCEPTED by ${outcome.node}, found by ${worker}`);
      // The node's new tip is this block; the next poll would find out 125 ms later.
      this.#templates.noteTip(blockHash);
    } else {
      log.warn(
        { ...fields, reason: outcome.reason },
        `block ${height} not accepted: ${outcome.kind}, ${outcome.reason}`,
      );
    }
    onBlock?.(block);
  }

  #count(result: ShareResult, session: Session): void {
    const nowMs = this.#modules.clock.nowMs();
    const { workerName: worker, difficulty } = session;
    if (result.accepted) {
      this.#tally.accept(result.share.issued.work, result.verified, nowMs);
      this.#modules.log.debug({ worker, difficulty, verified: result.verified }, 'share accepted');
    } else {
      this.#tally.reject(result.reason);
      this.#modules.log.debug({ worker, reason: result.reason }, 'share rejected');
    }
  }

  #scheduleSummary(): void {
    const { clock, log } = this.#modules;
    this.#summaryTimer = clock.setTimer(this.#options.summaryIntervalMs ?? SUMMARY_INTERVAL_MS, () => {
      const miners = this.#server.connectionCount;
      if (miners > 0)
        log.info(
          { miners },
          `${miners === 1 ? '1 miner' : `${miners} miners`}, ${this.#tally.summary(clock.nowMs())}`,
        );
      this.#scheduleSummary();
    });
  }
}

async function withinTime(work: Promise<void>, timeMs: number, clock: Clock): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = clock.setTimer(timeMs, over.resolve);
  await Promise.race([work, over.promise]);
  timer.cancel();
}
