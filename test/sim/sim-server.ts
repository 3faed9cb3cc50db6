import type { Payout } from '../../src/chain/payout.ts';
import type { Job } from '../../src/mining/job.ts';
import type { Timer } from '../../src/mining/ports.ts';
import { GateTurns } from '../../src/stratum/candidate-gate.ts';
import { type MinerReport, reportMiners } from '../../src/stratum/miner-report.ts';
import type { MinersServer, StratumServerOptions } from '../../src/stratum/server.ts';
import { SimLink, type SimPeer, type SimServerModules } from './sim-link.ts';

/** As the real server looks after its sessions. */
const SWEEP_INTERVAL_MS = 5_000;
/** What does not read is given up, as the real server does. */
const CLOSE_WITHIN_MS = 1_000;

/** The miners' ports without a network: real sessions behind real connections, on simulated sockets. */
export class SimServer implements MinersServer {
  #options: StratumServerOptions;
  readonly #modules: SimServerModules;
  readonly #links = new Set<SimLink>();
  readonly #gateTurns = new GateTurns();
  #isListening = false;
  #sweepTimer: Timer | undefined;
  #nextSessionId = 1;

  constructor(options: StratumServerOptions, modules: SimServerModules) {
    this.#options = options;
    this.#modules = modules;
    this.#watchJobs();
  }

  get minerCount(): number {
    return [...this.#links].filter((link) => link.session.workerName !== undefined).length;
  }

  miners(): MinerReport[] {
    const sessions = [...this.#links].map(({ session }) => session);
    return reportMiners(sessions, this.#modules.clock.nowMs());
  }

  get links(): Iterable<SimLink> {
    return this.#links;
  }

  listen(): Promise<number[]> {
    this.#isListening = true;
    this.#scheduleSweep();
    return Promise.resolve(this.#options.ports.map(({ port }) => port));
  }

  /** All ports stay: what can be another here is their difficulty. */
  release(options: StratumServerOptions): void {
    const before = this.#options;
    this.#options = options;
    for (const link of this.#links) {
      const at = link.miner.port % options.ports.length;
      const [old, vardiff] = [before.ports[at]?.vardiff, options.ports[at]?.vardiff];
      if (vardiff !== undefined && vardiff !== old) link.session.useVardiff(vardiff);
    }
  }

  apply(options: StratumServerOptions): Promise<void> {
    this.release(options);
    return Promise.resolve();
  }

  usePayout(payoutFor: (userName: string) => Payout | undefined): void {
    const { paid } = this.#modules;
    for (const link of this.#links) link.session.usePayout((userName) => paid(userName, payoutFor));
  }

  announceJob(): void {
    this.#modules.invariants.templateTaken(this.#modules.jobs.tip ?? '');
    for (const link of this.#links) link.session.offerJob();
  }

  async close(): Promise<void> {
    this.#isListening = false;
    this.#sweepTimer?.cancel();
    const closed = Promise.all([...this.#links].map((link) => link.shut()));
    const hurry = this.#modules.clock.setTimer(CLOSE_WITHIN_MS, () => {
      for (const link of this.#links) link.destroy();
    });
    await closed;
    hurry.cancel();
    this.#gateTurns.end();
  }

  /** @returns undefined when nobody listens */
  connect(miner: SimPeer): SimLink | undefined {
    const { ports, limits } = this.#options;
    const port = ports[miner.port % ports.length];
    if (!this.#isListening || port === undefined || this.#links.size >= limits.connectionsMax)
      return undefined;
    const id = String(this.#nextSessionId++);
    const link = new SimLink(
      { id, vardiff: port.vardiff, limits },
      {
        ...this.#modules,
        miner,
        gateTurns: this.#gateTurns,
        onGone: () => this.#links.delete(link),
      },
    );
    this.#links.add(link);
    return link;
  }

  /** Looks whether all that strangers can make grow is within its bounds. */
  checkBounds(): void {
    const { prefixes, invariants } = this.#modules;
    if (prefixes.leased > this.#links.size)
      invariants.fail('sizes are bounded', `${prefixes.leased} prefixes of ${this.#links.size} connections`);
    for (const link of this.#links) link.checkBounds();
  }

  /** The process is gone: its sockets close, and nothing more is handled. */
  kill(): void {
    this.#isListening = false;
    for (const link of this.#links) link.cut();
    this.#links.clear();
  }

  #scheduleSweep(): void {
    this.#sweepTimer = this.#modules.clock.setTimer(SWEEP_INTERVAL_MS, () => {
      for (const link of this.#links) link.session.sweep();
      this.#scheduleSweep();
    });
  }

  /** What a header builds on is not to be seen on the wire, so the simulation looks on as jobs are made. */
  #watchJobs(): void {
    const { jobs, invariants } = this.#modules;
    const current = jobs.current.bind(jobs);
    const variant = jobs.variant.bind(jobs);
    const noted = (job: Job | undefined): Job | undefined => {
      if (job !== undefined) invariants.jobMade(job);
      return job;
    };
    jobs.current = (payout) => noted(current(payout));
    jobs.variant = (payout) => noted(variant(payout));
  }
}
