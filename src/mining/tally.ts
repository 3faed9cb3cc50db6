import { formatHashrate, HashrateMeter } from './hashrate.ts';

/** Counts of one instance since its start. */
export interface TallyCounts {
  readonly accepted: number;
  /** Of the accepted: those whose mix hash was not checked in time. */
  readonly unverified: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly blocksFound: number;
  readonly blocksAccepted: number;
}

/** Keeps count of shares and blocks, and estimates the hashrate of all miners together. */
export class Tally {
  readonly #meter: HashrateMeter;
  readonly #rejected = new Map<string, number>();
  #accepted = 0;
  #unverified = 0;
  #blocksFound = 0;
  #blocksAccepted = 0;

  constructor(nowMs: number) {
    this.#meter = new HashrateMeter(nowMs);
  }

  /** @param work hashes that the share stands for on average */
  accept(work: number, verified: boolean, nowMs: number): void {
    this.#accepted += 1;
    if (!verified) this.#unverified += 1;
    this.#meter.add(work, nowMs);
  }

  /** A share that was accepted unverified turned out to be none. */
  revoke(reason: string, work: number, nowMs: number): void {
    this.#accepted -= 1;
    this.#unverified -= 1;
    this.#meter.add(-work, nowMs);
    this.reject(reason);
  }

  /** @param reason one of a fixed set, so the map is bounded */
  reject(reason: string): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1);
  }

  blockFound(): void {
    this.#blocksFound += 1;
  }

  blockAccepted(): void {
    this.#blocksAccepted += 1;
  }

  hashesPerS(nowMs: number): number {
    return this.#meter.rate(nowMs);
  }

  counts(): TallyCounts {
    return {
      accepted: this.#accepted,
      unverified: this.#unverified,
      rejected: Object.fromEntries(this.#rejected),
      blocksFound: this.#blocksFound,
      blocksAccepted: this.#blocksAccepted,
    };
  }

  /** One line for the log: `31.4 MH/s, 120 shares accepted, 2 rejected (2 stale), 1 block of 1 accepted`. */
  summary(nowMs: number): string {
    const rejected = [...this.#rejected].map(([reason, count]) => `${count} ${reason}`);
    const total = [...this.#rejected.values()].reduce((sum, count) => sum + count, 0);
    const parts = [
      formatHashrate(this.hashesPerS(nowMs)),
      `${this.#accepted} shares accepted${this.#unverified > 0 ? ` (${this.#unverified} unverified)` : ''}`,
      `${total} rejected${total > 0 ? ` (${rejected.join(', ')})` : ''}`,
      `${this.#blocksAccepted} of ${this.#blocksFound} blocks accepted`,
    ];
    return parts.join(', ');
  }
}
