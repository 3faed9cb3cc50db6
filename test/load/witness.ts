import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Verifier } from '../../src/kawpow/verifier.ts';
import { StratumClient } from '../support/stratum-client.ts';
import { TestMiner } from '../support/test-miner.ts';
import { PASSWORD } from './attack-tools.ts';

/** Five a second: a miner far busier than a real one. */
const PAUSE_MS = 200;

export interface WitnessReport {
  readonly submitted: number;
  /** Those that were answered `true`. */
  readonly accepted: number;
  /** Told stale, since another block came meanwhile: nobody's loss. */
  readonly stale: number;
  readonly worstMs: number;
  /** Its connection held. */
  readonly isConnected: boolean;
}

/** The well-behaved miner beside the attacks: finds real shares, submits one at a time, and keeps the time. */
export class Witness {
  readonly #client: StratumClient;
  readonly #miner: TestMiner;
  #submitted = 0;
  #accepted = 0;
  #stale = 0;
  #worstMs = 0;
  #isOver = false;
  #work: Promise<void> = Promise.resolve();

  private constructor(client: StratumClient, miner: TestMiner) {
    this.#client = client;
    this.#miner = miner;
  }

  static async start(port: number, verifier: Pick<Verifier, 'hash'>): Promise<Witness> {
    const client = await StratumClient.connect(port);
    const miner = new TestMiner(client, { dialect: '0x', address: 'witness', verifier, password: PASSWORD });
    await miner.logIn();
    const witness = new Witness(client, miner);
    witness.#work = witness.#mine();
    return witness;
  }

  /** That it was given so far. */
  get jobs(): number {
    return this.#client.messages.filter(({ method }) => method === 'mining.notify').length;
  }

  /** Since the last report. */
  report(): WitnessReport {
    const report = {
      submitted: this.#submitted,
      accepted: this.#accepted,
      stale: this.#stale,
      worstMs: this.#worstMs,
      isConnected: !this.#client.closed,
    };
    this.#submitted = 0;
    this.#accepted = 0;
    this.#stale = 0;
    this.#worstMs = 0;
    return report;
  }

  /** Settled when the share under way has its answer. Rejects when one never came. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#work;
    this.#client.destroy();
  }

  async #mine(): Promise<void> {
    while (!this.#isOver) {
      const job = await this.#client.job();
      const found = await this.#miner.hash(job, ({ meetsShareTarget }) => meetsShareTarget);
      const beforeMs = performance.now();
      this.#submitted += 1;
      const reply = await this.#miner.submit(job, found);
      this.#worstMs = Math.max(this.#worstMs, performance.now() - beforeMs);
      if (reply.result === true) this.#accepted += 1;
      else if (reply.error?.[0] === 21) this.#stale += 1;
      await sleep(PAUSE_MS);
    }
  }
}
