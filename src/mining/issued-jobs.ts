import type { Job } from './job.ts';
import { shareTargetAt } from './share-target.ts';

/** A job as one connection got it: with its own id, and the target that its shares will be judged by, come what may. */
export interface IssuedJob {
  /** Lower-case hex, never used twice on a connection. */
  readonly id: string;
  readonly job: Job;
  /** 32 bytes, big-endian. */
  readonly shareTarget: Uint8Array;
  /** What the share target stands for; for vardiff and display. */
  readonly difficulty: number;
  /** Hashes that a share of this job stands for on average. */
  readonly work: number;
  /** Nonces that passed. One set for each header, even where it was issued twice. */
  readonly seenNonces: NonceSet;
}

/** An empty Set takes 200 bytes, and most jobs of most miners never see a share: it is made for the first nonce. */
class NonceSet {
  #nonces: Set<bigint> | undefined;

  get size(): number {
    return this.#nonces?.size ?? 0;
  }

  has(nonce: bigint): boolean {
    return this.#nonces?.has(nonce) ?? false;
  }

  add(nonce: bigint): void {
    this.#nonces ??= new Set();
    this.#nonces.add(nonce);
  }
}

/**
 * Issued jobs that a connection may still submit for. Ten templates are live at a time, and vardiff adds a variant to
 * one of them now and then; whoever submits for an older one than the newest 32 is told that it is unknown.
 */
const ISSUED_MAX = 32;

/** Ids count up from here, so that all have the five to eight digits that suit every miner. */
const FIRST_ID = 0x10000;

/** The jobs of one connection, and which ids they went out under. */
export class IssuedJobs {
  readonly #jobs = new Map<string, IssuedJob>();
  #nextId = FIRST_ID;
  #newest: IssuedJob | undefined;

  get newest(): IssuedJob | undefined {
    return this.#newest;
  }

  get size(): number {
    return this.#jobs.size;
  }

  find(id: string): IssuedJob | undefined {
    return this.#jobs.get(id.toLowerCase());
  }

  /**
   * Gives a job an id and freezes the target of its shares.
   * @param difficulty wanted; where it is above the network's, the network target is taken: whatever solves the block
   *   is a share
   * @param isLive tells of earlier jobs whether they are kept
   */
  issue(job: Job, difficulty: number, isLive: (job: Job) => boolean): IssuedJob {
    let seenNonces: NonceSet | undefined;
    for (const [id, issued] of this.#jobs) {
      if (this.#jobs.size >= ISSUED_MAX || !isLive(issued.job)) this.#jobs.delete(id);
      else if (issued.job === job) seenNonces = issued.seenNonces;
    }
    const { target, difficulty: issuedAt, work } = shareTargetAt(difficulty, job.template.networkTarget);
    const issued: IssuedJob = {
      id: this.#nextId.toString(16),
      job,
      shareTarget: target,
      difficulty: issuedAt,
      work,
      seenNonces: seenNonces ?? new NonceSet(),
    };
    this.#nextId += 1;
    this.#jobs.set(issued.id, issued);
    this.#newest = issued;
    return issued;
  }
}
