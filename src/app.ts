import type { InstanceFacts } from './api-status.ts';
import type { BlockOutcome } from './block-ledger.ts';
import type { NodeConfig } from './config/types.ts';
import { Instance, type InstanceNode, type InstanceOptions } from './instance.ts';
import { InstanceBans } from './instance-bans.ts';
import { type KawPow, PROOFS_OF_WORK } from './kawpow/params.ts';
import type { VerifierPool } from './kawpow/verifier.ts';
import type { Clock, Log, RandomSource } from './mining/ports.ts';
import { createRpcClient } from './node/rpc-client.ts';
import { createNodeSignals } from './node-signals.ts';
import type { BanStore } from './store/ban-store.ts';
import type { JournalStore } from './store/journal-store.ts';
import type { ReadTls } from './stratum/tls-stage.ts';

export interface AppInstance extends Omit<InstanceOptions, 'pow'> {
  /** The network's when left out. */
  readonly pow?: KawPow;
  readonly nodes: readonly NodeConfig[];
  readonly onBlock?: (block: BlockOutcome) => void;
}

export interface AppModules {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  /** Stays its owner's: closing the app does not close it. */
  readonly verifier: VerifierPool;
  /** Where an instance's found blocks are written down; nowhere when left out. */
  readonly journalStore?: (instanceName: string) => JournalStore | undefined;
  /** Where an instance's bans are kept, opened; they end with the process when left out. */
  readonly banStore?: (instanceName: string, log: Log) => BanStore | undefined;
  /** Has the certificates of ports with TLS; needed where there are some. */
  readonly readTls?: ReadTls | undefined;
}

/** All instances of one process, started and stopped together. */
export class App {
  readonly #instances: readonly Instance[];
  readonly #configs: readonly AppInstance[];
  /** By the instance's name, in order. */
  readonly #bans = new Map<string, InstanceBans>();

  /** @throws KpssError KPSS_RPC_URL, KPSS_RPC_CREDENTIALS */
  constructor(instances: readonly AppInstance[], modules: AppModules) {
    this.#configs = instances;
    const several = instances.length > 1;
    this.#instances = instances.map(({ nodes: configs, onBlock, ...options }) => {
      const log = several ? named(modules.log, options.name) : modules.log;
      const pow = options.pow ?? PROOFS_OF_WORK[options.network.proofOfWork];
      const context = { ...modules, network: options.network, pow, log };
      const nodes = configs.map((config) => createNode(config, context));
      const verifier = modules.verifier.of(pow);
      const journal = modules.journalStore?.(options.name);
      const store = modules.banStore?.(options.name, log);
      const bans = new InstanceBans({ clock: modules.clock, log, store });
      this.#bans.set(options.name, bans);
      return new Instance(
        { ...options, pow },
        {
          ...{ ...modules, log, nodes, verifier, journal, bans: bans.banList },
          ...(onBlock && { onBlock }),
        },
      );
    });
  }

  /**
   * @returns each instance's stratum ports, in order
   * @throws KpssError KPSS_PORT_UNAVAILABLE, KPSS_TLS_CERTIFICATE; what was opened before is closed again
   */
  async start(): Promise<number[][]> {
    const ports: number[][] = [];
    try {
      for (const instance of this.#instances) ports.push(await instance.start());
    } catch (error) {
      await this.stop();
      throw error;
    }
    return ports;
  }

  /** Of its instances, in order. */
  get names(): string[] {
    return this.#configs.map(({ name }) => name);
  }

  /** What the status tells of each instance, in order. */
  facts(): InstanceFacts[] {
    return this.#configs.flatMap(({ name, network }, i) => {
      const status = this.#instances[i]?.status();
      const bans = this.#bans.get(name)?.list().length ?? 0;
      return status === undefined ? [] : [{ name, network, status, bans }];
    });
  }

  /** Who is shut out where, by the instance's name. */
  get bans(): ReadonlyMap<string, InstanceBans> {
    return this.#bans;
  }

  /**
   * A node told of a new tip of one instance (`blocknotify`); for none of this name nothing is done.
   * @param hashHex display hex; undefined where only that there may be one is known
   */
  noteTip(instanceName: string, hashHex: string | undefined): void {
    const instance = this.#instances[this.names.indexOf(instanceName)];
    if (hashHex === undefined) instance?.refresh();
    else instance?.noteTip(hashHex, { signal: 'notify' });
  }

  /** May be called again. */
  async stop(): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.stop()));
    await Promise.all([...this.#bans.values()].map((bans) => bans.close()));
  }
}

function createNode(config: NodeConfig, context: Parameters<typeof createNodeSignals>[2]): InstanceNode {
  const { timeoutMs, name, url, priority, credentials } = config;
  const { clock } = context;
  return {
    name,
    url,
    priority,
    rpc: createRpcClient({ url, credentials, ...(timeoutMs !== undefined && { timeoutMs }), clock }),
    listen: (listener) => createNodeSignals(config, listener, context),
  };
}

/** Every line of one instance of several says whose it is. */
function named(log: Log, instance: string): Log {
  return {
    debug: (fields, message) => log.debug({ instance, ...fields }, message),
    info: (fields, message) => log.info({ instance, ...fields }, message),
    warn: (fields, message) => log.warn({ instance, ...fields }, message),
    error: (fields, message) => log.error({ instance, ...fields }, message),
  };
}
