/**
 * The tips that are compared are the nodes' present ones, each noted again with every template. A node that catches up
 * brings four new ones a second, 120 between two templates, and of 16 nodes all but one may do so at once.
 */
const TIPS_MAX = 2_048;
/**
 * So far apart, heights decide whatever work is claimed. Six honest blocks weigh more than any difference that a fork
 * can have in its difficulty; without this, one wrong claim could hold the mining at an old tip for ever.
 */
const HEIGHTS_APART = 6;

/** What nodes say of a tip: undefined before the first word, `disputed` for good once two words differ. */
type Claimed<V> = V | 'disputed' | undefined;

interface TipFacts {
  work: Claimed<bigint>;
  /** Of the block that is the tip. */
  height: Claimed<number>;
}

/**
 * What is known of tips: the work of the chain that ends there, as nodes claim it, and the height. Where nodes claim
 * different things of one hash somebody lies, and nobody can tell who: neither counts, so that a lie can put a tip neither
 * before the others nor behind them.
 */
export class TipWorks {
  /** By hash, the oldest first. */
  readonly #tips = new Map<string, TipFacts>();

  noteWork(tip: string, work: bigint): void {
    const facts = this.#factsOf(tip);
    facts.work = heard(facts.work, work);
  }

  noteHeight(tip: string, height: number): void {
    const facts = this.#factsOf(tip);
    facts.height = heard(facts.height, height);
  }

  heightOf(tip: string | undefined): number | undefined {
    const height = tip === undefined ? undefined : this.#tips.get(tip)?.height;
    return height === 'disputed' ? undefined : height;
  }

  /**
   * @returns above 0 when the first is surely ahead, below 0 when the second is, 0 when they are alike or it is not known
   */
  compare(first: string, second: string): number {
    if (first === second) return 0;
    const a = this.#tips.get(first)?.work;
    const b = this.#tips.get(second)?.work;
    const blocks = (this.heightOf(first) ?? Number.NaN) - (this.heightOf(second) ?? Number.NaN);
    if (Math.abs(blocks) >= HEIGHTS_APART) return blocks;
    // The best that is left: most often the higher one has more work.
    if (a === 'disputed' || b === 'disputed') return Number.isNaN(blocks) ? 0 : blocks;
    if (a === undefined || b === undefined || a === b) return 0;
    return a > b ? 1 : -1;
  }

  /** Whether two tips have the same work, or, where that is not known, the same height. */
  isLevel(first: string, second: string): boolean {
    const a = this.#tips.get(first)?.work;
    const b = this.#tips.get(second)?.work;
    if (typeof a === 'bigint' && typeof b === 'bigint') return a === b;
    const height = this.heightOf(first);
    return height !== undefined && height === this.heightOf(second);
  }

  #factsOf(tip: string): TipFacts {
    const known = this.#tips.get(tip) ?? { work: undefined, height: undefined };
    this.#tips.delete(tip);
    this.#tips.set(tip, known);
    const [oldest] = this.#tips.keys();
    if (this.#tips.size > TIPS_MAX && oldest !== undefined) this.#tips.delete(oldest);
    return known;
  }
}

function heard<V>(before: Claimed<V>, claim: V): Claimed<V> {
  return before === undefined || before === claim ? claim : 'disputed';
}
