import { bytesToHex } from './chain/bytes.ts';
import { targetToDifficulty } from './chain/target.ts';
import type { JobBook } from './mining/job-book.ts';
import type { Clock, Log, Timer } from './mining/ports.ts';
import type { Share } from './mining/share.ts';
import {
  isThrottling,
  type ThrottleDecision,
  type ThrottleRules,
  throttleDecision,
  throttleMemoryMs,
} from './mining/throttle.ts';
import { throttleText } from './throttle-text.ts';

/** A testnet at difficulty 1e-8 has many candidates a second: one line in this time tells of all. */
const LINE_EVERY_MS = 60_000;
/** The longest single wait, since a timer of Node.js ends at 24 days. */
const WAIT_MAX_MS = 86_400_000;
/** Blocks remembered; more than any rate that is worth a throttle lets through in an hour. */
const REMEMBERED_MAX = 4_096;
const HOUR_MS = 3_600_000;

const NO_RULES: ThrottleRules = {
  blocksPerHour: undefined,
  minBlockIntervalMs: undefined,
  pauseAboveDifficulty: undefined,
};

/** How the throttle stands, for status and metrics. */
export interface ThrottleStatus {
  /** `throttled until 14:32:05: 12 blocks an hour; 3 candidates held`; undefined while a block would go out at once. */
  readonly sentence: string | undefined;
  readonly why: 'blocks-per-hour' | 'min-interval' | 'difficulty' | undefined;
  /** Milliseconds since 1970; undefined where open, or where it depends on the network's difficulty. */
  readonly untilMs: number | undefined;
  /** Candidates for the present tip: the first of them waits, the others are counted. */
  readonly held: number;
  /** Since the start: candidates that did not go out at once, and those of them that never did. */
  readonly heldTotal: number;
  readonly droppedTotal: number;
  /** Blocks of ours within the last 60 minutes: accepted, or still open. */
  readonly blocksLastHour: number;
}

interface ThrottledBlocksModules {
  readonly jobs: Pick<JobBook, 'template' | 'isStale' | 'tip'>;
  readonly clock: Clock;
  readonly log: Log;
  /** FoundBlocks.submit. */
  readonly submit: (share: Share, workerName: string) => void;
  /** FoundBlocks.wait. */
  readonly wait: (share: Share, workerName: string) => void;
}

interface Held {
  readonly share: Share;
  readonly workerName: string;
  readonly sinceMs: number;
}

interface HandedIn {
  readonly atMs: number;
  /** Undefined for those of before the start. */
  readonly blockHash: string | undefined;
}

/**
 * Stands between miners and FoundBlocks: what the throttle allows goes on in the same tick. Of the rest, the first
 * candidate for the present tip waits until it is allowed and goes out then, if it still builds on the tip; the others are
 * counted. Only blocks that were accepted, or may still be, use up the rate.
 */
export class ThrottledBlocks {
  #rules: ThrottleRules;
  #isSet: boolean;
  readonly #modules: ThrottledBlocksModules;
  /** Oldest first. */
  #handedIn: HandedIn[] = [];
  #held: Held | undefined;
  /** Candidates for #heldTip that did not go out. */
  #heldCount = 0;
  #heldTip: string | undefined;
  #heldTotal = 0;
  #droppedTotal = 0;
  #droppedTold = 0;
  #lineMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  /** @param rules undefined for none: every block goes out at once */
  constructor(rules: ThrottleRules = NO_RULES, modules: ThrottledBlocksModules) {
    this.#rules = rules;
    this.#isSet = isThrottling(rules);
    this.#modules = modules;
  }

  /** Other rules from now on; what is held goes out if they allow it. @param rules undefined for none */
  useRules(rules: ThrottleRules = NO_RULES): void {
    this.#rules = rules;
    this.#isSet = isThrottling(rules);
    this.#review();
  }

  /** Blocks of ours from before the start, by when they were handed in; those of the last hour matter. */
  seed(timesMs: readonly number[]): void {
    const nowMs = this.#modules.clock.nowMs();
    // The machine's clock may have been set back since.
    for (const timeMs of timesMs) this.#remember({ atMs: Math.min(timeMs, nowMs), blockHash: undefined });
  }

  /** A candidate was seen: it goes out before this returns, or is held. */
  offer(share: Share, workerName: string): void {
    if (!this.#isSet) {
      this.#modules.submit(share, workerName);
      return;
    }
    const decision = this.#decide();
    if (decision.isOpen) this.#submit(share, workerName);
    else this.#hold(share, workerName, decision);
  }

  /**
   * A candidate will be offered later, if ever. FoundBlocks would write it down at the end and send it at the next start,
   * past the throttle: so it hears of it only where there is none.
   */
  wait(share: Share, workerName: string): void {
    if (!this.#isSet) this.#modules.wait(share, workerName);
  }

  /** The newest template changed: another tip drops what is held, another difficulty may let it go. */
  takeTemplate(): void {
    const { jobs } = this.#modules;
    if (this.#heldTip !== jobs.tip) {
      this.#dropHeld();
      this.#heldTip = jobs.tip;
    }
    this.#review();
  }

  /** What became of a block that was handed in: one that was not accepted gives its place back. */
  settled(blockHash: string, isAccepted: boolean): void {
    if (!this.#isSet) return;
    const known = this.#handedIn.some((block) => block.blockHash === blockHash);
    if (isAccepted && !known) this.#remember({ atMs: this.#modules.clock.nowMs(), blockHash });
    if (isAccepted || !known) return;
    this.#handedIn = this.#handedIn.filter((block) => block.blockHash !== blockHash);
    this.#review();
  }

  /** Its mix hash is wrong. If it is the one that is held, the next candidate takes its place. */
  markForged(share: Share): void {
    if (this.#held?.share !== share) return;
    this.#held = undefined;
    this.#heldCount -= 1;
    this.#timer?.cancel();
  }

  /** @returns undefined where no throttle is set */
  status(): ThrottleStatus | undefined {
    if (!this.#isSet) return undefined;
    const decision = this.#decide();
    const hourAgoMs = this.#modules.clock.nowMs() - HOUR_MS;
    return {
      sentence: decision.isOpen ? undefined : this.#sentence(decision),
      why: decision.isOpen ? undefined : decision.why,
      untilMs: decision.isOpen || decision.untilMs === undefined ? undefined : Math.ceil(decision.untilMs),
      held: this.#heldCount,
      heldTotal: this.#heldTotal,
      droppedTotal: this.#droppedTotal,
      blocksLastHour: this.#handedIn.filter(({ atMs }) => atMs > hourAgoMs).length,
    };
  }

  /** Gives up what is held: nothing goes out from here on by itself. */
  stop(): void {
    this.#timer?.cancel();
    if (this.#held === undefined) return;
    const { height } = this.#held.share.issued.job.template;
    this.#held = undefined;
    this.#modules.log.info(
      { height },
      `the candidate for block ${height} that the throttle held is given up`,
    );
  }

  #decide(): ThrottleDecision {
    const handedInMs = this.#handedIn.map(({ atMs }) => atMs);
    return throttleDecision(this.#rules, { ...this.#now(), handedInMs });
  }

  #now(): { nowMs: number; networkDifficulty: number } {
    const { clock, jobs } = this.#modules;
    const target = jobs.template?.networkTarget;
    return {
      nowMs: clock.nowMs(),
      networkDifficulty: target === undefined ? 0 : targetToDifficulty(target),
    };
  }

  #submit(share: Share, workerName: string): void {
    this.#modules.submit(share, workerName);
    this.#remember({ atMs: this.#modules.clock.nowMs(), blockHash: bytesToHex(share.finalHash) });
  }

  #remember(block: HandedIn): void {
    const sinceMs = this.#modules.clock.nowMs() - throttleMemoryMs(this.#rules);
    this.#handedIn = [...this.#handedIn.filter(({ atMs }) => atMs > sinceMs), block]
      .sort((a, b) => a.atMs - b.atMs)
      .slice(-REMEMBERED_MAX);
  }

  #hold(share: Share, workerName: string, decision: ThrottleDecision & { isOpen: false }): void {
    const { jobs, clock } = this.#modules;
    this.#heldTotal += 1;
    if (jobs.isStale(share.issued.job)) {
      this.#droppedTotal += 1;
      return;
    }
    this.#heldCount += 1;
    if (this.#held === undefined) {
      this.#held = { share, workerName, sinceMs: clock.nowMs() };
      this.#wait(decision);
    }
    this.#tell(decision);
  }

  /** Sends what is held, if it may go by now. */
  #review(): void {
    if (this.#held === undefined) return;
    const decision = this.#decide();
    if (!decision.isOpen) {
      this.#wait(decision);
      return;
    }
    const { share, workerName, sinceMs } = this.#held;
    this.#timer?.cancel();
    this.#held = undefined;
    this.#submit(share, workerName);
    // Others of this tip would only be forks of this one.
    this.#droppedTotal += this.#heldCount - 1;
    this.#heldCount = 0;
    const { height } = share.issued.job.template;
    const heldS = Math.round((this.#modules.clock.nowMs() - sinceMs) / 1000);
    this.#modules.log.info(
      { height, worker: workerName, heldS },
      `block ${height} by ${workerName} goes out, ${heldS} s after it was found: the throttle allows it now`,
    );
  }

  #wait({ untilMs }: ThrottleDecision & { isOpen: false }): void {
    this.#timer?.cancel();
    // Another template ends a pause for difficulty.
    if (untilMs === undefined) return;
    const { clock } = this.#modules;
    const delayMs = Math.min(WAIT_MAX_MS, untilMs - clock.nowMs());
    this.#timer = clock.setTimer(delayMs, () => this.#review());
  }

  #dropHeld(): void {
    this.#timer?.cancel();
    this.#held = undefined;
    this.#droppedTotal += this.#heldCount;
    this.#heldCount = 0;
  }

  #tell(decision: ThrottleDecision & { isOpen: false }): void {
    const nowMs = this.#modules.clock.nowMs();
    if (nowMs - this.#lineMs < LINE_EVERY_MS) return;
    this.#lineMs = nowMs;
    const dropped = this.#droppedTotal - this.#droppedTold;
    this.#droppedTold = this.#droppedTotal;
    const since = dropped === 0 ? '' : `, ${dropped} of earlier tips dropped`;
    const { untilMs, why } = decision;
    const fields = {
      ...{ why, held: this.#heldCount, dropped },
      untilMs: untilMs === undefined ? undefined : Math.ceil(untilMs),
    };
    this.#modules.log.info(fields, `${this.#sentence(decision)}${since}`);
  }

  #sentence(decision: ThrottleDecision & { isOpen: false }): string {
    const held = this.#heldCount === 1 ? '1 candidate held' : `${this.#heldCount} candidates held`;
    return `${throttleText(decision, this.#rules, this.#now())}; ${held}`;
  }
}
