import type { Clock, Timer } from '../mining/ports.ts';

const SAMPLE_MS = 1000;
/** The rate is that of the last minute: a KawPoW hash takes milliseconds, so a minute has thousands. */
const SAMPLES_MAX = 60;

/** Hashes per second of a counter that somebody else counts up. */
export class HashMeter {
  readonly #clock: Clock;
  readonly #count: () => number;
  readonly #samples: { readonly atMs: number; readonly hashes: number }[] = [];
  #timer: Timer | undefined;

  /** @param count hashes computed so far; never going back */
  constructor(clock: Clock, count: () => number) {
    this.#clock = clock;
    this.#count = count;
    this.#sample();
  }

  /** Over the last minute, or since the start where that is shorter. */
  hashesPerS(): number {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (!first || !last || last.atMs === first.atMs) return 0;
    return ((last.hashes - first.hashes) * 1000) / (last.atMs - first.atMs);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #sample(): void {
    this.#samples.push({ atMs: this.#clock.nowMs(), hashes: this.#count() });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
    this.#timer = this.#clock.setTimer(SAMPLE_MS, () => this.#sample());
  }
}
