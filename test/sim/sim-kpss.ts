import assert from 'node:assert/strict';
import { findNetwork } from '../../src/chain/coins.ts';
import { KpssError } from '../../src/error.ts';
import { Instance, type InstanceNode } from '../../src/instance.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import type { Log } from '../../src/mining/ports.ts';
import type { VardiffOptions } from '../../src/mining/vardiff.ts';
import { onePort } from '../support/stratum-options.ts';
import type { Candidates } from './candidates.ts';
import type { Invariants } from './invariants.ts';
import type { SeededRandom } from './random.ts';
import type { OwnedClock, SimClock } from './sim-clock.ts';
import { type SimDisk, SimJournalStore } from './sim-disk.ts';
import type { SimMiner } from './sim-miner.ts';
import type { SimNode } from './sim-node.ts';
import { SimRpc } from './sim-rpc.ts';
import { type SimLink, SimServer } from './sim-server.ts';
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
}

/** One process of KPSS, from its start until it is stopped or killed: the real instance on simulated edges. */
export class SimKpss {
  readonly #modules: SimKpssModules;
  readonly #clock: OwnedClock;
  readonly #rpcs: readonly SimRpc[];
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
    const network = findNetwork('ravencoin', 'regtest');
    assert(network);
    const verifierRandom = random.fork('verifier');
    this.instance = new Instance(
      {
        name: 'simulated',
        network,
        pow: KAWPOW,
        payout: { mainScript: Uint8Array.of(0x51), recipients: [] },
        tag: new TextEncoder().encode('/sim/'),
        stratum: onePort(VARDIFF, 1),
      },
      {
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
        nodes: this.#rpcs.map((rpc, index) => this.#asNode(rpc, index)),
        journal: this.journal,
        onBlock: (block) => {
          if (!this.#isDead) candidates.settled(block);
        },
        createServer: (options, given) => {
          const { network: wires } = modules;
          const more = { network: wires, random: random.fork('wires'), invariants };
          this.#server = new SimServer(options, { ...given, ...more });
          return this.#server;
        },
      },
    );
  }

  start(): void {
    this.#modules.disk.started(this.#clock.nowMs());
    void this.instance.start();
  }

  connect(miner: SimMiner): SimLink | undefined {
    return this.#server?.connect(miner);
  }

  /** As SIGKILL: what it had sent is on its way, and nothing else of it is left. */
  kill(): void {
    this.#isDead = true;
    this.#clock.kill();
    this.#server?.kill();
    this.journal.kill();
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
