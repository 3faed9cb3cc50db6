import type { Clock, Log, NodeRpc, Timer } from '../mining/ports.ts';
import { askHeader } from './header-facts.ts';
import { isUnknownBlock } from './rpc-error.ts';

/** Consensus: what a coinbase pays can be spent after so many confirmations; nobody undoes that many. */
export const MATURE_AFTER = 100;
/** Of one round: a chain with a block a second must not keep its node busy with our questions. */
const LOOKS_MAX = 4;
/** The node has other things to do when a block has just come: templates first. */
const AFTER_TIP_MS = 2_000;
/** Between two rounds, however fast tips come. */
const ROUND_EVERY_MIN_MS = 5_000;
/** Without a new tip: a node that was away is back, or another is asked. */
const ROUND_EVERY_MS = 60_000;
/** One node alone that sees it so, once, may lag, or be in the middle of a reorganisation. */
const LOOKS_TO_BELIEVE = 2;
/** Some 200 bytes each. A miner of a real chain has a few; a test chain may have thousands, and loses sight of some. */
const FOLLOWED_MAX = 5_000;
/** The answers are small; a node that takes longer is asked again in the next round. */
const LOOK_TIMEOUT_MS = 5_000;

/**
 * What became of a block: in the best chain (`confirmed`: nothing new but the count), `orphaned` by another that took its
 * place, `back` in the chain, `mature` for good, `lost` for good.
 */
export interface BlockNews {
  readonly blockHash: string;
  readonly kind: 'confirmed' | 'orphaned' | 'back' | 'mature' | 'lost';
  /** 1 for the tip; 0 while it is not in the best chain. */
  readonly confirmations: number;
}

interface BlockFollowerModules {
  /** A node that can be asked at present, if there is any. */
  readonly node: () => NodeRpc | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly onNews: (news: BlockNews) => void;
}

interface Followed {
  readonly blockHash: string;
  readonly height: number;
  /** As it was told last. */
  isInChain: boolean;
  /** Looks in a row that saw it otherwise. */
  contrary: number;
}

/**
 * Follows blocks that a node has until they are mature or orphaned for good, a few at each tip and once a minute, those
 * that were not looked at for longest first, the oldest of them before the others.
 */
export class BlockFollower {
  readonly #modules: BlockFollowerModules;
  /** In the order of their turns. */
  readonly #followed = new Map<string, Followed>();
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #lastRoundMs = Number.NEGATIVE_INFINITY;
  #round: Promise<void> | undefined;
  /** Until the next round, as it was asked for during this one. */
  #nextRoundInMs = ROUND_EVERY_MS;
  #isStopped = false;

  constructor(modules: BlockFollowerModules) {
    this.#modules = modules;
  }

  /** @param isInChain whether a node said that it is in its best chain */
  follow(blockHash: string, height: number, isInChain: boolean): void {
    if (this.#isStopped || this.#followed.has(blockHash)) return;
    this.#followed.set(blockHash, { blockHash, height, isInChain, contrary: 0 });
    for (const oldest of this.#followed.keys()) {
      if (this.#followed.size <= FOLLOWED_MAX) break;
      this.#followed.delete(oldest);
    }
    this.#scheduleIn(AFTER_TIP_MS);
  }

  /** There is a new tip. */
  noteTip(): void {
    this.#scheduleIn(AFTER_TIP_MS);
  }

  /** No news come after it resolves. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#round;
  }

  #scheduleIn(delayMs: number): void {
    if (this.#isStopped || this.#followed.size === 0) return;
    if (this.#round !== undefined) {
      this.#nextRoundInMs = Math.min(this.#nextRoundInMs, delayMs);
      return;
    }
    const nowMs = this.#modules.clock.nowMs();
    const dueMs = Math.max(nowMs + delayMs, this.#lastRoundMs + ROUND_EVERY_MIN_MS);
    if (dueMs >= this.#dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = this.#modules.clock.setTimer(dueMs - nowMs, () => this.#begin());
  }

  #begin(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#lastRoundMs = this.#modules.clock.nowMs();
    this.#nextRoundInMs = ROUND_EVERY_MS;
    this.#round = this.#look().finally(() => {
      this.#round = undefined;
      this.#scheduleIn(this.#nextRoundInMs);
    });
  }

  async #look(): Promise<void> {
    const rpc = this.#modules.node();
    if (rpc === undefined) return;
    const turn = [...this.#followed.values()].slice(0, LOOKS_MAX);
    for (const block of turn) {
      // Its next turn comes after that of all others.
      this.#followed.delete(block.blockHash);
      this.#followed.set(block.blockHash, block);
      try {
        const confirmations = await confirmationsOf(block, rpc);
        if (this.#isStopped) return;
        if (confirmations !== undefined) this.#judge(block, confirmations);
      } catch (error) {
        // The node is away, which is told where it is watched.
        this.#modules.log.debug(
          { err: error, blockHash: block.blockHash },
          'a block could not be looked for',
        );
        return;
      }
    }
  }

  #judge(block: Followed, confirmations: number): void {
    if (confirmations >= MATURE_AFTER) this.#end(block, 'mature', confirmations);
    else if (confirmations <= -MATURE_AFTER) this.#believe(block, false, () => this.#end(block, 'lost', 0));
    else if (confirmations > 0) {
      const kind = block.isInChain ? 'confirmed' : 'back';
      block.contrary = 0;
      block.isInChain = true;
      this.#tell({ blockHash: block.blockHash, kind, confirmations });
    } else if (block.isInChain) {
      this.#believe(block, true, () => {
        block.isInChain = false;
        this.#tell({ blockHash: block.blockHash, kind: 'orphaned', confirmations: 0 });
      });
    }
  }

  #believe(block: Followed, resets: boolean, then: () => void): void {
    block.contrary += 1;
    if (block.contrary < LOOKS_TO_BELIEVE) {
      this.#scheduleIn(ROUND_EVERY_MIN_MS);
      return;
    }
    if (resets) block.contrary = 0;
    then();
  }

  #end(block: Followed, kind: 'mature' | 'lost', confirmations: number): void {
    this.#followed.delete(block.blockHash);
    this.#tell({ blockHash: block.blockHash, kind, confirmations });
  }

  #tell(news: BlockNews): void {
    try {
      this.#modules.onNews(news);
    } catch (error) {
      this.#modules.log.error({ err: error }, 'a handler of the block follower failed');
    }
  }
}

/**
 * @returns how many blocks it has in the node's best chain, itself included; negative: how many the node has above its
 * height, in another chain; undefined when the node is not that far, and has no say
 * @throws RpcError when the node does not answer
 */
async function confirmationsOf(block: Followed, rpc: NodeRpc): Promise<number | undefined> {
  try {
    const { confirmations } = await askHeader(rpc, block.blockHash);
    if (confirmations === undefined) return undefined;
    if (confirmations > 0) return confirmations;
  } catch (error) {
    if (!isUnknownBlock(error)) throw error;
  }
  const tipHeight = await rpc.call('getblockcount', [], { timeoutMs: LOOK_TIMEOUT_MS });
  // Another block at the same height decides nothing: the next one does.
  if (typeof tipHeight !== 'number' || tipHeight <= block.height) return undefined;
  return block.height - tipHeight;
}
