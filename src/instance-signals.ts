import type { Clock, Log } from './mining/ports.ts';
import { TokenBucket } from './mining/token-bucket.ts';
import type { SignalName, SignalReport } from './node/tip-signal.ts';
import type { NodeSignals, SignalListener } from './node-signals.ts';

/** Lines about one signal: one that comes and goes with its node, again and again, has one a minute. */
const LINES = { tokensMax: 12, perS: 1 / 60 };

/** A node that may have more to tell than its answers. */
interface SignallingNode {
  readonly name: string;
  /** What its configuration names; nothing when left out. */
  readonly listen?: ((listener: SignalListener) => NodeSignals) | undefined;
}

interface InstanceSignalsModules {
  readonly nodes: readonly SignallingNode[];
  readonly clock: Clock;
  readonly log: Log;
  /** A signal heard of a block. @param hashHex display order */
  readonly onTip: (hashHex: string, signal: SignalName, node: string) => void;
}

/** All tip signals of an instance's nodes but polling: started and stopped together, and their changes told. */
export class InstanceSignals {
  readonly #modules: InstanceSignalsModules;
  readonly #nodes: readonly NodeSignals[];
  /** By signal and node: a handful of each. */
  readonly #lines = new Map<string, TokenBucket>();

  constructor(modules: InstanceSignalsModules) {
    this.#modules = modules;
    this.#nodes = modules.nodes.flatMap(({ name, listen }) => {
      const listener: SignalListener = {
        onTip: (hashHex, signal) => modules.onTip(hashHex, signal, name),
        onReport: (report) => this.#tell(report),
      };
      return listen?.(listener) ?? [];
    });
  }

  start(): void {
    for (const { signals } of this.#nodes) for (const signal of signals) signal.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.flatMap(({ signals }) => signals.map((signal) => signal.stop())));
  }

  /** A node's RPC is back, so that its other ports may be, too. */
  wake(node: string): void {
    for (const { signals } of this.#nodes)
      for (const signal of signals) if (signal.report().node === node) signal.wake?.();
  }

  reports(): SignalReport[] {
    return this.#nodes.flatMap(({ signals }) => signals.map((signal) => signal.report()));
  }

  /** @returns how many of a node's peers are our own P2P connections */
  peersOf(node: string): number {
    const ours = this.reports().filter((report) => report.node === node && report.signal === 'p2p');
    return ours.filter(({ state }) => state === 'on').length;
  }

  /** A found block goes out beside RPC, to every node that a connection stands to. */
  sendBlock(blockHex: string): void {
    for (const node of this.#nodes) node.sendBlock(blockHex);
  }

  #tell(report: SignalReport): void {
    const { signal, node, state, sentence } = report;
    const fields = { signal, node, state };
    const text = `${signal} of ${node}: ${sentence}`;
    if (!this.#linesOf(`${signal} ${node}`).take(this.#modules.clock.nowMs())) {
      this.#modules.log.debug(fields, text);
    } else if (state === 'failed') this.#modules.log.warn(fields, text);
    else if (state === 'connecting') this.#modules.log.debug(fields, text);
    // Also that one is off: whoever installed nothing for it, or closed the port, wants to know that it is not used.
    else this.#modules.log.info(fields, text);
  }

  #linesOf(key: string): TokenBucket {
    const known = this.#lines.get(key) ?? new TokenBucket(LINES, this.#modules.clock.nowMs());
    this.#lines.set(key, known);
    return known;
  }
}
