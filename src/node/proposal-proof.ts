import type { Payout } from '../chain/payout.ts';
import { type Job, solvedBlockHex } from '../mining/job.ts';
import type { Clock, Log, NodeRpc, Timer } from '../mining/ports.ts';
import type { Template } from '../mining/template.ts';
import {
  classifyProposal,
  classifyProposalFailure,
  explainRefusal,
  type ProposalVerdict,
} from './proposal-verdict.ts';
import { proposalRequest } from './template-request.ts';

/** The node that gave the template, and so the one to ask. */
export interface ProofNode {
  readonly name: string;
  readonly rpc: NodeRpc;
}

/** Whether the node would take a block that is found on the present work; for status and metrics. */
export interface ProofReport {
  /** `unknown`: not asked yet, or the last question was not answered. */
  readonly state: 'proved' | 'refused' | 'unknown';
  /** When that was learnt; undefined before the first answer. */
  readonly atMs: number | undefined;
  readonly node: string | undefined;
  /** Of the block that the answer is about. */
  readonly height: number | undefined;
  /** The node's, when refused; why there was no answer, when unknown. */
  readonly reason: string | undefined;
  /** When a node last said that work of ours is valid. */
  readonly lastProvedMs: number | undefined;
}

interface ProofModules {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * From a job to the question about it. What follows a new tip (jobs to all miners, the first shares, perhaps a block) has
 * ravend and this process to itself for as long.
 */
const DELAY_MS = 500;
/** From one answer to the next question: four a second are no burden where each takes ravend some milliseconds. */
const PACE_MS = 250;
/** ravend checks a full block within a second or two; a proof that hangs must not keep later ones waiting for long. */
const TIMEOUT_MS = 10_000;
/** Payouts that wait. At four a second it is a minute's worth; who is left out comes with the next template. */
const QUEUE_MAX = 256;
/** Payouts remembered of a tip: as many as a template makes jobs for. */
const ASKED_MAX = 65_536;
/** Beyond this the question itself costs: megabytes of hex to make, to send and to check, again and again. */
const LARGE_BYTES_MIN = 1_000_000;
/** A large block of the same tip is proved this often. */
const LARGE_EVERY_MS = 60_000;
/** A refusal that lasts is told again, in case the first line was missed. */
const ALARM_EVERY_MS = 600_000;
/** Reasons whose lines are counted; ravend knows some forty. */
const REASONS_MAX = 64;

interface Entry {
  readonly job: Job;
  readonly node: ProofNode;
  readonly notedMs: number;
}

const NOTHING_YET: ProofReport = {
  state: 'unknown',
  atMs: undefined,
  node: undefined,
  height: undefined,
  reason: 'no node was asked yet',
  lastProvedMs: undefined,
};

/**
 * Has jobs checked by the node before anybody finds a block on them: all but the proof of work, in the background, one at
 * a time. Of each template one job is asked about, and of each tip every payout once. A newer template takes the place of
 * what waits for an older one.
 */
export class ProposalProof {
  readonly #modules: ProofModules;
  /** One entry a payout, in the order of their jobs. */
  readonly #queue = new Map<Payout, Entry>();
  /** Payouts asked about on the present tip. */
  readonly #asked = new Set<Payout>();
  /** Reason to the time of its last line in the log. */
  readonly #alarms = new Map<string, number>();
  #template: Template | undefined;
  /** A job of the present template waits or was asked about. */
  #templateNoted = false;
  #timer: Timer | undefined;
  #underWay: Promise<void> | undefined;
  #lastEndMs = Number.NEGATIVE_INFINITY;
  #large = { tip: '', atMs: Number.NEGATIVE_INFINITY };
  #refusal: { readonly payout: Payout; readonly atMs: number } | undefined;
  #report = NOTHING_YET;
  #stopped = false;

  constructor(modules: ProofModules) {
    this.#modules = modules;
  }

  /** A job is about to go out. Only notes it. */
  note(job: Job, node: ProofNode): void {
    if (this.#stopped) return;
    const { template, payout } = job;
    if (template !== this.#template) this.#turnTo(template);
    if (this.#templateNoted && this.#asked.has(payout)) return;
    if (!this.#queue.has(payout) && this.#queue.size >= QUEUE_MAX) return;
    this.#templateNoted = true;
    this.#queue.set(payout, { job, node, notedMs: this.#modules.clock.nowMs() });
    this.#schedule();
  }

  report(): ProofReport {
    return this.#report;
  }

  /** No call comes after it. Resolves when none is under way; closing the client hastens that. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#underWay;
  }

  #turnTo(template: Template): void {
    if (template.previousBlockHash !== this.#template?.previousBlockHash) this.#asked.clear();
    this.#template = template;
    this.#templateNoted = false;
    this.#queue.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    const [next] = this.#queue.values();
    if (next === undefined || this.#stopped || this.#timer || this.#underWay) return;
    const { clock } = this.#modules;
    const dueMs = Math.max(next.notedMs + DELAY_MS, this.#lastEndMs + PACE_MS);
    this.#timer = clock.setTimer(dueMs - clock.nowMs(), () => {
      this.#timer = undefined;
      this.#askNext();
    });
  }

  #askNext(): void {
    const [next] = this.#queue.entries();
    if (next === undefined) return;
    const [payout, entry] = next;
    this.#queue.delete(payout);
    if (this.#asked.size >= ASKED_MAX || this.#isLargeAgain(entry.job.template)) {
      this.#schedule();
      return;
    }
    this.#asked.add(payout);
    this.#underWay = this.#ask(entry).then((verdict) => {
      this.#underWay = undefined;
      this.#lastEndMs = this.#modules.clock.nowMs();
      if (verdict.kind === 'no-answer') this.#asked.delete(payout);
      if (!this.#stopped) this.#take(verdict, entry);
      this.#schedule();
    });
  }

  /** Never rejects. */
  async #ask({ job, node }: Entry): Promise<ProposalVerdict> {
    try {
      const data = solvedBlockHex(job, 0n, new Uint8Array(32));
      return classifyProposal(
        await node.rpc.call('getblocktemplate', [proposalRequest(data)], { timeoutMs: TIMEOUT_MS }),
      );
    } catch (error) {
      return classifyProposalFailure(error);
    }
  }

  #isLargeAgain({ transactionsHex, previousBlockHash: tip }: Template): boolean {
    const bytes = transactionsHex.length / 2;
    if (bytes < LARGE_BYTES_MIN) return false;
    const nowMs = this.#modules.clock.nowMs();
    if (tip === this.#large.tip && nowMs - this.#large.atMs < LARGE_EVERY_MS) return true;
    this.#large = { tip, atMs: nowMs };
    return false;
  }

  #take(verdict: ProposalVerdict, { job, node }: Entry): void {
    const { clock, log } = this.#modules;
    const { height } = job.template;
    const fields = { node: node.name, height, ...verdict };
    const learnt = {
      atMs: Math.round(clock.nowMs()),
      node: node.name,
      height,
      lastProvedMs: this.#report.lastProvedMs,
    };
    switch (verdict.kind) {
      case 'proved':
        this.#takeProof({ ...learnt, lastProvedMs: learnt.atMs }, job);
        return;
      case 'refused':
        this.#refusal = { payout: job.payout, atMs: learnt.atMs };
        this.#report = { ...learnt, state: 'refused', reason: verdict.reason };
        this.#alarm(verdict.reason, learnt);
        return;
      case 'outdated':
        log.debug(fields, 'the tip moved before the node had checked the work');
        return;
      case 'no-answer':
        if (!this.#refusalStands(job)) {
          this.#report = { ...learnt, state: 'unknown', reason: verdict.reason };
        }
        log.debug(fields, 'the node could not be asked whether the work is valid');
    }
  }

  #takeProof(learnt: Omit<ProofReport, 'state' | 'reason'>, job: Job): void {
    const { log } = this.#modules;
    const { node, height, lastProvedMs } = learnt;
    if (this.#refusalStands(job)) {
      this.#report = { ...this.#report, lastProvedMs };
      return;
    }
    const isFirst = this.#report.lastProvedMs === undefined;
    const text = `${node} finds the work valid${this.#refusal ? ' again' : ''}: a block found on it would be taken`;
    log[isFirst || this.#refusal ? 'info' : 'debug']({ node, height }, text);
    this.#refusal = undefined;
    this.#alarms.clear();
    this.#report = { ...learnt, state: 'proved', reason: undefined };
  }

  /** Another payout's work was refused a short while ago: that this one's is valid does not mend it. */
  #refusalStands({ payout }: Job): boolean {
    if (this.#refusal === undefined || this.#refusal.payout === payout) return false;
    return this.#modules.clock.nowMs() - this.#refusal.atMs < ALARM_EVERY_MS;
  }

  #alarm(
    reason: string,
    { node, height, atMs }: Pick<ProofReport, 'node' | 'height'> & { atMs: number },
  ): void {
    const lastMs = this.#alarms.get(reason) ?? Number.NEGATIVE_INFINITY;
    if (atMs - lastMs < ALARM_EVERY_MS) return;
    if (this.#alarms.size >= REASONS_MAX) this.#alarms.clear();
    this.#alarms.set(reason, atMs);
    const text = `${node} refuses the work: a block found on it would be lost. It says ${explainRefusal(reason)}`;
    this.#modules.log.error({ node, height, reason }, text);
  }
}
