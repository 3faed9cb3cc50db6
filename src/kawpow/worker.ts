import { parentPort } from 'node:worker_threads';
import type { Engine } from './engine.ts';
import { epochContextIn } from './epoch-context.ts';
import { collectGarbage } from './garbage.ts';
import { createKernelEngine } from './kernel-engine.ts';
import type { KawPow } from './params.ts';
import type { FromWorker, ToWorker } from './thread-messages.ts';

/**
 * Entry of a worker thread: an engine for each proof of work behind a message port. It catches nothing: an exception ends
 * the thread, and the pool deals with that as with any other crash.
 */

const port = parentPort;
if (port === null) throw new Error('kawpow/worker is started by the verifier pool');

const engines = new Map<string, Engine>();

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'expect':
      engineFor(message.pow);
      break;
    case 'prepare':
      engineFor(message.memory.pow).prepare(epochContextIn(message.memory), message.scratch);
      break;
    case 'forget':
      engines.get(message.powName)?.forget(message.epoch);
      collectGarbage();
      break;
    case 'dag':
      engines.get(message.powName)?.useDag(message.epoch, message.dag);
      if (message.dag === undefined) collectGarbage();
      break;
    case 'hash': {
      const engine = engines.get(message.powName);
      if (engine === undefined) throw new RangeError(`no epoch of ${message.powName} is prepared`);
      const answer: FromWorker = { results: engine.hash(message.requests) };
      port.postMessage(answer);
      break;
    }
  }
});

function engineFor(pow: KawPow): Engine {
  const known = engines.get(pow.name);
  if (known !== undefined) return known;
  const engine = createKernelEngine(pow);
  engines.set(pow.name, engine);
  return engine;
}
