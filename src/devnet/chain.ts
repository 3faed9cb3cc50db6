import { bytesToHex } from '../chain/bytes.ts';
import type { DecodedHeader } from '../chain/header.ts';
import { bitsToTarget, TARGET_MAX, targetToBigint } from '../chain/target.ts';
import type { DecodedTransaction } from '../chain/transaction.ts';
import type { Ledger } from './ledger.ts';
import { requiredBits } from './retarget.ts';

/** Blocks whose times make the median that a new block must be later than. */
const MEDIAN_TIME_BLOCKS = 11;

/** A block's content, decoded, and its bytes as stored: `getblock 0` shows these. */
export interface BlockBody {
  readonly bytes: Uint8Array;
  readonly transactions: readonly DecodedTransaction[];
}

/** One block of the index. What may change is changed by Chain only. */
export interface BlockEntry {
  /** The final hash, display hex. */
  readonly hash: string;
  readonly header: DecodedHeader;
  readonly headerBytes: Uint8Array;
  readonly height: number;
  readonly parent: BlockEntry | undefined;
  /** Expected hashes of the chain up to here. */
  readonly chainWork: bigint;
  /** undefined while a body has not come, or came only in a form that may have been altered on its way. */
  body: BlockBody | undefined;
  /** When its body came, counted; the first seen of two equals wins. */
  arrival: number;
  /** It has stood in the active chain: ravend's BLOCK_VALID_SCRIPTS, which turns an answer into `duplicate`. */
  connectedOnce: boolean;
  /** It or a block below it broke a rule. */
  failed: boolean;
  /** Bits of the templates handed out on top of it; all of them stay good. */
  readonly offeredBits: Set<number>;
}

interface TipChange {
  readonly tip: BlockEntry;
  /** Newest first. */
  readonly disconnected: readonly BlockEntry[];
  /** Oldest first. */
  readonly connected: readonly BlockEntry[];
}

interface ChainOptions {
  readonly blockTimeS: number;
  readonly startBits: number;
  readonly ledger: Ledger;
}

/** The index of all blocks, the active chain among them, and the rule which one that is: most work, first seen. */
export class Chain {
  readonly #options: ChainOptions;
  readonly #entries = new Map<string, BlockEntry>();
  readonly #active: BlockEntry[];
  /** Blocks with a body outside the active chain that are not known to be bad. */
  readonly #candidates = new Set<BlockEntry>();
  readonly #listeners = new Set<(change: TipChange) => void>();
  #arrivals = 0;
  #bodyBytes = 0;
  #fixedBits: number | undefined;

  constructor(
    options: ChainOptions,
    genesis: { hash: string; header: DecodedHeader; headerBytes: Uint8Array; body: BlockBody },
  ) {
    this.#options = options;
    const entry = this.addHeader(genesis.hash, genesis.header, genesis.headerBytes, undefined);
    this.#setBody(entry, genesis.body);
    this.#candidates.delete(entry);
    entry.connectedOnce = true;
    this.#active = [entry];
    options.ledger.apply(genesis.body.transactions);
  }

  get tip(): BlockEntry {
    return this.#active.at(-1) as BlockEntry;
  }

  /** Of all stored blocks, active or not. */
  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  get ledger(): Ledger {
    return this.#options.ledger;
  }

  find(hash: string): BlockEntry | undefined {
    return this.#entries.get(hash);
  }

  /** The active chain's block at a height. */
  at(height: number): BlockEntry | undefined {
    return this.#active[height];
  }

  isActive(entry: BlockEntry): boolean {
    return this.#active[entry.height] === entry;
  }

  /** Called after the tip has changed, once per change. */
  onTipChange(listener: (change: TipChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Every block that has no child, active or not. */
  tips(): BlockEntry[] {
    const parents = new Set([...this.#entries.values()].map((entry) => entry.parent));
    return [...this.#entries.values()].filter((entry) => !parents.has(entry));
  }

  /** Seconds since 1970 that a block on top must be later than. */
  medianTimePastS(entry: BlockEntry): number {
    const times: number[] = [];
    for (
      let block: BlockEntry | undefined = entry;
      block && times.length < MEDIAN_TIME_BLOCKS;
      block = block.parent
    ) {
      times.push(block.header.timeS);
    }
    times.sort((a, b) => a - b);
    return times[times.length >> 1] as number;
  }

  /** The bits that a template on top of a block carries now. */
  bitsFor(parent: BlockEntry, timeS: number): number {
    if (this.#fixedBits !== undefined) return this.#fixedBits;
    const { blockTimeS, startBits } = this.#options;
    return requiredBits({
      parent: retargetBlock(parent),
      grandparent: parent.parent && retargetBlock(parent.parent),
      timeS,
      blockTimeS,
      startBits,
    });
  }

  /** Whether a block on top of another may carry these bits: the ones demanded, or ones offered in a template. */
  allowsBits(parent: BlockEntry, timeS: number, bits: number): boolean {
    return bits === this.bitsFor(parent, timeS) || parent.offeredBits.has(bits);
  }

  /** Fixes the bits of coming blocks, or lets them follow the block time again. Work handed out before stays good. */
  setBits(bits: number | undefined): void {
    this.#fixedBits = bits;
  }

  addHeader(
    hash: string,
    header: DecodedHeader,
    headerBytes: Uint8Array,
    parent: BlockEntry | undefined,
  ): BlockEntry {
    const work = (TARGET_MAX + 1n) / (targetToBigint(bitsToTarget(header.bits)) + 1n);
    const entry: BlockEntry = {
      hash,
      header,
      headerBytes,
      height: parent ? parent.height + 1 : 0,
      parent,
      chainWork: (parent?.chainWork ?? 0n) + work,
      body: undefined,
      arrival: 0,
      connectedOnce: false,
      failed: false,
      offeredBits: new Set(),
    };
    this.#entries.set(hash, entry);
    return entry;
  }

  /**
   * Stores a checked body and goes over to the best chain.
   * @returns what connecting this very block gave: a reject reason, 'connected', or undefined where nobody tried
   */
  addBody(entry: BlockEntry, body: BlockBody): string | undefined {
    this.#setBody(entry, body);
    return this.#activateBest().get(entry.hash);
  }

  /** Marks a block as bad, with all on top of it, and leaves it: ravend's `invalidateblock`. */
  invalidate(entry: BlockEntry): void {
    this.#markFailed(entry);
    this.#activateBest();
  }

  #setBody(entry: BlockEntry, body: BlockBody): void {
    this.#arrivals += 1;
    this.#bodyBytes += body.bytes.length;
    entry.body = body;
    entry.arrival = this.#arrivals;
    this.#candidates.add(entry);
  }

  #markFailed(entry: BlockEntry): void {
    for (const other of this.#entries.values()) {
      if (other.height < entry.height || ancestorAt(other, entry.height) !== entry) continue;
      other.failed = true;
      this.#candidates.delete(other);
    }
  }

  /** Until no block promises more: leave the tip for the fork, connect upwards, drop what turns out bad. */
  #activateBest(): Map<string, string> {
    const before = this.tip;
    const outcomes = new Map<string, string>();
    while (this.tip.failed) this.#disconnectTip();
    for (let best = this.#bestCandidate(); best; best = this.#bestCandidate()) this.#switchTo(best, outcomes);
    if (this.tip !== before) this.#announce(before);
    return outcomes;
  }

  #switchTo(best: BlockEntry, outcomes: Map<string, string>): void {
    const path: BlockEntry[] = [];
    for (let entry = best; !this.isActive(entry); entry = entry.parent as BlockEntry) path.unshift(entry);
    const fork = path[0]?.parent;
    while (this.tip !== fork) this.#disconnectTip();
    for (const entry of path) {
      const transactions = (entry.body as BlockBody).transactions;
      const reason = this.ledger.check(transactions, entry.height);
      outcomes.set(entry.hash, reason ?? 'connected');
      if (reason !== undefined) {
        this.#markFailed(entry);
        return;
      }
      this.ledger.apply(transactions);
      this.#active.push(entry);
      this.#candidates.delete(entry);
      entry.connectedOnce = true;
    }
  }

  #disconnectTip(): void {
    const entry = this.#active.pop() as BlockEntry;
    this.ledger.revert((entry.body as BlockBody).transactions);
    if (!entry.failed) this.#candidates.add(entry);
  }

  #bestCandidate(): BlockEntry | undefined {
    let best = this.tip;
    for (const entry of this.#candidates)
      if (isBetter(entry, best) && this.#hasWholePath(entry)) best = entry;
    return best === this.tip ? undefined : best;
  }

  #hasWholePath(entry: BlockEntry): boolean {
    for (let block = entry; !this.isActive(block); block = block.parent as BlockEntry) {
      if (block.body === undefined) return false;
    }
    return true;
  }

  #announce(before: BlockEntry): void {
    const disconnected: BlockEntry[] = [];
    let fork = before;
    for (; !this.isActive(fork); fork = fork.parent as BlockEntry) disconnected.push(fork);
    const change = { tip: this.tip, disconnected, connected: this.#active.slice(fork.height + 1) };
    for (const listener of this.#listeners) listener(change);
  }
}

/** More work, or the same and seen first. */
function isBetter(entry: BlockEntry, than: BlockEntry): boolean {
  if (entry.chainWork !== than.chainWork) return entry.chainWork > than.chainWork;
  return entry.arrival < than.arrival;
}

function ancestorAt(entry: BlockEntry, height: number): BlockEntry | undefined {
  let block: BlockEntry | undefined = entry;
  while (block && block.height > height) block = block.parent;
  return block;
}

function retargetBlock(entry: BlockEntry): { height: number; bits: number; timeS: number } {
  return { height: entry.height, bits: entry.header.bits, timeS: entry.header.timeS };
}

/** 64 hex digits, as RPC shows chain work. */
export function chainWorkHex(entry: BlockEntry): string {
  return entry.chainWork.toString(16).padStart(64, '0');
}

/** A 32-byte hash as an index key. */
export function hashKey(hash: Uint8Array): string {
  return bytesToHex(hash);
}
