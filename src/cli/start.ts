import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { App, createLoggedVerifier } from '../app.ts';
import { resolveConfig } from '../config/load.ts';
import type { Config, ConfigFlags } from '../config/types.ts';
import type { Clock, Log, RandomSource } from '../mining/ports.ts';
import { runDev } from './dev.ts';

export interface StartFlags extends ConfigFlags {
  readonly config?: string | undefined;
}

export interface StartIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Fires to stop: SIGINT, SIGTERM. */
  readonly signal: AbortSignal;
  createLog(settings: Config['log']): Log;
  /** To standard error. */
  complain(line: string): void;
}

/** Taken when it is there and no other is named. */
const DEFAULT_FILE = 'kpss.yaml';
const DEVNET = { host: '127.0.0.1', port: 3333, rpcPort: 0, threads: 1, blockTimeS: 10 };

/**
 * `kpss start`: serves miners until it is told to stop. Without a file and without a flag that says which node or whom
 * to pay, it runs the devnet.
 * @returns the exit code: 0 after an orderly end, 2 when the configuration is wrong
 * @throws KpssError KPSS_PORT_UNAVAILABLE and others of the outside world
 */
export async function runStart(flags: StartFlags, io: StartIo): Promise<number> {
  const { config: named, ...settings } = flags;
  const file = named ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
  const resolved = resolveConfig({ file, flags: settings, env: io.env });
  if (!resolved.ok) {
    for (const problem of resolved.problems) io.complain(problem);
    io.complain('kpss: the configuration is wrong, nothing was started');
    return 2;
  }
  const { config } = resolved;
  const log = io.createLog(config.log);
  const { logLevel: _level, logFormat: _format, ...mining } = settings;
  if (file === undefined && Object.values(mining).every((value) => value === undefined)) {
    log.info({}, 'no configuration: starting the devnet');
    return runDev(DEVNET, { ...io, log });
  }
  await serve(config, log, io);
  return 0;
}

async function serve(config: Config, log: Log, io: StartIo): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    io.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  // One core is left for sockets and jobs.
  const verifier = createLoggedVerifier(Math.max(availableParallelism() - 1, 1), log);
  const app = new App(config.instances, { clock: io.clock, random: io.random, log, verifier });
  try {
    await app.start();
    for (const { name, payoutAddress, node } of config.instances) {
      const paid =
        payoutAddress === undefined
          ? 'each miner is paid at the address it logs in with'
          : `blocks pay ${payoutAddress}`;
      log.info({ instance: name, url: node.url }, `${name}: ${paid}; the node is ${node.url}`);
    }
    if (!io.signal.aborted) await stopped;
    log.info({}, 'stopping');
  } finally {
    await app.stop();
    await verifier.close();
  }
  log.info({}, 'stopped');
}
