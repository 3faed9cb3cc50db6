import { resolveConfig } from '../config/load.ts';
import type { Config, ConfigFlags, ConfigResult } from '../config/types.ts';
import { KpssServer } from '../kpss-server.ts';
import type { Clock, Log, RandomSource } from '../mining/ports.ts';
import { boundHeap } from './bounded-heap.ts';
import { configFile } from './config-file.ts';
import { withoutControlCodes } from './control-codes.ts';
import { runDev } from './dev.ts';
import { findMisplaced } from './misplaced.ts';
import type { Progress } from './progress.ts';
import { createSupervisor, type Supervisor } from './systemd.ts';

interface StartLog {
  readonly log: Log;
  readonly progress: Progress;
  /** Another level from now on. */
  readonly setLevel?: (level: Config['log']['level']) => void;
}

interface ServeIo extends StartLog, Omit<StartIo, 'createLog'> {}

export interface StartFlags extends ConfigFlags {
  readonly config?: string | undefined;
}

export interface StartIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Fires to stop: SIGINT, SIGTERM. */
  readonly signal: AbortSignal;
  createLog(settings: Config['log']): StartLog;
  /** @param listener called when the configuration is to be read anew: SIGHUP. @returns what ends it */
  onReload(listener: () => void): () => void;
  /** To standard error. */
  complain(line: string): void;
}

const DEVNET = { host: '127.0.0.1', rpcPort: 0, threads: 1, blockTimeS: 10 };

/**
 * `kpss start`: serves miners until it is told to stop. Without a file and without a flag (those of the log do not
 * count) it runs the devnet, unless something looks like a configuration that is not where it should be.
 * @returns the exit code: 0 after an orderly end, 2 when the configuration is wrong or misplaced
 * @throws KpssError KPSS_PORT_UNAVAILABLE, KPSS_TLS_CERTIFICATE and others of the outside world
 */
export async function runStart(flags: StartFlags, io: StartIo): Promise<number> {
  const { config: named, ...settings } = flags;
  const file = configFile(named);
  const { logLevel: _level, logFormat: _format, ...mining } = settings;
  const isDevnet = file === undefined && Object.values(mining).every((value) => value === undefined);
  const folder = process.cwd();
  const misplaced = isDevnet ? findMisplaced(folder, io.env) : [];
  if (misplaced.length > 0) {
    for (const sentence of misplaced) io.complain(sentence);
    io.complain(
      'kpss: nothing was started; for the devnet, a chain without value, there is kpss dev (npm run kpss -- dev)',
    );
    return 2;
  }
  const resolve = () => resolveConfig({ file, flags: settings, env: io.env });
  const resolved = resolve();
  const config = resolved.ok ? resolved.config : resolved.sound;
  if (!resolved.ok && config === undefined) {
    for (const problem of resolved.problems) io.complain(withoutControlCodes(problem));
    io.complain('kpss: the configuration is wrong, nothing was started');
    return 2;
  }
  if (config === undefined) return 2;
  const told = io.createLog(config.log);
  const { log, progress } = told;
  if (!resolved.ok) tellLeftOut(resolved.problems, config, log);
  if (isDevnet) {
    log.warn(
      {},
      `no kpss.yaml in ${folder}, and no flag: starting the devnet, whose coins are worth nothing`,
    );
    const { cacheDirectory } = config.verifier;
    return runDev(DEVNET, { ...io, log, progress, cacheDirectory });
  }
  await serve({ config, resolve }, { ...io, ...told });
  return 0;
}

/** Of several instances, those that are sound mine. */
function tellLeftOut(problems: readonly string[], { instances }: Config, log: Log): void {
  for (const problem of problems) log.error({}, withoutControlCodes(problem));
  const names = instances.map(({ name }) => name).join(', ');
  log.error({}, `instances with a wrong configuration are left out; these are started: ${names}`);
}

/** What runs until it is told to stop. */
interface Service {
  readonly config: Config;
  /** The same sources, read anew. */
  readonly resolve: () => ConfigResult;
}

async function serve({ config, resolve }: Service, io: ServeIo): Promise<void> {
  const { log, clock, random, progress, setLevel: onLogLevel } = io;
  const stopped = new Promise<void>((done) => {
    io.signal.addEventListener('abort', () => done(), { once: true });
  });
  const server = new KpssServer(config, {
    ...{ resolve, log, clock, random, progress },
    ...(onLogLevel && { onLogLevel }),
  });
  const unwatchHeap = boundHeap();
  const supervisor = createSupervisor(io.env, { clock, log, isAlive: () => server.isAlive() });
  // Listened to until the end: the system's own answer to SIGHUP is to end the program, found blocks or not.
  const ignoreReloads = io.onReload(reloader(server, supervisor, io));
  try {
    await server.start();
    for (const instance of config.instances) tellPaid(instance, log);
    supervisor.ready(statusText(server));
    if (!io.signal.aborted) await stopped;
    log.info({}, 'stopping');
    supervisor.stopping();
  } finally {
    await server.stop();
    supervisor.end();
    unwatchHeap();
    ignoreReloads();
  }
  log.info({}, 'stopped');
}

/** @returns what reads the configuration anew, once more when it is called meanwhile */
function reloader(server: KpssServer, supervisor: Supervisor, { log, signal }: ServeIo): () => void {
  let waiting = 0;
  return () => {
    if (signal.aborted) log.info({}, 'KPSS is stopping: the configuration is not read anew');
    // The one that waits will see what is written by then.
    if (signal.aborted || waiting > 1) return;
    waiting += 1;
    log.info({}, 'reading the configuration anew');
    supervisor.reloading();
    server
      .reload()
      .catch((error: unknown) =>
        log.error({ err: error }, 'reloading failed within KPSS, please report this'),
      )
      .finally(() => {
        waiting -= 1;
        if (waiting === 0) supervisor.ready(statusText(server));
      });
  };
}

function statusText(server: KpssServer): string {
  const names = server.status()?.instances.map(({ name }) => name) ?? [];
  return `serving miners of ${names.join(', ')}`;
}

function tellPaid({ name, payoutAddress, nodes }: Config['instances'][number], log: Log): void {
  const paid =
    payoutAddress === undefined
      ? 'each miner is paid at the address it logs in with'
      : `blocks pay ${payoutAddress}`;
  const urls = nodes.map(({ url }) => url);
  const who = urls.length === 1 ? `the node is ${urls[0]}` : `the nodes are ${urls.join(', ')}`;
  log.info({ instance: name, url: urls[0] }, `${paid}; ${who}`);
}
