import { parentPort, workerData } from 'node:worker_threads';
import { epochContextIn } from './epoch-context.ts';
import { createKernelEngine } from './kernel-engine.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './thread-messages.ts';

/**
 * Entry of a worker thread: an engine behind a message port. It catches nothing: an exception ends the thread, and the
 * pool deals with that as with any other crash.
 */

const port = parentPort;
if (port === null) throw new Error('kawpow/worker is started by the verifier pool');

const { pow } = workerData as WorkerSetup;
const engine = createKernelEngine(pow);

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'prepare': {
      const { epoch, memory } = message.memory;
      engine.prepare(epochContextIn(memory, epoch, pow), message.scratch);
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
