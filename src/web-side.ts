import { apiBans } from './api-parts.ts';
import { apiStatus } from './api-status.ts';
import type { App } from './app.ts';
import type { Config } from './config/types.ts';
import { USUAL_WEB } from './config/web-section.ts';
import { KpssError } from './error.ts';
import type { VerifierPool } from './kawpow/verifier.ts';
import type { Clock, Log } from './mining/ports.ts';
import { programVersion } from './version.ts';
import type { ApiStatus } from './web/api-types.ts';

export interface WebSideOptions {
  /** undefined starts nothing. */
  readonly web: Config['web'];
  /** Take any other port where this one is taken. */
  readonly orAnyPort?: boolean;
  /** Of the verifier. */
  readonly threads: number;
  /** When KPSS started; now, when left out. */
  readonly startedAtMs?: number;
}

export interface WebSideModules {
  readonly app: App;
  readonly verifier: VerifierPool;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Starts the HTTP side of a running app. Where its port cannot be had, the log says so and the mining goes on.
 * @returns what ends it
 */
export async function startWebSide(
  options: WebSideOptions,
  modules: WebSideModules,
): Promise<() => Promise<void>> {
  const { web } = options;
  if (web === undefined) return async () => {};
  try {
    return await listen(web, options, modules);
  } catch (error) {
    const isUnavailable = error instanceof KpssError && error.code === 'KPSS_WEB_UNAVAILABLE';
    if (isUnavailable && options.orAnyPort && web.port !== 0) {
      return startWebSide({ ...options, web: { ...web, port: 0 } }, modules);
    }
    const { log } = modules;
    const without = 'mining goes on without it';
    if (isUnavailable) log.error({ code: error.code, ...error.context }, `${error.message}; ${without}`);
    else log.error({ err: error }, `the status is not served: starting it failed within KPSS; ${without}`);
    return async () => {};
  }
}

async function listen(
  { host, port }: NonNullable<Config['web']>,
  options: WebSideOptions,
  modules: WebSideModules,
): Promise<() => Promise<void>> {
  // Loaded here, so that no other command waits for it: a tenth of a second.
  const { WebServer } = await import('./web/server.ts');
  const { app, clock, log } = modules;
  const { threads, startedAtMs = clock.nowMs() } = options;
  const server = new WebServer(
    { host, port, instances: app.names },
    {
      clock,
      log,
      status: () => statusOf({ threads, startedAtMs }, modules),
      notify: (instance, hashHex) => app.noteTip(instance, hashHex),
      bans: {
        list: () => [...app.bans].flatMap(([instance, bans]) => apiBans(instance, bans.list())),
        lift: (instance, address) => {
          const bans = app.bans.get(instance);
          if (address === undefined) return bans?.liftAll() ?? 0;
          return bans?.lift(address) === undefined ? 0 : 1;
        },
      },
    },
  );
  try {
    const opened = await server.listen();
    const url = webUrl(host, opened);
    const flag = url === webUrl(USUAL_WEB.host, USUAL_WEB.port) ? '' : ` --url ${url}`;
    log.info({ port: opened }, `status at ${url}/api/v1/status, or: npm run kpss -- status${flag}`);
  } catch (error) {
    await server.close();
    throw error;
  }
  return () => server.close();
}

/** @returns what is served as `/api/v1/status` */
export function statusOf(
  about: { readonly threads: number; readonly startedAtMs: number },
  { app, verifier, clock }: Omit<WebSideModules, 'log'>,
): ApiStatus {
  const facts = { version: programVersion(), nowMs: clock.nowMs(), verifier: verifier.status() };
  return apiStatus({ ...about, ...facts }, app.facts());
}

/**
 * Where the status is.
 * @param host as the configuration has it: an address of this machine only, IPv6 without brackets
 * @returns without a slash at the end
 */
export function webUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
