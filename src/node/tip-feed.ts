import type { Clock } from '../mining/ports.ts';
import { TokenBucket } from '../mining/token-bucket.ts';
import { isBlockHash } from './json.ts';
import type { SignalName } from './tip-signal.ts';

/** How one way of hearing of tips has done. */
export interface SignalScore {
  readonly signal: SignalName;
  /** Tips that it told, and those of them that it told before any other. */
  readonly told: number;
  readonly first: number;
  /** Of its latest tips: how long before polling did, below 0 for later. Undefined for polling itself. */
  readonly medianLeadMs: number | undefined;
  /** `p2p first for 12 of 14 tips, median 80 ms before polling`. */
  readonly sentence: string;
}

/** What came of one block hash. */
interface TipNews {
  /** When each signal told it first, in that order. */
  readonly toldMs: Map<SignalName, number>;
  /** Whose hints were let through since a node last gave it as its tip. */
  readonly paidBy: Set<TokenBucket>;
  /** When a poll of the node that gives the templates named it. */
  polledMs: number | undefined;
  /** Nobody is judged by it. */
  isUnscored: boolean;
}

interface Score {
  told: number;
  first: number;
  readonly leadsMs: number[];
}

/** Blocks come once a minute; at the rate that hints are let through, this is minutes of wrong ones. */
const HASHES_MAX = 512;
/** Enough for a steady median, and few enough that it tells of today's network. */
const LEADS_MAX = 64;
/**
 * Hints from one signal of one node that may be wrong: so many at once, and then so many a second. A right one costs
 * nothing, so that blocks in quick succession are not held up; and behind all of them stands the polling.
 */
const WRONG_HINTS = { tokensMax: 6, perS: 2 };
/** Four signals for each of some dozens of nodes. */
const BUCKETS_MAX = 500;

/**
 * The one place where all news of tips come together, keyed by block hash: signals bring hints, which anybody could
 * forge, and the nodes' own answers say what is true. It bounds what hints may cost, and keeps the score.
 */
export class TipFeed {
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #news = new Map<string, TipNews>();
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #scores = new Map<SignalName, Score>();
  /** By node, one each. */
  readonly #tipOf = new Map<string, string>();
  #tips = 0;
  #isFirst = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A signal told a block.
   * @param from the node that it came from, or empty
   * @returns whether to ask the node, or all of them: false for what is no hash, and in a flood
   */
  hint(hashHex: string, signal: SignalName, from: string): boolean {
    if (!isBlockHash(hashHex)) return false;
    const hash = hashHex.toLowerCase();
    const known = this.#news.get(hash);
    if (known !== undefined) this.#tell(known, signal);
    if (this.#tipOf.get(from) === hash) return false;
    const bucket = this.#bucketOf(`${signal} ${from}`);
    if (known?.paidBy.has(bucket) || !bucket.take(this.#clock.nowMs())) return false;
    const news = known ?? this.#newsOf(hash);
    this.#tell(news, signal);
    news.paidBy.add(bucket);
    return true;
  }

  /** A block of ours was accepted: no signal is judged by who tells us what we know. */
  own(hashHex: string): void {
    this.#newsOf(hashHex.toLowerCase()).isUnscored = true;
  }

  /** A node's own answer, to a poll or in a template, gives it as its tip: whoever pointed there was right. */
  confirm(hash: string, node: string): void {
    this.#tipOf.set(node, hash);
    const news = this.#newsOf(hash);
    for (const bucket of news.paidBy) bucket.giveBack();
    news.paidBy.clear();
  }

  /** The poll of the node that gives the templates names this tip: so late it would be without any signal. */
  polled(hash: string): void {
    const known = this.#news.get(hash);
    if (known?.polledMs !== undefined || known?.isUnscored) return;
    const news = this.#newsOf(hash);
    // What the node had at the start, nobody could announce.
    if (this.#isFirst) news.isUnscored = true;
    this.#isFirst = false;
    if (news.isUnscored) return;
    const nowMs = this.#clock.nowMs();
    const [first] = news.toldMs.keys();
    this.#scoreOf(first ?? 'poll').first += 1;
    this.#tips += 1;
    this.#tell(news, 'poll');
    news.polledMs = nowMs;
    for (const [signal, toldMs] of news.toldMs) this.#count(signal, nowMs - toldMs);
  }

  /** One for each signal that told a tip so far. */
  scores(): SignalScore[] {
    return [...this.#scores].map(([signal, { told, first, leadsMs }]) => {
      const medianLeadMs = signal === 'poll' ? undefined : medianOf(leadsMs);
      const tips = this.#tips === 1 ? '1 tip' : `${this.#tips} tips`;
      const sentence = `${signal} first for ${first} of ${tips}${leadText(medianLeadMs)}`;
      return { signal, told, first, medianLeadMs, sentence };
    });
  }

  #tell(news: TipNews, signal: SignalName): void {
    if (news.toldMs.has(signal)) return;
    const nowMs = this.#clock.nowMs();
    news.toldMs.set(signal, nowMs);
    // Later than the poll.
    if (news.polledMs !== undefined) this.#count(signal, news.polledMs - nowMs);
  }

  #count(signal: SignalName, leadMs: number): void {
    const score = this.#scoreOf(signal);
    score.told += 1;
    score.leadsMs.push(leadMs);
    if (score.leadsMs.length > LEADS_MAX) score.leadsMs.shift();
  }

  #newsOf(hash: string): TipNews {
    const known = this.#news.get(hash);
    if (known !== undefined) return known;
    const news: TipNews = { toldMs: new Map(), paidBy: new Set(), polledMs: undefined, isUnscored: false };
    addBounded(this.#news, hash, news, HASHES_MAX);
    return news;
  }

  #bucketOf(key: string): TokenBucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    const bucket = new TokenBucket(WRONG_HINTS, this.#clock.nowMs());
    addBounded(this.#buckets, key, bucket, BUCKETS_MAX);
    return bucket;
  }

  #scoreOf(signal: SignalName): Score {
    const known = this.#scores.get(signal) ?? { told: 0, first: 0, leadsMs: [] };
    this.#scores.set(signal, known);
    return known;
  }
}

/** The oldest leaves when there is one too many. */
function addBounded<V>(map: Map<string, V>, key: string, value: V, sizeMax: number): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > sizeMax && oldest !== undefined) map.delete(oldest);
}

function medianOf(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function leadText(leadMs: number | undefined): string {
  if (leadMs === undefined) return '';
  const rounded = Math.round(leadMs);
  return rounded < 0 ? `, median ${-rounded} ms after polling` : `, median ${rounded} ms before polling`;
}
