import { bytesToHex } from '../chain/bytes.ts';
import { merkleBranch } from '../chain/merkle.ts';
import type { Payout } from '../chain/payout.ts';
import { epochOf, seedHashOf } from '../kawpow/epoch.ts';
import { createJob, type Job } from './job.ts';
import type { Template } from './template.ts';

/**
 * Templates whose jobs are still taken. At one refresh in 30 s a share may be five minutes old, far longer than any
 * miner works on a job that was replaced.
 */
const LIVE_TEMPLATES_MAX = 10;

/**
 * Payouts whose jobs one template keeps at the most: as many as there are connections where nobody sets another limit. In
 * address-per-miner mode each login may bring a new one, and whoever logs in and goes leaves a job of some 5 KiB behind.
 */
const PAYOUTS_MAX = 20_000;

interface Edition {
  readonly template: Template;
  readonly branch: readonly Uint8Array[];
  readonly seedHashHex: string;
  readonly firstSequence: number;
  /** Jobs handed to everyone with that payout, as long as the template is the newest; later whoever works on one has it. */
  readonly jobs: Map<Payout, Job>;
  /** Of those jobs; no other template of this tip has it, so that even the same template twice makes another header. */
  readonly commonVariant: number;
  /** The highest in use. */
  lastVariant: number;
}

/**
 * All jobs that shares may still come in for. One job per template and payout, made when first asked for; a payout is
 * known by its object, so callers keep one object per payout.
 */
export class JobBook {
  #tag: Uint8Array;
  readonly #onJob: ((job: Job) => void) | undefined;
  /** Newest last; they build on the present tip, the first ones perhaps on the tip before. */
  #editions: Edition[] = [];
  /** The tip before the present one. */
  #tipBefore: string | undefined;
  #nextSequence = 1;
  #seed = { epoch: -1, hashHex: '' };

  /**
   * @param tag bytes for the coinbase, at most TAG_BYTES_MAX
   * @param onJob told of each new kind of job: a template with a payout. Variants differ in four bytes of the coinbase
   *   and are no news. Called before the job goes out, so it must be quick.
   */
  constructor(tag: Uint8Array, onJob?: (job: Job) => void) {
    this.#tag = tag;
    this.#onJob = onJob;
  }

  /** For the jobs that are made from now on. @param tag see the constructor */
  useTag(tag: Uint8Array): void {
    this.#tag = tag;
  }

  /** The newest template, or undefined before the first. */
  get template(): Template | undefined {
    return this.#editions.at(-1)?.template;
  }

  /** Block hash that current jobs build on, display hex. */
  get tip(): string | undefined {
    return this.template?.previousBlockHash;
  }

  /** Jobs with a lower sequence are no longer taken. */
  get oldestLiveSequence(): number {
    return this.#editions[0]?.firstSequence ?? this.#nextSequence;
  }

  /**
   * Takes a new template: its jobs replace the current ones.
   * @returns whether the tip changed
   */
  add(template: Template): { readonly newTip: boolean } {
    const newTip = template.previousBlockHash !== this.tip;
    if (newTip) this.#tipBefore = this.tip;
    // Work on the tip before stays, so that its late shares are told stale and its late blocks are still submitted;
    // so does work on a tip that a reorganisation brings back.
    const keptTips = [this.#tipBefore, template.previousBlockHash];
    const kept = this.#editions.filter((known) => keptTips.includes(known.template.previousBlockHash));
    const branch = merkleBranch(template.transactions.map((transaction) => transaction.txidInternal));
    const seedHashHex = this.#seedHashHexOf(template);
    const sameTip = kept.filter((known) => known.template.previousBlockHash === template.previousBlockHash);
    const commonVariant = Math.max(-1, ...sameTip.map((known) => known.lastVariant)) + 1;
    const edition = {
      template,
      branch,
      seedHashHex,
      firstSequence: this.#nextSequence,
      jobs: new Map(),
      commonVariant,
      lastVariant: commonVariant,
    };
    this.#editions.at(-1)?.jobs.clear();
    this.#editions = [...kept, edition].slice(-LIVE_TEMPLATES_MAX);
    return { newTip };
  }

  /**
   * The current job for a payout, the same for all who ask; beyond 20,000 payouts each gets one of its own.
   * @returns undefined before the first template
   */
  current(payout: Payout): Job | undefined {
    const edition = this.#editions.at(-1);
    if (edition === undefined) return undefined;
    const known = edition.jobs.get(payout);
    if (known !== undefined) return known;
    // A stranger's logins must not leave a miner without work.
    if (edition.jobs.size >= PAYOUTS_MAX) return this.variant(payout);
    const job = this.#create(edition, payout, edition.commonVariant);
    edition.jobs.set(payout, job);
    this.#onJob?.(job);
    return job;
  }

  /** A job on the current template whose header nobody has had: for a session that needs a new one between templates. */
  variant(payout: Payout): Job | undefined {
    const edition = this.#editions.at(-1);
    if (edition === undefined) return undefined;
    edition.lastVariant += 1;
    return this.#create(edition, payout, edition.lastVariant);
  }

  /** Its tip is no longer the present one. */
  isStale(job: Job): boolean {
    return job.template.previousBlockHash !== this.tip;
  }

  /** Shares for it are still looked at, be it to call them stale. */
  isLive(job: Job): boolean {
    return job.sequence >= this.oldestLiveSequence;
  }

  /** Some hundred Keccaks, the same for 7,500 blocks. */
  #seedHashHexOf({ height, pow }: Template): string {
    const epoch = epochOf(height, pow);
    if (this.#seed.epoch !== epoch) this.#seed = { epoch, hashHex: bytesToHex(seedHashOf(epoch)) };
    return this.#seed.hashHex;
  }

  #create(edition: Edition, payout: Payout, variant: number): Job {
    const sequence = this.#nextSequence;
    this.#nextSequence += 1;
    const { template, branch, seedHashHex } = edition;
    return createJob({ sequence, template, branch, seedHashHex, payout, tag: this.#tag, variant });
  }
}
