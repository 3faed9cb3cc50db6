import type { InstanceFacts } from './api-status.ts';
import type { Authorize } from './authorize.ts';
import type { BlockOutcome } from './block-ledger.ts';
import type { NodeConfig } from './config/types.ts';
import type { InstanceOptions } from './instance.ts';
import type { InstanceBans } from './instance-bans.ts';
import type { TellEvent } from './instance-events.ts';
import { InstanceSlot } from './instance-slot.ts';
import type { KawPow } from './kawpow/params.ts';
import type { VerifierPool } from './kawpow/verifier.ts';
import type { Clock, Log, RandomSource } from './mining/ports.ts';
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
  /** Hears of all that goes on in all instances. */
  readonly onEvent?: TellEvent | undefined;
  /** Is asked about each login of each instance; nobody is when left out. */
  readonly authorize?: Authorize | undefined;
}

/** What a new configuration made of an instance. */
export interface InstanceChange {
  readonly instance: string;
  readonly what: 'unchanged' | 'changed' | 'restarted' | 'added' | 'removed';
  /** The sections of its configuration that are different, where it was changed or restarted. */
  readonly sections: readonly string[];
}

/** All instances of one process. Each stands for itself: what one cannot do leaves the others mining. */
export class App {
  readonly #modules: AppModules;
  /** By name, in the order of the configuration. */
  #slots = new Map<string, InstanceSlot>();
  /** Starts, changes and the end come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(instances: readonly AppInstance[], modules: AppModules) {
    this.#modules = modules;
    for (const config of instances) this.#slots.set(config.name, this.#createSlot(config));
  }

  /**
   * Of several instances, one that cannot be started is told in the log and tried again, as long as another one can.
   * @returns each instance's stratum ports, in order; none for one that is tried again
   * @throws KpssError, such as KPSS_PORT_UNAVAILABLE, when none can be started; what was opened before is closed again
   */
  async start(): Promise<number[][]> {
    const results = await Promise.allSettled([...this.#slots.values()].map((slot) => slot.settle()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined && !results.some(({ status }) => status === 'fulfilled')) {
      await this.stop();
      throw failed.reason;
    }
    const slots = [...this.#slots.values()];
    return results.map((result, i) => {
      if (result.status === 'fulfilled') return result.value;
      slots[i]?.retry(result.reason);
      return [];
    });
  }

  /**
   * Takes over another configuration: miners of ports that stay are not disconnected, whatever else is different, unless
   * an instance gets another coin or network. What cannot be done is told in the log and tried again.
   */
  apply(instances: readonly AppInstance[]): Promise<InstanceChange[]> {
    const applied = this.#turn.then(() => (this.#isStopped ? [] : this.#apply(instances)));
    this.#turn = applied.catch(() => undefined);
    return applied;
  }

  /** Of its instances, in order. */
  get names(): string[] {
    return [...this.#slots.keys()];
  }

  /** What the status tells of each instance that could be started, in order. */
  facts(): InstanceFacts[] {
    return [...this.#slots.values()].flatMap(({ config, instance, bans }) =>
      instance === undefined
        ? []
        : [
            {
              name: config.name,
              network: config.network,
              status: instance.status(),
              bans: bans.list().length,
            },
          ],
    );
  }

  /** False where an instance asks its nodes no more, though it should; see InstanceNodes. */
  get isAsking(): boolean {
    return [...this.#slots.values()].every(({ instance }) => instance?.isAsking() ?? true);
  }

  /** Has new connections get the certificates that are on the disk now; what cannot be read is told, and stays in use. */
  async readCertificates(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((slot) => slot.readCertificates()));
  }

  /** Who is shut out where, by the instance's name. */
  get bans(): ReadonlyMap<string, InstanceBans> {
    return new Map([...this.#slots].map(([name, { bans }]) => [name, bans]));
  }

  /**
   * A node told of a new tip of one instance (`blocknotify`); for none of this name nothing is done.
   * @param hashHex display hex; undefined where only that there may be one is known
   */
  noteTip(instanceName: string, hashHex: string | undefined): void {
    const instance = this.#slots.get(instanceName)?.instance;
    if (hashHex === undefined) instance?.refresh();
    else instance?.noteTip(hashHex, { signal: 'notify' });
  }

  /** May be called again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#turn;
    await Promise.all([...this.#slots.values()].map((slot) => slot.stop()));
  }

  async #apply(instances: readonly AppInstance[]): Promise<InstanceChange[]> {
    const before = this.#slots;
    const names = instances.map(({ name }) => name);
    const removed = [...before].filter(([name]) => !names.includes(name));
    // First, so that their ports are free for others; their blocks are settled when this is done.
    await Promise.all(removed.map(([, slot]) => slot.stop()));
    const changes: InstanceChange[] = removed.map(([name]) => change(name, 'removed'));
    const slots = new Map<string, InstanceSlot>();
    for (const config of instances) {
      const { slot, ...made } = await this.#renew(before.get(config.name), config);
      slots.set(config.name, slot);
      changes.push(made);
      this.#slots = new Map([
        ...slots,
        ...[...before].filter(([name]) => !slots.has(name) && names.includes(name)),
      ]);
    }
    this.#slots = slots;
    // A port may go from one instance to another.
    await Promise.all([...slots.values()].map((slot) => slot.release()));
    await Promise.all(
      [...slots.values()].map((slot) => slot.settle().catch((error: unknown) => slot.retry(error))),
    );
    return changes;
  }

  async #renew(
    slot: InstanceSlot | undefined,
    config: AppInstance,
  ): Promise<InstanceChange & { readonly slot: InstanceSlot }> {
    const { name } = config;
    if (slot === undefined) return { ...change(name, 'added'), slot: this.#createSlot(config) };
    if (!slot.canBecome(config)) {
      // Its journal is closed with it, before the new one opens the same file.
      await slot.stop();
      return { ...change(name, 'restarted', ['coin', 'network']), slot: this.#createSlot(config) };
    }
    const sections = slot.become(config);
    return { ...change(name, sections.length === 0 ? 'unchanged' : 'changed', sections), slot };
  }

  #createSlot(config: AppInstance): InstanceSlot {
    const log = named(this.#modules.log, () => (this.#slots.size > 1 ? { instance: config.name } : {}));
    return new InstanceSlot(config, { ...this.#modules, log });
  }
}

function change(
  instance: string,
  what: InstanceChange['what'],
  sections: readonly string[] = [],
): InstanceChange {
  return { instance, what, sections };
}

/** Every line of one instance of several says whose it is. */
function named(log: Log, name: () => { readonly instance?: string }): Log {
  return {
    debug: (fields, message) => log.debug({ ...name(), ...fields }, message),
    info: (fields, message) => log.info({ ...name(), ...fields }, message),
    warn: (fields, message) => log.warn({ ...name(), ...fields }, message),
    error: (fields, message) => log.error({ ...name(), ...fields }, message),
  };
}
