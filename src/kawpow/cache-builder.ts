import { parentPort, workerData } from 'node:worker_threads';
import { readCacheFile, writeCacheFile } from './cache-file.ts';
import { buildEpochContext } from './epoch-context.ts';
import type { BuilderSetup, CacheSource, FromBuilder } from './thread-messages.ts';

/**
 * Entry of a worker thread that reads or builds the caches of one epoch, sends them to the pool, and ends; but first it
 * writes what it built, while the pool hashes with it already.
 */

const port = parentPort;
if (port === null) throw new Error('kawpow/cache-builder is started by the verifier pool');

const setup = workerData as BuilderSetup;
const { pow, epoch, cacheDirectory } = setup;
const send = (message: FromBuilder): void => port.postMessage(message);

const startMs = performance.now();
let source: CacheSource = 'built';

function read(lightCache: Uint32Array): boolean {
  if (cacheDirectory === undefined) return false;
  const outcome = readCacheFile(cacheDirectory, setup, bytesOf(lightCache), Date.now());
  if (outcome.ok) source = 'disk';
  else if (outcome.reason !== 'missing') {
    const { reason, path, detail } = outcome;
    send({ kind: 'cache-file', fault: { reason, path, detail } });
  }
  return outcome.ok;
}

function write(lightCache: Uint32Array): void {
  if (cacheDirectory === undefined || source === 'disk') return;
  const outcome = writeCacheFile(cacheDirectory, setup, bytesOf(lightCache), Date.now());
  if (outcome.ok) return;
  const { reason, path, detail } = outcome;
  send({ kind: 'cache-file', fault: { reason, path, detail } });
}

/** The kernel's memory has its words in the same byte order on every machine. */
function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const onProgress = (fraction: number): void => send({ kind: 'progress', fraction });
const { memory, lightCache } = buildEpochContext(epoch, { pow, onProgress }, read);
const tookMs = Math.round(performance.now() - startMs);
send({ kind: 'built', memory: { pow, epoch, memory }, source, tookMs });
write(lightCache);
