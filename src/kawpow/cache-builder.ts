import { parentPort, workerData } from 'node:worker_threads';
import { buildEpochContext } from './epoch-context.ts';
import type { BuilderSetup, FromBuilder } from './thread-messages.ts';

/** Entry of a worker thread that builds the caches of one epoch, sends them to the pool, and ends. */

const port = parentPort;
if (port === null) throw new Error('kawpow/cache-builder is started by the verifier pool');

const { pow, epoch } = workerData as BuilderSetup;
const send = (message: FromBuilder): void => port.postMessage(message);

const { memory } = buildEpochContext(epoch, {
  pow,
  onProgress: (fraction) => send({ kind: 'progress', fraction }),
});
send({ kind: 'built', memory: { pow, epoch, memory } });
