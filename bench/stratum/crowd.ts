import { setTimeout as sleep } from 'node:timers/promises';
import { LoadMiner } from './load-miner.ts';

/** How far apart newcomers are looked at. */
const TICK_MS = 5;
/** Whatever a crowd waits for comes within this, or never. */
const PATIENCE_MS = 30_000;

/** Who has been notified of one block. */
export interface Notified {
  readonly count: number;
  /** performance.now() of the first and the last one. */
  readonly firstMs: number;
  readonly lastMs: number;
}

type OnReply = (miner: LoadMiner, reply: { id: number; result: unknown }, atMs: number) => void;

/** Many miners, in this thread. */
export class Crowd {
  readonly miners: LoadMiner[] = [];
  readonly #port: number;
  #arrived = 0;
  #lost = 0;
  /** Miners that got it, by header hash. */
  readonly #headers = new Map<string, number>();
  #awaited: { readonly words: string; count: number; firstMs: number; lastMs: number } | undefined;
  onReply: OnReply = () => {};

  constructor(port: number) {
    this.#port = port;
  }

  /** Connections that ended by themselves: there should be none. */
  get lost(): number {
    return this.#lost;
  }

  /** Miners that got it, for each header hash. */
  get headers(): ReadonlyMap<string, number> {
    return this.#headers;
  }

  /**
   * Newcomers, evenly over time.
   * @returns when all have a job
   * @throws Error when some get none
   */
  async arrive(count: number, perS: number): Promise<void> {
    const startMs = performance.now();
    for (let come = 0; come < count; ) {
      const due = Math.min(count, Math.ceil(((performance.now() - startMs) / 1000) * perS));
      for (; come < due; come++) this.#connect();
      await sleep(TICK_MS);
    }
    await this.#until(
      () => this.#arrived >= this.miners.length,
      () => `${this.miners.length - this.#arrived} of ${this.miners.length} miners got no job`,
    );
  }

  /** Counts, from now on, the miners that get a job of this height. */
  expect(height: number): void {
    this.#awaited = { words: `,${height},"`, count: 0, firstMs: Number.NaN, lastMs: Number.NaN };
  }

  /** @returns when all were notified of the height that was expected @throws Error when some were not */
  async notified(): Promise<Notified> {
    const awaited = this.#awaited;
    if (awaited === undefined) throw new Error('nothing is expected');
    const { length } = this.miners;
    await this.#until(
      () => awaited.count >= length,
      () => `${length - awaited.count} of ${length} miners missed a block`,
    );
    return awaited;
  }

  close(): void {
    for (const miner of this.miners) miner.close();
  }

  #connect(): void {
    const miner = new LoadMiner(this.#port, this.miners.length, {
      onJob: (_, line, atMs) => {
        if (miner.firstJobMs === atMs) this.#arrived += 1;
        const header = headerOf(line);
        this.#headers.set(header, (this.#headers.get(header) ?? 0) + 1);
        const awaited = this.#awaited;
        if (awaited === undefined || !line.includes(awaited.words)) return;
        if (awaited.count === 0) awaited.firstMs = atMs;
        awaited.count += 1;
        awaited.lastMs = atMs;
      },
      onReply: (from, reply, atMs) => this.onReply(from, reply, atMs),
      onLost: () => {
        this.#lost += 1;
      },
    });
    this.miners.push(miner);
  }

  async #until(isDone: () => boolean, complaint: () => string): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (!isDone()) {
      if (performance.now() > deadlineMs || this.#lost > 0) {
        throw new Error(`${complaint()} (${this.#lost} connections were closed by the server)`);
      }
      await sleep(TICK_MS);
    }
  }
}

/** Of a notify's line: its second parameter. */
function headerOf(line: string): string {
  const start = line.indexOf('","', line.indexOf('"params"')) + 3;
  return line.slice(start, start + 64);
}
