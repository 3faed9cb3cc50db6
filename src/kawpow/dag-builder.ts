import { parentPort, workerData } from 'node:worker_threads';
import { dagFinished, dagStripe, generateStripe } from './dag.ts';
import { compileKernel, openKernel } from './kernel.ts';
import type { DagBuilderSetup, FromDagBuilder } from './thread-messages.ts';

/** Entry of a worker thread that generates one stripe of a DAG, from where it stands, and ends. */

/** Messages of a stripe at most: those who want to know more closely look at its counter. */
const MESSAGES_MAX = 100;

const port = parentPort;
if (port === null) throw new Error('kawpow/dag-builder is started by Dags');

const { memory, scratch, dag, part } = workerData as DagBuilderSetup;
const { pow, epoch } = memory;
const kernel = openKernel(compileKernel(pow), pow, epoch, memory.memory);
const { first, end } = dagStripe(dag, part);
const itemsBetween = (end - first) / MESSAGES_MAX;
let told = dagFinished(dag, part);

generateStripe(kernel, {
  ...{ pow, memory: memory.memory, scratch, dag, part },
  onBatch: () => {
    const finished = dagFinished(dag, part);
    if (finished - told < itemsBetween && first + finished < end) return;
    told = finished;
    const message: FromDagBuilder = { kind: 'progress' };
    port.postMessage(message);
  },
});
