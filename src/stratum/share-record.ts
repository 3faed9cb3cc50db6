import { HashrateMeter } from '../mining/hashrate.ts';

/** What is kept of one connection's shares: how many, and how much work they stand for. */
export class ShareRecord {
  readonly #meter: HashrateMeter;
  #accepted = 0;
  #rejected = 0;
  #lastShareMs: number | undefined;

  constructor(nowMs: number) {
    this.#meter = new HashrateMeter(nowMs);
  }

  get accepted(): number {
    return this.#accepted;
  }

  get rejected(): number {
    return this.#rejected;
  }

  /** When the last one was accepted; undefined before the first. */
  get lastShareMs(): number | undefined {
    return this.#lastShareMs;
  }

  /** @param work hashes that the share stands for on average */
  accept(work: number, nowMs: number): void {
    this.#accepted += 1;
    this.#lastShareMs = nowMs;
    this.#meter.add(work, nowMs);
  }

  reject(): void {
    this.#rejected += 1;
  }

  /** One that was accepted, for this work, turned out to be none. */
  revoke(work: number, nowMs: number): void {
    this.#accepted -= 1;
    this.#rejected += 1;
    this.#meter.add(-work, nowMs);
  }

  hashesPerS(nowMs: number): number {
    return this.#meter.rate(nowMs);
  }
}
