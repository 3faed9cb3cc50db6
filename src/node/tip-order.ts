/**
 * The tip as one node tells it in answers that cross each other: getbestblockhash and getblocktemplate are under way
 * at the same time, and each only says what was so at some moment between question and answer. A tip is a hash; two
 * blocks of the same height are two tips, so heights decide nothing here.
 *
 * An answer is surely newer than what we know if it was *asked* after we learnt that. If it was asked before, it may be
 * older or newer: unsure, and asking again, now, settles it.
 */
export class TipOrder {
  #moment = 0;
  #learntAt = 0;
  #tip: string | undefined;

  /** The newest tip known for sure. */
  get tip(): string | undefined {
    return this.#tip;
  }

  /** To be called when a question is sent. @returns its moment, for `learn` */
  ask(): number {
    this.#moment += 1;
    return this.#moment;
  }

  /**
   * @param hash the tip that an answer names, or that its template builds on
   * @param askedAt what `ask` gave when the question was sent
   */
  learn(hash: string, askedAt: number): 'new' | 'same' | 'unsure' {
    if (hash === this.#tip) return 'same';
    if (askedAt < this.#learntAt) return 'unsure';
    this.#tip = hash;
    this.#learntAt = this.ask();
    return 'new';
  }
}
