import assert from 'node:assert/strict';
import { findNetwork } from '../../src/chain/coins.ts';
import { KpssError } from '../../src/error.ts';
import { Instance, type InstanceOptions } from '../../src/instance.ts';
import type { InstanceNode } from '../../src/instance-nodes.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import type { Log } from '../../src/mining/ports.ts';
import type { VardiffOptions } from '../../src/mining/vardiff.ts';
import { DEFAULT_BANNING, DEFAULT_LIMITS } from '../../src/stratum/limits.ts';
import { onePort, onlyPort } from '../support/stratum-options.ts';
import type { Candidates } from './candidates.ts';
import type { Invariants } from './invariants.ts';
import type { SeededRandom } from './random.ts';
import type { OwnedClock, SimClock } from './sim-clock.ts';
import { type SimDisk, SimJournalStore } from './sim-disk.ts';
import type { SimLink, SimPeer } from './sim-link.ts';
import { SimLogins } from './sim-logins.ts';
import type { SimNode } from './sim-node.ts';
import { SimRpc } from './sim-rpc.ts';
import { SimServer } from './sim-server.ts';
import { createSimVerifier } from './sim-verifier.ts';
import type { Trace } from './trace.ts';

/** From every hash a share to one in twenty, so that difficulties change all the time. */
const VARDIFF: VardiffOptions = {
  minDifficulty: 1e-10,
  startDifficulty: 5e-10,
  maxDifficulty: 5e-9,
  targetTimeMs: 1_500,
  retargetTimeMs: 6_000,
  variancePercent: 30,
};

/** For the second port: one difficulty, at which about every second hash is a share. */
const FIXED: VardiffOptions = { ...VARDIFF, minDifficulty: 5e-10, maxDifficulty: 5e-10 };
/** So that those who never log in are closed within the run. */
const LOGIN_TIMEOUT_MS = 12_000;
/** Far more than a miner sends here, and what a flood has to rest for. */
const LINES_PER_S_MAX = 60;
/** Timers of an instance without miners: polls, calls, sweeps, and a hundred blocks on their way to three nodes. */
const OWN_TIMERS_MAX = 700;

export interface SimKpssModules {
  readonly clock: SimClock;
  /** The world's. */
  readonly network: OwnedClock;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly nodes: readonly SimNode[];
  readonly invariants: Invariants;
  readonly candidates: Candidates;
  readonly disk: SimDisk;
  readonly isVerifierBusy: () => boolean;
  /** A login takes as long as this at the most; 0: it is answered at once. */
  readonly loginMs: number;
  readonly paysAccounts: boolean;
}

/** One process of KPSS, from its start until it is stopped or killed: the real instance on simulated edges. */
export class SimKpss {
  readonly #modules: SimKpssModules;
  readonly #clock: OwnedClock;
  readonly #rpcs: readonly SimRpc[];
  readonly #instanceNodes: readonly InstanceNode[];
  #options: InstanceOptions;
  readonly instance: Instance;
  readonly journal: SimJournalStore;
  #server: SimServer | undefined;
  #isDead = false;

  constructor(modules: SimKpssModules) {
    this.#modules = modules;
    const { random, nodes, invariants, candidates, isVerifierBusy } = modules;
    this.#clock = modules.clock.owned();
    this.journal = new SimJournalStore({
      disk: modules.disk,
      clock: this.#clock,
      random: random.fork('journal'),
    });
    this.#rpcs = nodes.map((node) => this.#connectTo(node));
    this.#instanceNodes = this.#rpcs.map((rpc, index) => this.#asNode(rpc, index));
    this.#options = optionsOf(VARDIFF, 0x51);
    const verifierRandom = random.fork('verifier');
    this.instance = new Instance(this.#options, {
      clock: this.#clock,
      random: random.fork('kpss'),
      log: this.#createLog(),
      verifier: createSimVerifier({
        clock: this.#clock,
        random: verifierRandom,
        invariants,
        candidates,
        isBusy: isVerifierBusy,
      }),
      nodes: this.#instanceNodes,
      journal: this.journal,
      onBlock: (block) => {
        if (!this.#isDead) candidates.settled(block);
      },
      createServer: (options, given) => {
        const { network: wires } = modules;
        const more = { network: wires, clock: this.#clock, random: random.fork('wires'), invariants };
        const desk = new SimLogins(given.login, {
          ...modules,
          clock: this.#clock,
          random: random.fork('logins'),
        });
        const login = (userName: string, password: string) => desk.login(userName, password);
        const paid = desk.payoutFor.bind(desk);
        this.#server = new SimServer(options, { ...given, ...more, login, paid });
        return this.#server;
      },
    });
  }

  start(): void {
    this.#modules.disk.started(this.#clock.nowMs());
    void this.instance.start();
  }

  /** Another difficulty, another payout, or both, while miners mine on. */
  reload(random: SeededRandom): void {
    const vardiff = { ...VARDIFF, maxDifficulty: random.pick([1e-9, 3e-9, 5e-9]) };
    this.#options = optionsOf(random.chance(0.5) ? vardiff : VARDIFF, random.pick([0x51, 0x52, 0x53]));
    this.instance.reconfigure(this.#options, this.#instanceNodes).catch((error: unknown) => {
      this.#modules.invariants.fail('no fault within', String(error));
    });
  }

  connect(miner: SimPeer): SimLink | undefined {
    return this.#server?.connect(miner);
  }

  /** As SIGKILL: what it had sent is on its way, and nothing else of it is left. */
  kill(): void {
    this.#isDead = true;
    this.#clock.kill();
    this.#server?.kill();
    this.journal.kill();
  }

  /** Looks whether all that strangers can make grow is within its bounds. */
  checkBounds(): void {
    const { invariants } = this.#modules;
    this.#server?.checkBounds();
    const links = [...(this.#server?.links ?? [])].length;
    // Of a connection: one for a job, one to let it go, one to go on. Of a share: its deadline, and its verdict.
    const timersMax = OWN_TIMERS_MAX + 4 * links + 2 * invariants.recentShares;
    const timers = this.#clock.pending();
    if (timers > timersMax) invariants.fail('sizes are bounded', `${timers} timers for ${links} connections`);
  }

  /** What is still running, in words; empty when all is over. */
  leftovers(): string {
    const calls = this.#rpcs.reduce((sum, rpc) => sum + rpc.open, 0);
    const links = [...(this.#server?.links ?? [])].length;
    const timers = this.#clock.pending();
    const parts = Object.entries({ timers, calls, links }).filter(([, count]) => count > 0);
    return parts.map(([what, count]) => `${count} ${what}`).join(', ');
  }

  #connectTo(node: SimNode): SimRpc {
    const { network, random, trace, candidates, invariants } = this.#modules;
    return new SimRpc({
      node,
      network,
      clock: this.#clock,
      random: random.fork(`way to ${node.name}`),
      onCall: ({ name }, method, params) => {
        if (method !== 'getbestblockhash') trace.add(network.nowMs(), name, `<- ${method}`);
        if (method === 'submitblock') candidates.called(node, String(params[0]));
      },
      onAnswer: ({ name }, method, params, answer) => {
        if (method === 'submitblock') candidates.answered(node, String(params[0]), answer);
        const { mode } = (params[0] ?? {}) as { mode?: string };
        if (mode !== 'proposal' || typeof answer !== 'string' || answer.startsWith('inconclusive')) return;
        if (node.fault === 'none') invariants.fail('a job is valid', `${name} says ${answer}`);
      },
    });
  }

  #asNode(rpc: SimRpc, index: number): InstanceNode {
    const { name } = this.#modules.nodes[index] as SimNode;
    return { name, url: `http://${name}`, priority: index + 1, rpc };
  }

  /** Lines go into the trace; one that tells of a fault within KPSS fails the run. */
  #createLog(): Log {
    const { trace, network, invariants } = this.#modules;
    const at = (level: string) => (fields: object, message: string) => {
      if (this.#isDead) return;
      trace.add(network.nowMs(), 'kpss', `${level}: ${message}`);
      const { err } = fields as { err?: unknown };
      if (err !== undefined && !(err instanceof KpssError))
        invariants.fail('no fault within', `${message}: ${String(err)}`);
    };
    return { debug() {}, info: at('info'), warn: at('warn'), error: at('error') };
  }
}

/** @param opcode that pays: the one byte of the script */
function optionsOf(vardiff: VardiffOptions, opcode: number): InstanceOptions {
  const network = findNetwork('ravencoin', 'regtest');
  assert(network);
  return {
    name: 'simulated',
    network,
    pow: KAWPOW,
    payout: { mainScript: Uint8Array.of(opcode), recipients: [] },
    tag: new TextEncoder().encode('/sim/'),
    stratum: {
      ports: [vardiff, FIXED].map((own, index) => ({ ...onlyPort(onePort(own)), port: index + 1 })),
      limits: { ...DEFAULT_LIMITS, loginTimeoutMs: LOGIN_TIMEOUT_MS, linesPerSMax: LINES_PER_S_MAX },
      banning: DEFAULT_BANNING,
    },
  };
}
