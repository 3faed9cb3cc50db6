import { isDeepStrictEqual } from 'node:util';
import type { AppInstance, AppModules } from './app.ts';
import { KpssError } from './error.ts';
import { Instance } from './instance.ts';
import { InstanceBans } from './instance-bans.ts';
import type { InstanceNode } from './instance-nodes.ts';
import { PROOFS_OF_WORK } from './kawpow/params.ts';
import type { Timer } from './mining/ports.ts';
import { backoffMs } from './node/backoff.ts';
import { createRpcClient } from './node/rpc-client.ts';
import { createNodeSignals } from './node-signals.ts';

/** A port is often free a moment later, as when another KPSS ends. */
const AGAIN_FIRST_MS = 1_000;
/** Whoever mends a file or ends a program sees it taken up within this time. */
const AGAIN_MAX_MS = 60_000;

/** The same node as the configuration and as the instance has it. */
interface MadeNode {
  readonly config: AppInstance['nodes'][number];
  readonly node: InstanceNode;
}

/** One instance's place among the others: what fails in it is told and tried again, and takes none of them down. */
export class InstanceSlot {
  /** Who is shut out, whether it runs or not. */
  readonly bans: InstanceBans;
  readonly #modules: AppModules;
  #config: AppInstance;
  #made: readonly MadeNode[] = [];
  #instance: Instance | undefined;
  /** Everything is as the configuration says. */
  #isDone = false;
  #failures = 0;
  #again: Timer | undefined;
  /** Starts and changes come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(config: AppInstance, modules: AppModules) {
    this.#config = config;
    this.#modules = modules;
    const { clock, log, banStore } = modules;
    this.bans = new InstanceBans({ clock, log, store: banStore?.(config.name, log) });
  }

  get config(): AppInstance {
    return this.#config;
  }

  /** Undefined while it could not be started. */
  get instance(): Instance | undefined {
    return this.#instance;
  }

  /**
   * Starts it, or makes the running one as the configuration says.
   * @returns the stratum ports, in order, when it was started by this
   * @throws KpssError, or whatever else is in its way; `retry` then goes on trying
   */
  settle(): Promise<number[]> {
    const settled = this.#turn.then(() => this.#settle());
    this.#turn = settled.catch(() => undefined);
    return settled;
  }

  /** Tells why it is not as it should be, and tries again until it is. */
  retry(error: unknown): void {
    if (this.#isStopped) return;
    this.#failures += 1;
    const delayMs = backoffMs(this.#failures, AGAIN_FIRST_MS, AGAIN_MAX_MS);
    const what = this.#instance === undefined ? 'this instance does not mine' : 'the rest of it mines on';
    const again = `tried again in ${delayMs / 1000} s`;
    const { log } = this.#modules;
    if (error instanceof KpssError) {
      log.error({ code: error.code, ...error.context }, `${error.message}; ${what}; ${again}`);
    } else log.error({ err: error }, `starting failed within KPSS, please report this; ${what}; ${again}`);
    this.#again?.cancel();
    this.#again = this.#modules.clock.setTimer(delayMs, () => {
      this.settle().then(
        () => log.info({}, 'this instance is as its configuration says now'),
        (reason: unknown) => this.retry(reason),
      );
    });
  }

  /** Whether another configuration can be taken over without a new start: it is the same coin and network. */
  canBecome(config: AppInstance): boolean {
    return isDeepStrictEqual([this.#config.network, this.#config.pow], [config.network, config.pow]);
  }

  /** Has to be settled afterwards. @returns the sections that are different, by their names in kpss.yaml */
  become(config: AppInstance): string[] {
    const changed = changedSections(this.#config, config);
    this.#config = config;
    if (changed.length > 0) this.#isDone = false;
    this.#again?.cancel();
    this.#failures = 0;
    return changed;
  }

  /** Closes what its configuration does not have any more, so that another instance's port may be there. */
  release(): Promise<void> {
    const released = this.#turn.then(() => {
      if (!this.#isStopped) this.#instance?.release(this.#config.stratum);
    });
    this.#turn = released.catch(() => undefined);
    return released;
  }

  /** Has new connections get the certificates that are on the disk now. One that cannot be read is told; it never rejects. */
  async readCertificates(): Promise<void> {
    const { log } = this.#modules;
    await this.#instance?.readCertificates().catch((error: unknown) => {
      if (!(error instanceof KpssError)) throw error;
      const { code, context, message } = error;
      log.warn({ code, ...context }, `${message}; the certificate that was read before stays in use`);
    });
  }

  /** Takes no more work and settles its blocks; see Instance. May be called again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#again?.cancel();
    await this.#turn;
    await this.#instance?.stop();
    await this.bans.close();
  }

  async #settle(): Promise<number[]> {
    if (this.#isDone || this.#isStopped) return [];
    const made = this.#config.nodes.map((config) => this.#make(config));
    const nodes = made.map(({ node }) => node);
    // Before it is known whether all can be done: another try is not to make the same nodes anew.
    this.#made = made;
    const ports = await this.#startOrChange(nodes);
    this.#isDone = true;
    this.#failures = 0;
    return ports;
  }

  async #startOrChange(nodes: readonly InstanceNode[]): Promise<number[]> {
    const { nodes: _nodes, onBlock, ...given } = this.#config;
    const pow = given.pow ?? PROOFS_OF_WORK[given.network.proofOfWork];
    const options = { ...given, pow };
    if (this.#instance !== undefined) {
      await this.#instance.reconfigure(options, nodes);
      return [];
    }
    const { verifier, journalStore, banStore: _banStore, ...modules } = this.#modules;
    const { name } = options;
    const journal = journalStore?.(name);
    const instance = new Instance(options, {
      ...{ ...modules, nodes, journal, verifier: verifier.of(pow), bans: this.bans.banList },
      ...(onBlock && { onBlock }),
    });
    try {
      const ports = await instance.start();
      this.#instance = instance;
      return ports;
    } catch (error) {
      // Nothing of it may stay: the next try makes all of it anew.
      this.#made = [];
      await instance.stop();
      throw error;
    }
  }

  #make(config: MadeNode['config']): MadeNode {
    const known = this.#made.find((made) => isDeepStrictEqual(made.config, config));
    if (known !== undefined) return known;
    const { timeoutMs, name, url, priority, credentials } = config;
    const { clock, random, log } = this.#modules;
    const { network } = this.#config;
    const pow = this.#config.pow ?? PROOFS_OF_WORK[network.proofOfWork];
    const timeout = timeoutMs !== undefined && { timeoutMs };
    const rpc = createRpcClient({ url, credentials, ...timeout, clock });
    const context = { clock, random, log, network, pow };
    const listen: InstanceNode['listen'] = (listener) => createNodeSignals(config, listener, context);
    return { config, node: { name, url, priority, rpc, listen } };
  }
}

const SECTIONS = ['nodes', 'tips', 'throttle', 'payout', 'login', 'tag', 'stratum'] as const;

function changedSections(before: AppInstance, after: AppInstance): string[] {
  return SECTIONS.filter((section) => !isDeepStrictEqual(before[section], after[section]));
}
