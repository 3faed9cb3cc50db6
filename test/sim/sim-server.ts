import type { Job } from '../../src/mining/job.ts';
import type { Timer } from '../../src/mining/ports.ts';
import { GateTurns } from '../../src/stratum/candidate-gate.ts';
import { LineSplitter } from '../../src/stratum/lines.ts';
import { parseRequest } from '../../src/stratum/messages.ts';
import { type MinerReport, reportMiners } from '../../src/stratum/miner-report.ts';
import type { MinersServer, StratumServerModules, StratumServerOptions } from '../../src/stratum/server.ts';
import { Session } from '../../src/stratum/session.ts';
import type { CloseReason, Wire } from '../../src/stratum/wire.ts';
import type { Invariants } from './invariants.ts';
import type { SeededRandom } from './random.ts';
import type { OwnedClock } from './sim-clock.ts';
import type { SimMiner, SimRequest } from './sim-miner.ts';

/** As the real server looks after its sessions. */
const SWEEP_INTERVAL_MS = 5_000;

interface SimServerModules extends StratumServerModules {
  /** The world's: what was sent arrives even when the sender is gone. */
  readonly network: OwnedClock;
  readonly random: SeededRandom;
  readonly invariants: Invariants;
}

/** The miners' port without sockets: real sessions, with the real splitter and parser before them. */
export class SimServer implements MinersServer {
  readonly #options: StratumServerOptions;
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

  announceJob(): void {
    this.#modules.invariants.templateTaken(this.#modules.jobs.tip ?? '');
    for (const link of this.#links) link.session.offerJob();
  }

  close(): Promise<void> {
    this.#isListening = false;
    this.#sweepTimer?.cancel();
    for (const link of this.#links) link.shut();
    this.#gateTurns.end();
    return Promise.resolve();
  }

  /** @returns undefined when nobody listens */
  connect(miner: SimMiner): SimLink | undefined {
    if (!this.#isListening) return undefined;
    const id = String(this.#nextSessionId++);
    const link = new SimLink(id, miner, this.#options, {
      ...this.#modules,
      gateTurns: this.#gateTurns,
      onClosed: () => this.#links.delete(link),
    });
    this.#links.add(link);
    return link;
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

interface SimLinkModules extends SimServerModules {
  readonly gateTurns: GateTurns;
  readonly onClosed: () => void;
}

/** One connection: text in chunks of any size and in order to the session, lines in order to the miner. */
export class SimLink implements Wire {
  readonly session: Session;
  readonly miner: SimMiner;
  /** What the miner sent, by id. */
  readonly requests = new Map<number, SimRequest>();
  readonly #modules: SimLinkModules;
  readonly #lines = new LineSplitter();
  readonly #latencyMs: number;
  /** Handed over and not handled yet. */
  readonly #waiting: string[] = [];
  #outgoing = '';
  #outgoingJob = '';
  #flushing = false;
  #isOpen = true;
  /** Nothing of it is handled any more, though the socket is still there. */
  #isClosing = false;

  constructor(id: string, miner: SimMiner, options: StratumServerOptions, modules: SimLinkModules) {
    this.miner = miner;
    this.#modules = modules;
    this.#latencyMs = modules.random.pick([0, 1, 5, 40]);
    const onFault = (error: unknown) => modules.invariants.fail('no fault within', String(error));
    const [{ vardiff } = { vardiff: undefined }] = options.ports;
    if (vardiff === undefined) throw new Error('an instance has a port');
    this.session = new Session({ id, vardiff, limits: options.limits }, { ...modules, wire: this, onFault });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** From the miner. */
  transmit(text: string): void {
    const { network, random } = this.#modules;
    const bytes = new TextEncoder().encode(text);
    const cut = random.chance(0.2) ? random.int(0, bytes.length) : bytes.length;
    for (const chunk of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      if (chunk.length > 0) network.setTimer(this.#latencyMs, () => this.#read(chunk));
    }
  }

  /** From the miner: it hangs up. What it sent before still arrives. */
  hangUp(): void {
    this.#modules.network.setTimer(this.#latencyMs, () => this.#end());
  }

  send(line: string): void {
    this.#outgoing += line;
    this.#flushSoon();
  }

  sendJob(lines: string): void {
    this.#outgoingJob = lines;
    this.#flushSoon();
  }

  /** What was written still goes out; a socket's close comes in a later turn. */
  close(reason: CloseReason): void {
    this.#isClosing = true;
    this.#modules.invariants.closedByServer(this, reason);
    this.#flush();
    this.#modules.network.setTimer(0, () => this.#end());
    this.#toMiner((miner) => miner.closed(this));
  }

  /** The server stops. */
  shut(): void {
    this.#flush();
    this.#end();
    this.#toMiner((miner) => miner.closed(this));
  }

  /** The server's process is gone. */
  cut(): void {
    this.#isOpen = false;
    this.#toMiner((miner) => miner.closed(this));
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.session.end();
    this.#modules.onClosed();
  }

  #read(chunk: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#waiting.push(...this.#lines.push(chunk).lines);
    this.#work();
  }

  /** As the real connection: a candidate ends the turn, what is left comes in the next. */
  #work(): void {
    const { clock, invariants, jobs } = this.#modules;
    while (this.#isOpen && !this.#isClosing) {
      const line = this.#waiting.shift();
      if (line === undefined) return;
      const parsed = parseRequest(line);
      invariants.beforeHandling(this, parsed, jobs);
      const isHandedOn = this.session.handle(parsed) === 'new-turn';
      invariants.afterHandling(this, parsed, isHandedOn);
      if (!isHandedOn) continue;
      clock.setTimer(0, () => this.#work());
      return;
    }
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    const text = this.#outgoing + this.#outgoingJob;
    this.#outgoing = '';
    this.#outgoingJob = '';
    if (text === '' || !this.#isOpen) return;
    this.#toMiner((miner) => miner.received(this, text));
  }

  #toMiner(what: (miner: SimMiner) => void): void {
    this.#modules.network.setTimer(this.#latencyMs, () => what(this.miner));
  }
}
