import { App } from '../app.ts';
import { chanceFrom } from '../clock.ts';
import { resolveConfig } from '../config/load.ts';
import type { Config, ConfigFlags } from '../config/types.ts';
import type { Clock, Log, RandomSource } from '../mining/ports.ts';
import { bansPath, createBanFile, openBanStore } from '../store/ban-store.ts';
import { createFileJournalStore, journalPath } from '../store/journal-store.ts';
import { TlsCertificates } from '../store/tls-certificate.ts';
import type { ReadTls } from '../stratum/tls-stage.ts';
import { createLoggedVerifier } from '../verifier-log.ts';
import { startWebSide } from '../web-side.ts';
import { configFile } from './config-file.ts';
import { withoutControlCodes } from './control-codes.ts';
import { type DevIo, runDev } from './dev.ts';
import { findMisplaced } from './misplaced.ts';
import type { Progress } from './progress.ts';

export interface StartFlags extends ConfigFlags {
  readonly config?: string | undefined;
}

export interface StartIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Fires to stop: SIGINT, SIGTERM. */
  readonly signal: AbortSignal;
  createLog(settings: Config['log']): { readonly log: Log; readonly progress: Progress };
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
  const resolved = resolveConfig({ file, flags: settings, env: io.env });
  if (!resolved.ok) {
    for (const problem of resolved.problems) io.complain(withoutControlCodes(problem));
    io.complain('kpss: the configuration is wrong, nothing was started');
    return 2;
  }
  const { config } = resolved;
  const { log, progress } = io.createLog(config.log);
  if (isDevnet) {
    log.warn(
      {},
      `no kpss.yaml in ${folder}, and no flag: starting the devnet, whose coins are worth nothing`,
    );
    const { cacheDirectory } = config.verifier;
    return runDev(DEVNET, { ...io, log, progress, cacheDirectory });
  }
  await serve(config, { ...io, log, progress });
  return 0;
}

async function serve(config: Config, io: Omit<DevIo, 'cacheDirectory'>): Promise<void> {
  const { log } = io;
  const stopped = new Promise<void>((resolve) => {
    io.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const { threads, cacheDirectory, dag } = config.verifier;
  const verifier = createLoggedVerifier(
    {
      threads,
      cacheDirectory,
      dag: { mode: dag, availableBytes: () => process.availableMemory() },
      clock: io.clock,
      random: chanceFrom(io.random),
    },
    log,
    io.progress,
  );
  const journalStore = (name: string) => createFileJournalStore(journalPath(config.dataDirectory, name));
  const { clock, random } = io;
  const banStore = (name: string, named: Log) =>
    openBanStore(createBanFile(bansPath(config.dataDirectory, name)), { clock, log: named });
  const certificates = new TlsCertificates({ dataDirectory: config.dataDirectory }, { clock, log });
  const readTls: ReadTls = (tls) => certificates.read(tls);
  const app = new App(config.instances, { clock, random, log, verifier, journalStore, banStore, readTls });
  let closeWeb = async (): Promise<void> => {};
  try {
    await app.start();
    closeWeb = await startWebSide({ web: config.web, threads }, { app, verifier, clock, log });
    for (const { name, payoutAddress, nodes } of config.instances) {
      const paid =
        payoutAddress === undefined
          ? 'each miner is paid at the address it logs in with'
          : `blocks pay ${payoutAddress}`;
      const urls = nodes.map(({ url }) => url);
      const who = urls.length === 1 ? `the node is ${urls[0]}` : `the nodes are ${urls.join(', ')}`;
      log.info({ instance: name, url: urls[0] }, `${paid}; ${who}`);
    }
    if (!io.signal.aborted) await stopped;
    log.info({}, 'stopping');
  } finally {
    await closeWeb();
    await app.stop();
    await verifier.close();
  }
  log.info({}, 'stopped');
}
