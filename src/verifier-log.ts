import type { Progress } from './cli/progress.ts';
import { epochText, watchEpochs } from './epoch-progress.ts';
import type { DagEvent, DagMode } from './kawpow/dags.ts';
import { createVerifierPool, type VerifierEvent, type VerifierPoolOptions } from './kawpow/pool.ts';
import { gibText } from './kawpow/size-text.ts';
import type { CacheOrigin } from './kawpow/thread-messages.ts';
import type { VerifierPool } from './kawpow/verifier.ts';
import type { Log } from './mining/ports.ts';

/**
 * The verifier that an app uses, with its events told in the log.
 * @param progress of what it builds; not shown when left out
 */
export function createLoggedVerifier(
  options: Omit<VerifierPoolOptions, 'onEvent'>,
  log: Log,
  progress?: Progress,
): VerifierPool {
  const watch = progress && watchEpochs(progress);
  const tell = createTeller(log, options.dag?.mode ?? 'off');
  const onEvent = (event: VerifierEvent): void => {
    // First, so that no bar is drawn below the line that says it is ready.
    watch?.onEvent(event);
    tell(event);
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

function createTeller(log: Log, dagMode: DagMode): (event: VerifierEvent) => void {
  let isUnwritableTold = false;
  return (event) => {
    switch (event.kind) {
      case 'epoch-building':
      case 'epoch-progress':
      case 'epoch-ready':
      case 'epoch-dropped':
      case 'epoch-failed':
        tellEpoch(event, log);
        return;
      case 'cache-file':
        // Once says it all, until a file fares better: the next epoch's cache has the same disk.
        if (event.reason !== 'unwritable' || !isUnwritableTold) tellFault(event, log);
        isUnwritableTold ||= event.reason === 'unwritable';
        return;
      case 'overload':
        log.warn({ unverifiedRate: event.rate, hashesPerS: event.hashesPerS }, overloadText(event));
        return;
      case 'worker-crashed':
        log.error(
          { err: event.error, again: event.again, failed: event.failed },
          'a verifier thread crashed and was replaced',
        );
        return;
      default:
        tellDag(event, log, dagMode);
    }
  };
}

function tellEpoch(event: VerifierEvent & { readonly kind: `epoch-${string}` }, log: Log): void {
  const { epoch } = event;
  const cache = `the light cache of ${epochText(event)}`;
  switch (event.kind) {
    case 'epoch-building':
      log.info(
        { epoch },
        `building ${cache}; a share that needs it waits up to 1.5 s, and is then accepted unverified`,
      );
      return;
    case 'epoch-progress':
      return;
    case 'epoch-ready':
      log.info({ epoch, tookMs: event.tookMs }, `${cache} was ${originText(event)}: its shares are verified`);
      return;
    case 'epoch-dropped':
      log.debug({ epoch }, `${cache} was dropped`);
      return;
    case 'epoch-failed':
      log.error({ epoch, err: event.error }, `${cache} could not be built`);
      return;
    default:
      event satisfies never;
  }
}

function originText({ source, tookMs }: CacheOrigin): string {
  return source === 'disk' ? `read from disk in ${tookMs} ms` : `built in ${(tookMs / 1000).toFixed(1)} s`;
}

function tellFault(event: VerifierEvent & { readonly kind: 'cache-file' }, log: Log): void {
  const { epoch, reason, path, detail } = event;
  const cache = `the light cache of ${epochText(event)} on disk`;
  const text = {
    damaged: `${cache} is damaged and is built again: ${detail}`,
    unreadable: `${cache} cannot be read and is built again: ${detail}`,
    unwritable: `the light cache of ${epochText(event)} cannot be kept on disk, and the next start builds it again: ${detail}`,
  }[reason];
  log.warn({ epoch, path }, `${text} (${path})`);
}

function overloadText({ rate, hashesPerS }: VerifierEvent & { readonly kind: 'overload' }): string {
  const speed = hashesPerS === undefined ? '' : ` (${Math.round(hashesPerS)} a second)`;
  const percent = Math.max(1, Math.round(rate * 100));
  return `more shares come than can be verified${speed}: ${percent} % of the last minute's were accepted without it`;
}

function tellDag(event: DagEvent, log: Log, mode: DagMode): void {
  const { epoch } = event;
  const dag = `the DAG of ${epochText(event)}`;
  switch (event.kind) {
    case 'dag-building': {
      const text = `generating ${dag}, ${gibText(event.bytes)}; what is there of it is used already`;
      log.info({ epoch, bytes: event.bytes }, text);
      return;
    }
    case 'dag-progress':
      return;
    case 'dag-ready':
      log.info({ epoch }, `${dag} is complete`);
      return;
    case 'dag-refused': {
      const { neededBytes, availableBytes } = event;
      const sizes = `${gibText(neededBytes)} must be free, and ${gibText(availableBytes)} are`;
      const text = `${dag} does not fit: ${sizes}; shares are verified without it until it does`;
      // Who said auto knows that it may not.
      const tell = mode === 'on' ? log.warn : log.info;
      tell.call(log, { epoch, neededBytes, availableBytes }, text);
      return;
    }
    case 'dag-failed':
      log.error({ epoch, err: event.error }, `${dag} was not finished; ${leftText(event.progress)}`);
      return;
    case 'dag-dropped':
      log.debug({ epoch }, `${dag} was dropped`);
      return;
    default:
      event satisfies never;
  }
}

/** @param progress 0 … 1 */
function leftText(progress: number): string {
  return progress > 0 ? `the ${Math.floor(progress * 100)} % that are there are used` : 'none of it is there';
}
