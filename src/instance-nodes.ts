import type { Network } from './chain/coins.ts';
import type { NodeConfig, TipsConfig } from './config/types.ts';
import { InstanceSignals } from './instance-signals.ts';
import type { KawPow } from './kawpow/params.ts';
import type { Clock, Log, NodeRpc, Timer } from './mining/ports.ts';
import { parseTemplate, type Template } from './mining/template.ts';
import type { NodeReport } from './node/node-report.ts';
import { NodeSet } from './node/node-set.ts';
import { versionTrouble } from './node/node-version.ts';
import type { NodeStatus } from './node/status.ts';
import type { SignalScore } from './node/tip-feed.ts';
import type { SignalName, SignalReport } from './node/tip-signal.ts';
import type { NodeSignals, SignalListener } from './node-signals.ts';

/** A node that is let go may still owe the answer to a block; one that is slow with it has this long. */
const LAST_ANSWERS_WITHIN_MS = 60_000;

/** A question is given up after 5 s, and the next one comes 10 s later at the most: after this long, none will come. */
const ASKED_WITHIN_MS = 60_000;

/** A node and its client. */
export interface InstanceNode extends Pick<NodeConfig, 'name' | 'url' | 'priority'> {
  readonly rpc: NodeRpc & { close(): void };
  /** Its tip signals besides polling; none when left out. */
  readonly listen?: (listener: SignalListener) => NodeSignals;
}

interface InstanceNodesOptions {
  readonly network: Network;
  readonly pow: KawPow;
  /** The node set's own when left out. */
  readonly tips: TipsConfig | undefined;
}

interface InstanceNodesModules {
  readonly clock: Clock;
  readonly log: Log;
  /** At least one, in the order of the configuration. */
  readonly nodes: readonly InstanceNode[];
  onTemplate(template: Template, newTip: boolean): void;
}

/**
 * An instance's nodes with all that is heard of them. They can be replaced while miners work on: what hangs on the nodes
 * is made anew then, and what only asks or tells them holds `list`, which is always the present ones.
 */
export class InstanceNodes {
  /** One list for good; only its members change. */
  readonly list: readonly InstanceNode[];
  readonly #list: InstanceNode[];
  readonly #options: Omit<InstanceNodesOptions, 'tips'>;
  readonly #modules: InstanceNodesModules;
  #tips: TipsConfig | undefined;
  #set: NodeSet<Template>;
  #signals: InstanceSignals;
  #status: NodeStatus | undefined;
  #isRunning = false;
  /** Clients of nodes that were let go, each with the timer that closes it. */
  readonly #leaving = new Map<InstanceNode, Timer>();
  /** Of what was replaced, until the last call under way has ended. */
  readonly #ending = new Set<Promise<unknown>>();

  constructor({ tips, ...options }: InstanceNodesOptions, modules: InstanceNodesModules) {
    this.#options = options;
    this.#modules = modules;
    this.#tips = tips;
    this.#list = [...modules.nodes];
    this.list = this.#list;
    this.#set = this.#createSet();
    this.#signals = this.#createSignals();
  }

  start(): void {
    this.#isRunning = true;
    this.#set.start();
    this.#signals.start();
  }

  /** No template comes after the call. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all([this.#set.stop(), this.#signals.stop(), ...this.#ending]);
  }

  /** To be called when no block waits for an answer any more. */
  closeClients(): void {
    for (const timer of this.#leaving.values()) timer.cancel();
    for (const { rpc } of [...this.#leaving.keys(), ...this.#list]) rpc.close();
    this.#leaving.clear();
  }

  /**
   * Other nodes, or other questions to them, from now on. The present work goes on until the new ones have a template.
   * Nobody waits for those that are let go: one may be away, and owe its answer for a while.
   * @param nodes at least one; one that stays is the same object as before
   */
  replace(nodes: readonly InstanceNode[], tips: TipsConfig | undefined): void {
    const before = { set: this.#set, signals: this.#signals };
    this.#tips = tips;
    for (const node of this.#list) if (!nodes.includes(node)) this.#letGo(node);
    this.#list.splice(0, this.#list.length, ...nodes);
    this.#set = this.#createSet();
    this.#signals = this.#createSignals();
    const ended = Promise.all([before.set.stop(), before.signals.stop()]);
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
    if (this.#isRunning) this.start();
  }

  /** All nodes together. */
  get status(): NodeStatus | undefined {
    return this.#status;
  }

  /** The one whose templates count. */
  get source(): InstanceNode | undefined {
    return this.#list.find(({ name }) => name === this.#set.sourceName);
  }

  /**
   * Whether the nodes are asked, answer or not. False would be a fault within KPSS, which a new start may mend.
   */
  isAsking(nowMs: number): boolean {
    return !this.#isRunning || nowMs - this.#set.askedAtMs < ASKED_WITHIN_MS;
  }

  reports(): NodeReport[] {
    return this.#set.reports();
  }

  signalScores(): SignalScore[] {
    return this.#set.signalScores();
  }

  signalReports(): SignalReport[] {
    return this.#signals.reports();
  }

  isLeftAside(node: string): boolean {
    return this.#set.isLeftAside(node);
  }

  isOfOurChain(node: string): boolean {
    return this.#set.isOfOurChain(node);
  }

  /** See NodeSet. @param hashHex display order */
  noteTip(hashHex: string, about: { readonly signal: SignalName; readonly node?: string }): void {
    this.#set.noteTip(hashHex, about);
  }

  /** A block of ours was accepted. */
  noteFound(hashHex: string): void {
    this.#set.noteFound(hashHex);
  }

  /** Has a template asked for now. */
  refresh(): void {
    this.#set.refresh();
  }

  /** A found block goes out beside RPC. */
  sendBlock(blockHex: string): void {
    this.#signals.sendBlock(blockHex);
  }

  #letGo(node: InstanceNode): void {
    const timer = this.#modules.clock.setTimer(LAST_ANSWERS_WITHIN_MS, () => {
      this.#leaving.delete(node);
      node.rpc.close();
    });
    this.#leaving.set(node, timer);
  }

  #createSet(): NodeSet<Template> {
    const { network, pow } = this.#options;
    const { clock, log, onTemplate } = this.#modules;
    return new NodeSet<Template>(
      {
        expectedChain: network.name,
        ownPeers: (node) => this.#signals.peersOf(node),
        versionTrouble: (version) => {
          const trouble = versionTrouble(network, version);
          return trouble && `${trouble.sentence} ${trouble.cure}`;
        },
        ...this.#tips,
        onTemplate: (template, { newTip }) => onTemplate(template, newTip),
        onStatus: (status) => {
          this.#status = status;
        },
        onBack: (node) => this.#signals.wake(node),
      },
      { nodes: [...this.#list], clock, log, parseTemplate: (raw) => parseTemplate(raw, pow, network) },
    );
  }

  #createSignals(): InstanceSignals {
    const { clock, log } = this.#modules;
    return new InstanceSignals({
      nodes: [...this.#list],
      clock,
      log,
      onTip: (hashHex, signal, node) => this.noteTip(hashHex, { signal, node }),
    });
  }
}
