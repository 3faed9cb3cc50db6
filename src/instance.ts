import { isDeepStrictEqual } from 'node:util';
import { BlockLedger, type BlockOutcome } from './block-ledger.ts';
import type { Network } from './chain/coins.ts';
import { targetToDifficulty } from './chain/target.ts';
import type { ThrottleConfig, TipsConfig } from './config/types.ts';
import { FoundBlocks } from './found-blocks.ts';
import { EventTeller } from './instance-events.ts';
import type { InstanceModules } from './instance-modules.ts';
import { type InstanceNode, InstanceNodes } from './instance-nodes.ts';
import type { InstanceStatus } from './instance-status.ts';
import { EXPERIMENTAL_PROOFS_OF_WORK, type KawPow } from './kawpow/params.ts';
import { MinerLogins } from './miner-logins.ts';
import { portFields, portLine } from './miners-ports.ts';
import { PrefixAllocator } from './mining/extranonce.ts';
import type { Job } from './mining/job.ts';
import { JobBook } from './mining/job-book.ts';
import { judgeShare } from './mining/judge.ts';
import type { LoginPolicy, LoginRules } from './mining/login.ts';
import { neededEpochs } from './mining/needed-epochs.ts';
import type { Timer } from './mining/ports.ts';
import { Tally } from './mining/tally.ts';
import type { Template } from './mining/template.ts';
import { ProposalProof } from './node/proposal-proof.ts';
import { createSubmitter, type Submitter } from './node/submitter.ts';
import type { SignalName } from './node/tip-signal.ts';
import type { JournaledBlock } from './store/journal-records.ts';
import { BanList } from './stratum/bans.ts';
import { type MinersServer, StratumServer, type StratumServerOptions } from './stratum/server.ts';
import type { Session } from './stratum/session.ts';
import type { ShareResult } from './stratum/share-desk.ts';
import { ThrottledBlocks } from './throttled-blocks.ts';

/** How often the log sums up what goes on. */
const SUMMARY_INTERVAL_MS = 60_000;
export interface InstanceOptions {
  /** For the log: `ravencoin-main`. */
  readonly name: string;
  readonly network: Network;
  /** The network's, but that a devnet may have shorter epochs. */
  readonly pow: KawPow;
  readonly payout: Pick<LoginPolicy, 'mainScript' | 'recipients'>;
  /** Everybody may mine when left out. */
  readonly login?: LoginRules;
  /** Follows the height in the coinbase. */
  readonly tag: Uint8Array;
  readonly stratum: StratumServerOptions;
  /** The node set's own when left out. */
  readonly tips?: TipsConfig;
  readonly summaryIntervalMs?: number;
  /** None when left out. */
  readonly throttle?: ThrottleConfig;
}

/**
 * One coin on one network: its nodes, its job book, its miners' port, and what happens between them. Every step of a
 * share's journey is called from here; ARCHITECTURE.md tells it in order.
 */
export class Instance {
  #options: InstanceOptions;
  readonly #modules: InstanceModules;
  readonly #jobs: JobBook;
  readonly #logins: MinerLogins;
  readonly #proof: ProposalProof;
  readonly #prefixes: PrefixAllocator;
  readonly #nodes: InstanceNodes;
  readonly #submitter: Submitter;
  readonly #ledger: BlockLedger;
  readonly #blocks: FoundBlocks;
  readonly #throttled: ThrottledBlocks;
  readonly #server: MinersServer;
  readonly #tally: Tally;
  readonly #events: EventTeller;
  #templateAtMs: number | undefined;
  #summaryTimer: Timer | undefined;

  constructor(options: InstanceOptions, modules: InstanceModules) {
    this.#options = options;
    this.#modules = modules;
    const { clock, random, log } = modules;
    const { network, pow, tips } = options;
    this.#events = new EventTeller(options.name, modules.onEvent);
    this.#proof = new ProposalProof({ clock, log });
    this.#jobs = new JobBook(options.tag, (job) => this.#prove(job));
    this.#prefixes = new PrefixAllocator(random);
    this.#tally = new Tally(clock.nowMs());
    this.#nodes = new InstanceNodes(
      { network, pow, tips },
      {
        ...{ clock, log, nodes: modules.nodes },
        onTemplate: (template, newTip) => this.#takeTemplate(template, newTip),
      },
    );
    const nodes = this.#nodes.list;
    this.#submitter = createSubmitter(
      {
        onVerdict: (verdict) => this.#ledger.hear(verdict),
        isLeftAside: (node) => this.#nodes.isLeftAside(node),
      },
      { nodes, clock, log },
    );
    this.#ledger = this.#createLedger();
    this.#blocks = new FoundBlocks({
      ledger: this.#ledger,
      submitter: this.#submitter,
      jobs: this.#jobs,
      tally: this.#tally,
      clock,
      log,
      nodes,
      broadcast: (blockHex) => this.#nodes.sendBlock(blockHex),
      onSettled: (block) => this.#settleBlock(block),
    });
    this.#throttled = new ThrottledBlocks(options.throttle, {
      jobs: this.#jobs,
      clock,
      log,
      submit: (share, workerName) => this.#blocks.submit(share, workerName),
      wait: (share, workerName) => this.#blocks.wait(share, workerName),
    });
    this.#logins = new MinerLogins(
      { network, ...options.payout, ...options.login },
      { ...modules, instance: options.name },
    );
    this.#server = this.#createServer();
  }

  /**
   * Opens the miners' ports at once, whether the node is ready or not: miners connect, and get work when there is some.
   * @returns the ports, in order
   * @throws KpssError KPSS_PORT_UNAVAILABLE, KPSS_TLS_CERTIFICATE
   */
  async start(): Promise<number[]> {
    const ports = await this.#server.listen();
    this.#warnIfExperimental();
    // Not before the ports are ours: another KPSS that has it would write to the same journal.
    this.#blocks.recover();
    this.#seedThrottle();
    this.#nodes.start();
    this.#scheduleSummary();
    return ports;
  }

  /** Takes no more work, lets blocks on their way arrive, closes the connections. May be called again. */
  async stop(): Promise<void> {
    this.#summaryTimer?.cancel();
    const nodesStopped = this.#nodes.stop();
    await this.#server.close();
    this.#throttled.stop();
    await this.#blocks.finish();
    const submitterStopped = this.#submitter.stop();
    const proofStopped = this.#proof.stop();
    this.#nodes.closeClients();
    await Promise.all([nodesStopped, submitterStopped, proofStopped]);
    await this.#ledger.close();
    this.#modules.verifier.keep(this.#options.name, []);
  }

  /**
   * Other settings while miners are connected: those of ports that stay notice no more than a new job. Name, network and
   * proof of work stay as they are.
   * @param nodes at least one; one that stays is the same object as before
   * @throws KpssError KPSS_PORT_UNAVAILABLE when a new port cannot be opened; all else is done, and a later call tries again
   */
  async reconfigure(options: InstanceOptions, nodes: readonly InstanceNode[]): Promise<void> {
    const before = this.#options;
    this.#options = options;
    this.#jobs.useTag(options.tag);
    if (!isDeepStrictEqual(before.throttle, options.throttle)) this.#throttled.useRules(options.throttle);
    const isPayoutNew = !isDeepStrictEqual(before.payout, options.payout);
    if (isPayoutNew || !isDeepStrictEqual(before.login, options.login)) {
      this.#logins.usePolicy({ network: options.network, ...options.payout, ...options.login });
    }
    if (isPayoutNew) {
      this.#server.usePayout((userName) => this.#logins.payoutFor(userName));
      this.#proveWithoutMiners();
    }
    const areSame =
      nodes.length === this.#nodes.list.length && nodes.every((node, i) => node === this.#nodes.list[i]);
    const isTipsNew = !isDeepStrictEqual(before.tips, options.tips);
    if (!areSame || isTipsNew) this.#nodes.replace(nodes, options.tips);
    // The one that has a block and does not answer may be why they were replaced.
    this.#submitter.handToNewNodes();
    await this.#server.apply(options.stratum);
  }

  /** Closes the ports that are not among these, so that others may have them; `reconfigure` then does the rest. */
  release(stratum: StratumServerOptions): void {
    this.#server.release(stratum);
  }

  /**
   * A signal heard of a block that may be a new tip; see NodeSet.
   * @param hashHex display order
   */
  noteTip(hashHex: string, about: { readonly signal: SignalName; readonly node?: string }): void {
    this.#nodes.noteTip(hashHex, about);
  }

  status(): InstanceStatus {
    return {
      node: this.#nodes.status,
      nodes: this.#nodes.reports(),
      signals: this.#nodes.signalScores(),
      signalReports: this.#nodes.signalReports(),
      height: this.#jobs.template?.height,
      template: this.#jobs.template,
      templateAtMs: this.#templateAtMs,
      miners: this.#server.minerCount,
      minerReports: this.#server.miners(),
      prefixesFree: this.#prefixes.free,
      door: this.#server.doorReport?.(),
      hashesPerS: this.#tally.hashesPerS(this.#modules.clock.nowMs()),
      counts: this.#tally.counts(),
      blocks: this.#ledger.reports(),
      journal: this.#ledger.journalReport(),
      proof: this.#proof.report(),
      throttle: this.#throttled.status(),
    };
  }

  /**
   * Has new connections get the certificates that are on the disk now.
   * @throws KpssError KPSS_TLS_CERTIFICATE; ports whose certificate cannot be used keep the one they have
   */
  async readCertificates(): Promise<void> {
    await this.#server.readCertificates?.();
  }

  /** See InstanceNodes. */
  isAsking(): boolean {
    return this.#nodes.isAsking(this.#modules.clock.nowMs());
  }

  /** Has a template asked for now. */
  refresh(): void {
    this.#nodes.refresh();
  }

  #createLedger(): BlockLedger {
    const { clock, log, journal } = this.#modules;
    return new BlockLedger(this.#options.network, {
      tally: this.#tally,
      clock,
      log,
      nodes: this.#nodes.list,
      journal,
      healthyNode: () => this.#nodes.source?.rpc,
      isOfOurChain: (name: string) => this.#nodes.isOfOurChain(name),
    });
  }

  #createServer(): MinersServer {
    const { clock, log, verifier, bans, readTls, createServer } = this.#modules;
    const serve = createServer ?? ((...given) => new StratumServer(...given));
    return serve(this.#options.stratum, {
      clock,
      log,
      prefixes: this.#prefixes,
      jobs: this.#jobs,
      login: (userName, password, from) => this.#logins.login(userName, password, from),
      bans: bans ?? new BanList({}, { clock }),
      readTls,
      onOpened: (opened) => {
        log.info(portFields(opened), portLine(opened));
        this.#events.listening(opened.options.host, opened.port);
      },
      onLogin: (session) => this.#events.miner('joined', session),
      onCandidate: (share, session) => this.#throttled.offer(share, session.workerName ?? 'unnamed'),
      onWaitingCandidate: (share, session) => this.#throttled.wait(share, session.workerName ?? 'unnamed'),
      judge: (share, sessionId, onLateVerdict) =>
        judgeShare(share, this.#verifierSession(sessionId), this.#modules, onLateVerdict),
      onResult: (result, session) => this.#count(result, session),
      onEnd: (session) => {
        verifier.endSession(this.#verifierSession(session.id));
        this.#events.miner('left', session);
      },
    });
  }

  /** Instances share the verifier, and sessions have numbers of their own in each. */
  #verifierSession(sessionId: string): string {
    return `${this.#options.name}/${sessionId}`;
  }

  #takeTemplate(template: Template, newTip: boolean): void {
    this.#jobs.add(template);
    this.#templateAtMs = this.#modules.clock.nowMs();
    this.#prefixes.retire(this.#jobs.oldestLiveSequence);
    this.#server.announceJob();
    this.#proveWithoutMiners();
    this.#throttled.takeTemplate();
    this.#events.template(template, newTip);
    const { height, previousBlockHash: tip, transactions, pow } = template;
    if (newTip) {
      this.#ledger.noteTip();
      const difficulty = Number(targetToDifficulty(template.networkTarget).toPrecision(6));
      const fields = { height, difficulty, transactions: transactions.length, tip };
      this.#modules.log.info(fields, `new tip, work for block ${height} at difficulty ${difficulty}`);
    }
    this.#modules.verifier.keep(this.#options.name, neededEpochs(height, pow));
  }

  /** By the node whose template it is. */
  #prove(job: Job): void {
    const source = this.#nodes.source ?? this.#nodes.list[0];
    if (source !== undefined) this.#proof.note(job, source);
  }

  /** So that its owner learns that a block would be refused before the first miner works on one. */
  #proveWithoutMiners(): void {
    const { fixedPayout } = this.#logins;
    if (fixedPayout !== undefined) this.#jobs.current(fixedPayout);
  }

  /** Blocks of an earlier run use up the throttle's rate. Those without an answer count when they get theirs. */
  #seedThrottle(): void {
    const takeUp = (blocks: readonly JournaledBlock[]): void => {
      const accepted = blocks.filter(({ outcome }) => outcome?.outcome === 'accepted');
      this.#throttled.seed(accepted.map(({ found }) => found.atMs));
    };
    // That the journal cannot be read is told where its blocks are taken up.
    this.#ledger.open()?.then(takeUp, () => undefined);
  }

  #warnIfExperimental(): void {
    const { coin, proofOfWork } = this.#options.network;
    if (!EXPERIMENTAL_PROOFS_OF_WORK.includes(proofOfWork)) return;
    this.#modules.log.warn(
      { coin, proofOfWork },
      `mining ${coin} is experimental: its proof of work is held against known hashes only, and no block of it was ` +
        'mined with KPSS yet; watch whether the first one is accepted',
    );
  }

  #settleBlock(block: BlockOutcome): void {
    const isAccepted = block.outcome.kind === 'accepted';
    // The node's new tip is this block; the next poll would find out 125 ms later.
    const asks = this.#options.tips?.askAfterFound ?? true;
    if (asks && isAccepted) this.#nodes.noteFound(block.blockHash);
    this.#throttled.settled(block.blockHash, isAccepted);
    this.#events.block(block);
    try {
      this.#modules.onBlock?.(block);
    } catch (error) {
      this.#modules.log.error({ err: error }, 'a handler of found blocks failed');
    }
  }

  #count(result: ShareResult, session: Session): void {
    const nowMs = this.#modules.clock.nowMs();
    const { log } = this.#modules;
    const { workerName: worker, difficulty } = session;
    this.#events.share(result, session);
    if (result.kind === 'accepted') {
      if (result.verified && result.share.isCandidate) this.#blocks.proven(result.share);
      this.#tally.accept(result.share.issued.work, result.verified, nowMs);
      log.debug({ worker, difficulty, verified: result.verified }, 'share accepted');
      return;
    }
    const { reason, share, kind } = result;
    const isForged = reason === 'wrong-mix' || reason === 'broken-trust';
    if (isForged && share !== undefined) {
      this.#throttled.markForged(share);
      this.#blocks.markForged(share);
    }
    if (kind === 'revoked') this.#tally.revoke(reason, result.share.issued.work, nowMs);
    // A forged one was counted as stale already.
    else if (kind === 'rejected') this.#tally.reject(reason);
    log.debug({ worker, reason }, `share ${kind}`);
  }

  #scheduleSummary(): void {
    const { clock, log } = this.#modules;
    this.#summaryTimer = clock.setTimer(this.#options.summaryIntervalMs ?? SUMMARY_INTERVAL_MS, () => {
      const miners = this.#server.minerCount;
      const who = miners === 1 ? '1 miner' : `${miners} miners`;
      if (miners > 0) log.info({ miners }, `${who}, ${this.#tally.summary(clock.nowMs())}`);
      this.#scheduleSummary();
    });
  }
}
