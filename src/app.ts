import type { Progress } from './cli/progress.ts';
import { watchEpochs } from './epoch-progress.ts';
import type { BlockOutcome } from './found-blocks.ts';
import { Instance, type InstanceOptions, type InstanceStatus } from './instance.ts';
import type { DagEvent } from './kawpow/dags.ts';
import { type KawPow, PROOFS_OF_WORK } from './kawpow/params.ts';
import { createVerifierPool, type VerifierEvent, type VerifierPoolOptions } from './kawpow/pool.ts';
import type { CacheOrigin } from './kawpow/thread-messages.ts';
import type { VerifierPool } from './kawpow/verifier.ts';
import type { Clock, Log, RandomSource } from './mining/ports.ts';
import type { Credentials } from './node/credentials.ts';
import { createRpcClient } from './node/rpc-client.ts';

export interface AppInstance extends Omit<InstanceOptions, 'pow'> {
  /** The network's when left out. */
  readonly pow?: KawPow;
  readonly node: {
    readonly name: string;
    readonly url: string;
    readonly credentials: Credentials;
    readonly timeoutMs?: number;
  };
  readonly onBlock?: (block: BlockOutcome) => void;
}

export interface AppModules {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  /** Stays its owner's: closing the app does not close it. */
  readonly verifier: VerifierPool;
}

/** All instances of one process, started and stopped together. */
export class App {
  readonly #instances: readonly Instance[];

  /** @throws KpssError KPSS_RPC_URL, KPSS_RPC_CREDENTIALS */
  constructor(instances: readonly AppInstance[], modules: AppModules) {
    const several = instances.length > 1;
    this.#instances = instances.map(({ node: { name, ...connection }, onBlock, ...options }) => {
      const node = {
        name,
        url: connection.url,
        rpc: createRpcClient({ ...connection, clock: modules.clock }),
      };
      const log = several ? named(modules.log, options.name) : modules.log;
      const pow = options.pow ?? PROOFS_OF_WORK[options.network.proofOfWork];
      const verifier = modules.verifier.of(pow);
      return new Instance(
        { ...options, pow },
        { ...modules, log, node, verifier, ...(onBlock && { onBlock }) },
      );
    });
  }

  /**
   * @returns each instance's stratum port, in order
   * @throws KpssError KPSS_PORT_UNAVAILABLE; what was opened before is closed again
   */
  async start(): Promise<number[]> {
    const ports: number[] = [];
    try {
      for (const instance of this.#instances) ports.push(await instance.start());
    } catch (error) {
      await this.stop();
      throw error;
    }
    return ports;
  }

  status(): InstanceStatus[] {
    return this.#instances.map((instance) => instance.status());
  }

  /** May be called again. */
  async stop(): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.stop()));
  }
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

/**
 * The verifier that an app uses, with its events told in the log.
 * @param progress of the light caches that it builds; not shown when left out
 */
export function createLoggedVerifier(
  options: Omit<VerifierPoolOptions, 'onEvent'>,
  log: Log,
  progress?: Progress,
): VerifierPool {
  const watch = progress && watchEpochs(progress);
  let isUnwritableTold = false;
  const onEvent = (event: VerifierEvent): void => {
    // Once says it all: the next epoch's cache will fare no better.
    if (event.kind === 'cache-file' && event.reason === 'unwritable') {
      if (isUnwritableTold) return;
      isUnwritableTold = true;
    }
    // First, so that no bar is drawn below the line that says it is ready.
    watch?.onEvent(event);
    logVerifierEvent(event, log);
  };
  const verifier = createVerifierPool({ ...options, onEvent });
  const close = verifier.close.bind(verifier);
  return Object.assign(verifier, {
    close: () => {
      watch?.end();
      return close();
    },
  });
}

function overloadText({ rate, hashesPerS }: VerifierEvent & { readonly kind: 'overload' }): string {
  const speed = hashesPerS === undefined ? '' : ` (${Math.round(hashesPerS)} a second)`;
  const percent = Math.max(1, Math.round(rate * 100));
  return `more shares come than can be verified${speed}: ${percent} % of the last minute's were accepted without it`;
}

function logVerifierEvent(event: VerifierEvent, log: Log): void {
  switch (event.kind) {
    case 'epoch-building':
      log.info(
        { epoch: event.epoch },
        `building the light cache of epoch ${event.epoch}; until it is ready, shares are accepted without verifying their mix hash`,
      );
      return;
    case 'epoch-progress':
      return;
    case 'epoch-ready':
      log.info(
        { epoch: event.epoch, tookMs: event.tookMs },
        `light cache of epoch ${event.epoch} ${originText(event)}, shares are verified`,
      );
      return;
    case 'cache-file':
      logFault(event, log);
      return;
    case 'epoch-dropped':
      log.debug({ epoch: event.epoch }, 'light cache dropped');
      return;
    case 'epoch-failed':
      log.error(
        { epoch: event.epoch, err: event.error },
        `light cache of epoch ${event.epoch} could not be built`,
      );
      return;
    case 'overload':
      log.warn({ unverifiedRate: event.rate, hashesPerS: event.hashesPerS }, overloadText(event));
      return;
    case 'dag-building':
    case 'dag-progress':
    case 'dag-ready':
    case 'dag-refused':
    case 'dag-failed':
    case 'dag-dropped':
      logDagEvent(event, log);
      return;
    case 'worker-crashed':
      log.error(
        { err: event.error, again: event.again, failed: event.failed },
        'a verifier thread crashed and was replaced',
      );
      return;
    default:
      event satisfies never;
  }
}

function logDagEvent(event: DagEvent, log: Log): void {
  const { epoch } = event;
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  switch (event.kind) {
    case 'dag-building': {
      const text = `generating the DAG of epoch ${epoch}, ${gib(event.bytes)}; what is there of it is used already`;
      log.info({ epoch, bytes: event.bytes }, text);
      return;
    }
    case 'dag-progress':
      return;
    case 'dag-ready':
      log.info({ epoch }, `the DAG of epoch ${epoch} is complete`);
      return;
    case 'dag-refused': {
      const { neededBytes, availableBytes } = event;
      const text = `the DAG of epoch ${epoch} needs ${gib(neededBytes)} of memory and ${gib(availableBytes)} are free: shares are verified without it`;
      log.warn({ epoch, neededBytes, availableBytes }, text);
      return;
    }
    case 'dag-failed':
      log.error(
        { epoch, err: event.error },
        `the DAG of epoch ${epoch} was not finished; what is there is used`,
      );
      return;
    case 'dag-dropped':
      log.debug({ epoch }, 'DAG dropped');
      return;
    default:
      event satisfies never;
  }
}

function originText({ source, tookMs }: CacheOrigin): string {
  return source === 'disk' ? `read from disk in ${tookMs} ms` : `built in ${(tookMs / 1000).toFixed(1)} s`;
}

function logFault(event: VerifierEvent & { readonly kind: 'cache-file' }, log: Log): void {
  const { epoch, reason, path, detail } = event;
  const text = {
    damaged: `the light cache of epoch ${epoch} on disk is damaged and is built again: ${detail}`,
    unreadable: `the light cache of epoch ${epoch} on disk cannot be read and is built again: ${detail}`,
    unwritable: `light caches cannot be kept on disk, and are built anew at each start: ${detail}`,
  }[reason];
  log.warn({ epoch, path }, `${text} (${path})`);
}
