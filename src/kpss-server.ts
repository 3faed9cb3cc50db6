import { App, type InstanceChange } from './app.ts';
import type { Authorize } from './authorize.ts';
import type { Progress } from './cli/progress.ts';
import { chanceFrom, systemClock, systemRandom } from './clock.ts';
import type { Config, ConfigResult } from './config/types.ts';
import { KpssError } from './error.ts';
import type { VerifierPool } from './kawpow/verifier.ts';
import type { Clock, Log, RandomSource } from './mining/ports.ts';
import { ServerEvents } from './server-events.ts';
import { bansPath, createBanFile, openBanStore } from './store/ban-store.ts';
import { createFileJournalStore, journalPath } from './store/journal-store.ts';
import { TlsCertificates } from './store/tls-certificate.ts';
import type { ReadTls } from './stratum/tls-stage.ts';
import { createLoggedVerifier } from './verifier-log.ts';
import type { ApiStatus } from './web/api-types.ts';
import { startWebSide, statusOf } from './web-side.ts';

/** What a server is told besides its settings. */
export interface ServerHooks {
  /** Asked for each login that is right by the settings' own rules; may take 1.5 s. */
  readonly authorize?: Authorize | undefined;
  /** Where log lines go, besides the event `log`: pino, or anything with its four methods. Nowhere when left out. */
  readonly log?: Log | undefined;
}

/** For the program's own use: what a library's user has no need for. */
interface ServerModules extends ServerHooks {
  /** The settings, read anew. */
  readonly resolve: (settings?: unknown) => ConfigResult;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly progress?: Progress;
  /** The level of the log is another after a reload. */
  readonly onLogLevel?: (level: Config['log']['level']) => void;
}

/** What came of a reload. */
export type ReloadResult =
  | {
      readonly ok: true;
      readonly changes: readonly InstanceChange[];
      /** Settings that are different and need a new start. */
      readonly needRestart: readonly string[];
    }
  /** Nothing was changed. */
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * A whole KPSS: all instances, what verifies their shares, and the status over HTTP. It prints nothing, handles no
 * signals, and never ends the process.
 */
export class KpssServer extends ServerEvents {
  readonly #modules: ServerModules;
  readonly #clock: Clock;
  readonly #log: Log;
  #config: Config;
  #startedAtMs = 0;
  #verifier: VerifierPool | undefined;
  #app: App | undefined;
  #closeWeb: () => Promise<void> = async () => {};
  #state: 'new' | 'running' | 'stopped' = 'new';
  readonly #certificates: TlsCertificates;
  #started: Promise<void> | undefined;
  /** Made when the end is asked for: reloads that wait for their turn then do nothing any more. */
  #stopped: Promise<void> | undefined;
  /** Starts, reloads and the end come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param config complete and checked, as `resolve` gives it */
  constructor(config: Config, modules: ServerModules) {
    super();
    this.#config = config;
    this.#modules = modules;
    this.#clock = modules.clock ?? systemClock;
    this.#log = this.createLog(modules.log);
    const { dataDirectory } = config;
    this.#certificates = new TlsCertificates({ dataDirectory }, { clock: this.#clock, log: this.#log });
  }

  /**
   * Opens the miners' ports. Of several instances, one that cannot be started is told in the log and tried again.
   * A server starts once: what a second call returns is what came of the first.
   * @throws KpssError, such as KPSS_PORT_UNAVAILABLE, when none can be; KPSS_STOPPED after `stop`
   */
  start(): Promise<void> {
    this.#started ??= this.#inTurn(() => this.#start());
    return this.#started;
  }

  /**
   * Takes over other settings while miners mine on; wrong ones are refused whole.
   * @param settings read anew from where they came from when left out
   */
  reload(settings?: unknown): Promise<ReloadResult> {
    return this.#inTurn(() => this.#reload(settings));
  }

  /**
   * Stops accepting, answers what is in flight, settles found blocks, closes. May be called again, and at any time: a
   * start or a reload under way is done first. Never rejects.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#inTurn(() => this.#stop());
    return this.#stopped;
  }

  /**
   * False when it asked a node nothing for a minute: a fault within KPSS, which only a new start mends. A node that does
   * not answer is none.
   */
  isAlive(): boolean {
    return this.#app?.isAsking ?? true;
  }

  /** The same as `/api/v1/status`, see docs/api.md; undefined unless it is running. */
  status(): ApiStatus | undefined {
    if (this.#state !== 'running') return undefined;
    if (this.#app === undefined || this.#verifier === undefined) return undefined;
    const { threads } = this.#config.verifier;
    const modules = { app: this.#app, verifier: this.#verifier, clock: this.#clock };
    return statusOf({ threads, startedAtMs: this.#startedAtMs }, modules);
  }

  /**
   * A node told of a new tip (`blocknotify`): it is asked at once.
   * @param hashHex display hex, where it is known
   */
  noteTip(instanceName: string, hashHex?: string): void {
    this.#app?.noteTip(instanceName, hashHex);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #start(): Promise<void> {
    if (this.#state !== 'new') {
      throw new KpssError('KPSS_STOPPED', 'the server was stopped; create another one to start again');
    }
    this.#state = 'running';
    const { threads, cacheDirectory, dag } = this.#config.verifier;
    const { random = systemRandom, progress, authorize } = this.#modules;
    const [clock, log] = [this.#clock, this.#log];
    this.#startedAtMs = clock.nowMs();
    const verifier = createLoggedVerifier(
      {
        threads,
        cacheDirectory,
        dag: { mode: dag, availableBytes: () => process.availableMemory() },
        clock,
        random: chanceFrom(random),
      },
      log,
      progress,
    );
    this.#verifier = verifier;
    const { dataDirectory } = this.#config;
    const journalStore = (name: string) => createFileJournalStore(journalPath(dataDirectory, name));
    const banStore = (name: string, named: Log) =>
      openBanStore(createBanFile(bansPath(dataDirectory, name)), { clock, log: named });
    const readTls: ReadTls = (tls) => this.#certificates.read(tls);
    const onEvent = this.tell.bind(this);
    const modules = { clock, random, log, verifier, journalStore, banStore, readTls, onEvent, authorize };
    const app = new App(this.#config.instances, modules);
    this.#app = app;
    try {
      await app.start();
      await this.#startWeb();
    } catch (error) {
      await this.#stop();
      throw error;
    }
  }

  async #startWeb(): Promise<void> {
    if (this.#app === undefined || this.#verifier === undefined) return;
    const { web, verifier } = this.#config;
    const modules = { app: this.#app, verifier: this.#verifier, clock: this.#clock, log: this.#log };
    const options = { web, threads: verifier.threads, startedAtMs: this.#startedAtMs };
    this.#closeWeb = await startWebSide(options, modules);
  }

  async #reload(settings: unknown): Promise<ReloadResult> {
    if (this.#app === undefined || this.#state !== 'running' || this.#stopped !== undefined) {
      return { ok: false, problems: ['the server is not running'] };
    }
    const resolved = this.#modules.resolve(settings);
    if (!resolved.ok) return this.#refuse(resolved.problems);
    const { config } = resolved;
    const troubles = await this.#certificateTroubles(config);
    if (troubles.length > 0) return this.#refuse(troubles);
    const before = this.#config;
    const needRestart = OF_ALL.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(config[key]));
    // What needs a new start stays as it is, so that the next reload says so again.
    const { verifier, dataDirectory } = before;
    this.#config = { ...config, verifier, dataDirectory };
    if (before.log.level !== config.log.level) this.#modules.onLogLevel?.(config.log.level);
    const changes = await this.#app.apply(config.instances);
    await this.#app.readCertificates();
    const isOther = changes.some(({ what }) => what !== 'unchanged' && what !== 'changed');
    if (isOther || JSON.stringify(before.web) !== JSON.stringify(config.web)) {
      await this.#closeWeb();
      await this.#startWeb();
    }
    for (const change of changes) this.#log.info({ instance: change.instance }, changeText(change));
    if (needRestart.length > 0) {
      this.#log.warn(
        {},
        `these settings are different, and count from the next start: ${needRestart.join(', ')}`,
      );
    }
    return { ok: true, changes, needRestart };
  }

  #refuse(problems: readonly string[]): ReloadResult {
    for (const problem of problems) this.#log.error({}, `not reloaded: ${problem}`);
    this.#log.error({}, 'the new configuration is wrong: nothing was changed, mining goes on as before');
    return { ok: false, problems };
  }

  /** Before anything is changed: a port whose certificate cannot be read would be closed and not come back. */
  async #certificateTroubles({ instances }: Config): Promise<string[]> {
    const asked = instances.flatMap(({ name, stratum }) =>
      stratum.ports.map(async ({ tls }) => {
        try {
          if (tls !== undefined) await this.#certificates.look(tls);
          return [];
        } catch (error) {
          return [`${name}: ${error instanceof Error ? error.message : String(error)}`];
        }
      }),
    );
    return [...new Set((await Promise.all(asked)).flat())];
  }

  async #stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    const steps = [
      () => this.#closeWeb(),
      async () => this.#app?.stop(),
      async () => this.#verifier?.close(),
    ];
    for (const step of steps) {
      await step().catch((error: unknown) =>
        this.#log.error({ err: error }, 'a step of the end failed within KPSS, please report this'),
      );
    }
    this.tell('closed', {});
  }
}

/** The threads, and the open journals. */
const OF_ALL = ['verifier', 'dataDirectory'] as const;

function changeText({ instance, what, sections }: InstanceChange): string {
  const which = sections.join(', ');
  const text = {
    unchanged: 'unchanged',
    changed: `changed while its miners mine on: ${which}`,
    restarted: `started anew, its miners connect again: ${which} changed`,
    added: 'added',
    removed: 'removed',
  }[what];
  return `reloaded: ${instance} ${text}`;
}
