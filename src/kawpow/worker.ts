import { parentPort, workerData } from 'node:worker_threads';
import { createReferenceEngine } from './engine.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './thread-messages.ts';

/**
 * Entry of a worker thread: an engine behind a message port. It catches nothing: an exception ends the thread, and the
 * pool deals with that as with any other crash.
 */

const port = parentPort;
if (port === null) throw new Error('kawpow/worker is started by the verifier pool');

const { pow } = workerData as WorkerSetup;
const engine = createReferenceEngine(pow);

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'prepare': {
      const { epoch, lightCache, l1Cache } = message.memory;
      engine.prepare({
        pow,
        epoch,
        lightCache: new Uint32Array(lightCache),
        l1Cache: new Uint32Array(l1Cache),
      });
      break;
    }
    case 'forget':
      engine.forget(message.epoch);
      break;
    case 'hash': {
      const answer: FromWorker = { results: engine.hash(message.requests) };
      port.postMessage(answer);
      break;
    }
  }
});
