import { DEMERITS_MAX, REJECTIONS, type RejectReason } from './rejections.ts';

/** What a connection is closed for when its demerits are full. */
export type DemeritsReason = 'wrong-mix' | 'garbage' | 'server-full' | 'demerits';

/** What is held against one connection. */
export class Demerits {
  #all = 0;
  /** Of all, those for false mix hashes, and for what is no stratum. */
  #forged = 0;
  #garbage = 0;

  add(reason: RejectReason): void {
    const { demerits } = REJECTIONS[reason];
    this.#all += demerits;
    if (reason === 'wrong-mix' || reason === 'broken-trust') this.#forged += demerits;
    if (reason === 'bad-request') this.#garbage += demerits;
  }

  /** A good share takes one off. */
  forgive(): void {
    this.#all = Math.max(this.#all - 1, 0);
    this.#forged = Math.min(this.#forged, this.#all);
    this.#garbage = Math.min(this.#garbage, this.#all);
  }

  /**
   * @param last what was added last
   * @returns what the connection is to be closed for: what makes up at least half of it
   */
  verdict(last: RejectReason): DemeritsReason | undefined {
    if (this.#all < DEMERITS_MAX) return undefined;
    if (last === 'server-full') return 'server-full';
    if (this.#forged * 2 >= this.#all) return 'wrong-mix';
    return this.#garbage * 2 >= this.#all ? 'garbage' : 'demerits';
  }
}
