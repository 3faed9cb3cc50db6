import { difficultyToTarget, expectedHashes, meetsTarget, targetToDifficulty } from '../chain/target.ts';
import type { Job } from './job.ts';

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
  readonly seenNonces: Set<bigint>;
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
    for (const [id, issued] of this.#jobs) {
      if (this.#jobs.size < ISSUED_MAX && isLive(issued.job)) continue;
      this.#jobs.delete(id);
    }
    const sameHeader = [...this.#jobs.values()].find((issued) => issued.job === job);
    const wanted = difficultyToTarget(difficulty);
    const { networkTarget } = job.template;
    const tooHard = meetsTarget(wanted, networkTarget);
    const shareTarget = tooHard ? networkTarget : wanted;
    const issued: IssuedJob = {
      id: this.#nextId.toString(16),
      job,
      shareTarget,
      difficulty: tooHard ? targetToDifficulty(networkTarget) : difficulty,
      work: expectedHashes(shareTarget),
      seenNonces: sameHeader?.seenNonces ?? new Set(),
    };
    this.#nextId += 1;
    this.#jobs.set(issued.id, issued);
    this.#newest = issued;
    return issued;
  }
}
