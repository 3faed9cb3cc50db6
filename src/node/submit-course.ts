import type { Clock, Log, NodeRpc } from '../mining/ports.ts';
import { backoffMs } from './backoff.ts';
import { askHeader } from './header-facts.ts';
import type { Pauses, Waiter } from './pauses.ts';
import { isTransient, isUnknownBlock, RpcError } from './rpc-error.ts';
import { classifyError, classifyResult, type SubmitVerdict } from './submit-verdict.ts';

/** A candidate, assembled. */
export interface FoundBlock {
  /** Header, transaction count and transactions, serialised. */
  readonly blockHex: string;
  /** The KawPoW final hash, display hex: the name by which nodes know the block. */
  readonly blockHash: string;
  readonly height: number;
  /**
   * Whether the block can still win, for example because its parent is still the tip. Asked before each repetition,
   * never before the first sending. Always true when left out.
   */
  readonly stillUseful?: () => boolean;
  /** A node may have it from an earlier run: before it is given up, the chain is asked. */
  readonly mayBeKnown?: boolean;
}

export interface SubmitNode {
  /** For logs and outcomes. */
  readonly name: string;
  readonly rpc: NodeRpc;
}

/**
 * `too-late`: it cannot win any more; `too-many`: it had to make room for other blocks that wait; `unknown`: too late, but
 * an answer was lost, and the node does not say whether it has the block.
 */
export type GiveUpWhy = 'too-late' | 'time-is-up' | 'too-many' | 'stopped' | 'unknown';

/** The node whose word decided, and how long after `submit` it came. */
interface Signed {
  readonly node: string;
  readonly latencyMs: number;
}

/**
 * How a submission ended. `accepted` only when a node said so: by its answer (`answered`), or by naming the block in
 * its best chain afterwards (`confirmed`), as after a lost answer. `inconclusive`: a node has the block, but not in its
 * best chain, so it will be an orphan unless the next block builds on it; its `reason` is part of a sentence. `gave-up`: no verdict in time; `why` is our
 * reason to end, `reason` what the last attempt met.
 */
export type SubmitOutcome =
  | ({ readonly kind: 'accepted'; readonly how: 'answered' | 'confirmed' } & Signed)
  | ({ readonly kind: 'inconclusive'; readonly reason: string } & Signed)
  | ({ readonly kind: 'rejected'; readonly reason: string } & Signed)
  | ({ readonly kind: 'gave-up'; readonly why: GiveUpWhy; readonly reason: string } & Signed);

/** One node's answer to one sending; all of them are reported, also those that decide nothing. */
export interface NodeVerdict extends Signed {
  readonly block: FoundBlock;
  readonly verdict: SubmitVerdict;
  /** 1 for the first sending to this node. */
  readonly attempt: number;
}

interface CourseModules {
  readonly clock: Clock;
  readonly log: Log;
  readonly pauses: Pauses;
  readonly onVerdict: ((event: NodeVerdict) => void) | undefined;
  /**
   * Whether a node is known to be away, behind or on another branch while another one gives the work: its status says so,
   * and that it does not take blocks is no news.
   */
  readonly isLeftAside: ((node: string) => boolean) | undefined;
}

/** ravend checks a block within a second; after this the connection is likelier dead than the node slow. */
const ATTEMPT_TIMEOUT_MS = 5_000;
/** Doubled with each timeout up to this: if the node is slow after all, requests must not pile up in its queue. */
const ATTEMPT_TIMEOUT_MAX_MS = 60_000;
/** The first repetition comes at once, as every second counts against a competing block; then once in 5 s. */
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;
/**
 * The tip says when a block cannot win any more, and it moves every minute. It stands still only while no node answers:
 * then a block is worth its retries for a night; whoever has been away for longer is hundreds of blocks behind. What is
 * in the journal is tried once more at the next start.
 */
const GIVE_UP_AFTER_MS = 6 * 3_600_000;
/** A node that has the block and does not say where: whoever follows the block asks on, and asks others. */
const LOOK_FOR_MS = 600_000;
/** A node gets a parent that others know within seconds, or never. */
const NOT_YET_MAX_MS = 60_000;
/** Two competing blocks: which one wins is often clear once the faster relay, or the next block, is through. */
const RECHECK_AFTER_MS = 5_000;

/** What a node says of a block that it had before: in its best chain, known but off it, or unknown. */
type InChain = 'yes' | 'beside' | 'not-there' | 'unknown';

/** Why a block that the node has is not called accepted, as part of a sentence. */
const REASON: Readonly<Record<Exclude<InChain, 'yes'>, string>> = {
  beside: 'the node has another block at this height',
  'not-there': 'the node had the block, and does not find it any more',
  unknown: 'the node has the block, but could not be asked whether it is in its best chain',
};

/** One block on its way to one node, from the first sending to the node's last word. */
export class SubmitCourse implements Waiter {
  readonly #block: FoundBlock;
  readonly #node: SubmitNode;
  readonly #modules: CourseModules;
  readonly sinceMs: number;
  #attempts = 0;
  #timeouts = 0;
  /** An answer was lost, now or in an earlier run: the node may have the block. */
  #mayBeInChain: boolean;
  #lastReason = '';

  constructor(block: FoundBlock, node: SubmitNode, modules: CourseModules) {
    this.#block = block;
    this.#node = node;
    this.#modules = modules;
    this.sinceMs = modules.clock.nowMs();
    this.#mayBeInChain = block.mayBeKnown ?? false;
  }

  /** The first request is handed to the client before this returns. Never rejects. */
  async run(): Promise<SubmitOutcome> {
    for (;;) {
      const verdict = await this.#attempt();
      this.#tell(verdict);
      if (verdict.next === 'ask-the-chain') return this.#askTheChain(verdict.kind);
      if (verdict.kind === 'accepted') return { kind: 'accepted', how: 'answered', ...this.#signature() };
      if (verdict.next === 'done') {
        return { kind: 'rejected', reason: verdict.reason, ...this.#signature() };
      }
      const why = await this.#waitForNextAttempt(verdict);
      // If the node may have taken it, its tip may have moved because of this very block: then we want to know.
      if (why === 'too-late' && this.#mayBeInChain) return this.#lookOnce(verdict);
      if (why !== undefined) return this.#ended(verdict, why);
    }
  }

  async #attempt(): Promise<SubmitVerdict> {
    this.#attempts += 1;
    const timeoutMs = backoffMs(this.#timeouts + 1, ATTEMPT_TIMEOUT_MS, ATTEMPT_TIMEOUT_MAX_MS);
    try {
      return classifyResult(
        await this.#node.rpc.call('submitblock', [this.#block.blockHex], { timeoutMs, areHex: true }),
      );
    } catch (error) {
      if (error instanceof RpcError && error.kind === 'timeout') this.#timeouts += 1;
      return classifyError(error);
    }
  }

  /** @returns why there is no next attempt, or undefined when it is time for it */
  async #waitForNextAttempt(verdict: SubmitVerdict): Promise<GiveUpWhy | undefined> {
    const { pauses } = this.#modules;
    if (verdict.kind === 'no-answer' && verdict.mayHaveActed) this.#mayBeInChain = true;
    const waited = await pauses.wait(backoffMs(this.#attempts, RETRY_FIRST_MS, RETRY_MAX_MS), this);
    if (pauses.ended) return 'stopped';
    if (waited === 'crowded-out') return 'too-many';
    if (this.#ageMs() >= (verdict.kind === 'not-yet' ? NOT_YET_MAX_MS : GIVE_UP_AFTER_MS))
      return 'time-is-up';
    return this.isUseful() ? undefined : 'too-late';
  }

  #ended(verdict: { kind: 'not-yet' | 'no-answer'; reason: string }, why: GiveUpWhy): SubmitOutcome {
    // A node that was set back, as by a crash, may lack the parent of a block that it had: that is no word on the block.
    const isAboutIt = verdict.kind === 'not-yet' && !this.#mayBeInChain;
    const refused = isAboutIt && (why === 'time-is-up' || why === 'too-late');
    return refused
      ? { kind: 'rejected', reason: verdict.reason, ...this.#signature() }
      : { kind: 'gave-up', why, reason: verdict.reason, ...this.#signature() };
  }

  /** It cannot win any more, unless it has: sending it again is of no use, and the chain tells. */
  async #lookOnce(verdict: { kind: 'not-yet' | 'no-answer'; reason: string }): Promise<SubmitOutcome> {
    const inChain = await this.#isInChain();
    if (inChain === 'yes') return { kind: 'accepted', how: 'confirmed', ...this.#signature() };
    if (inChain === 'beside') return { kind: 'inconclusive', reason: REASON.beside, ...this.#signature() };
    return this.#ended(verdict, inChain === 'not-there' ? 'too-late' : this.#whyUnknown());
  }

  #whyUnknown(): GiveUpWhy {
    return this.#modules.pauses.ended ? 'stopped' : 'unknown';
  }

  /** The node knows the block. Whether it is in its best chain is seen at once, or a little later. */
  async #askTheChain(kind: string): Promise<SubmitOutcome> {
    let inChain = kind === 'inconclusive' ? 'beside' : await this.#isInChain();
    if (inChain === 'beside' || inChain === 'not-there') {
      // Crowded out, it is looked for at once.
      await this.#modules.pauses.wait(RECHECK_AFTER_MS, this);
      inChain = await this.#isInChain();
    }
    if (inChain === 'yes') return { kind: 'accepted', how: 'confirmed', ...this.#signature() };
    return { kind: 'inconclusive', reason: REASON[inChain], ...this.#signature() };
  }

  async #isInChain(): Promise<InChain> {
    const { pauses } = this.#modules;
    const untilMs = this.#ageMs() + LOOK_FOR_MS;
    for (let failures = 1; !pauses.ended && this.#ageMs() < untilMs; failures += 1) {
      try {
        // Known, but off the best chain: -1.
        const { confirmations } = await askHeader(this.#node.rpc, this.#block.blockHash);
        if (confirmations === undefined) return 'unknown';
        return confirmations >= 0 ? 'yes' : 'beside';
      } catch (error) {
        if (isUnknownBlock(error)) return 'not-there';
        if (!isTransient(error)) return 'unknown';
        const waited = await pauses.wait(backoffMs(failures, RETRY_FIRST_MS, RETRY_MAX_MS), this);
        if (waited === 'crowded-out') return 'unknown';
      }
    }
    return 'unknown';
  }

  /** Whether the block can still win; one that cannot makes room for others. */
  isUseful(): boolean {
    try {
      return this.#block.stillUseful?.() ?? true;
    } catch (error) {
      // A fault elsewhere must not cost a block.
      this.#modules.log.error({ err: error }, 'stillUseful failed');
      return true;
    }
  }

  #isLeftAside(): boolean {
    return this.#modules.isLeftAside?.(this.#node.name) ?? false;
  }

  #ageMs(): number {
    return this.#modules.clock.nowMs() - this.sinceMs;
  }

  #signature(): Signed {
    return { node: this.#node.name, latencyMs: this.#ageMs() };
  }

  /**
   * Each answer is logged; of a row of equal failures the first, the others at debug level. There is a warning only where
   * the node should have taken the block.
   */
  #tell(verdict: SubmitVerdict): void {
    const { log, onVerdict } = this.#modules;
    const { height, blockHash } = this.#block;
    const reason = 'reason' in verdict ? verdict.reason : '';
    const signed = { ...this.#signature(), attempt: this.#attempts };
    const latencyMs = Math.round(signed.latencyMs);
    const fields = { ...signed, latencyMs, height, blockHash, verdict: verdict.kind, reason };
    if (verdict.next === 'try-again') {
      const level = reason === this.#lastReason || this.#isLeftAside() ? 'debug' : 'warn';
      log[level](fields, `block ${height} not taken by ${signed.node} yet, trying again: ${reason}`);
    } else if (verdict.kind === 'accepted') {
      log.debug(fields, `block ${height} taken by ${signed.node}`);
    } else if (verdict.next === 'ask-the-chain') {
      log.info(fields, `block ${height} answered with ${verdict.kind}; looking for it in the node's chain`);
    } else {
      log[this.#isLeftAside() ? 'info' : 'error'](
        fields,
        `block ${height} refused by ${signed.node}: ${reason}`,
      );
    }
    this.#lastReason = reason;
    try {
      onVerdict?.({ ...signed, block: this.#block, verdict });
    } catch (error) {
      log.error({ err: error }, 'a handler of the submitter failed');
    }
  }
}
