import { parentPort, workerData } from 'node:worker_threads';
import { meetsTarget } from '../chain/target.ts';
import { ENGINE_BATCH_MAX } from '../kawpow/engine.ts';
import { epochContextIn } from '../kawpow/epoch-context.ts';
import { collectGarbage } from '../kawpow/garbage.ts';
import { createKernelEngine } from '../kawpow/kernel-engine.ts';
import type { FromMinerThread, MinerThreadSetup, SearchOrder, ToMinerThread } from './miner-threads.ts';

/**
 * Entry of a mining thread: hashes one nonce after the other, and looks before each whether the order still stands. It
 * catches nothing: an exception ends the thread, and miner-threads.ts starts another.
 */

/** Hashes between two looks: what a new job waits for. 32 at once take 50 ms, and are three times as fast as single. */
const BATCH_HASHES = ENGINE_BATCH_MAX;

const port = parentPort;
if (port === null) throw new Error('miner-worker is started by the CPU miner');

const { board, index, pow } = workerData as MinerThreadSetup;
const counters = new Uint32Array(board);
const engine = createKernelEngine(pow);

port.on('message', (message: ToMinerThread) => {
  if (message.kind === 'search') return search(message.order);
  if (message.kind === 'dag') return engine.useDag(message.epoch, message.dag);
  engine.prepare(epochContextIn(message.memory), message.scratch);
  if (message.dropEpoch === undefined) return;
  engine.forget(message.dropEpoch);
  collectGarbage();
});

function search(order: SearchOrder): void {
  const { generation, height, headerHash, targets, nonceStart, nonceCount, nonceOffset } = order;
  for (let done = 0n; done < nonceCount; done += BigInt(BATCH_HASHES)) {
    // The order is void as soon as the board says so; the next message, which this loop keeps waiting, is the new one.
    if (Atomics.load(counters, 0) !== generation) return;
    const requests = Array.from({ length: BATCH_HASHES }, (_, i) => ({
      height,
      headerHash,
      nonce: nonceStart + ((nonceOffset + done + BigInt(i)) % nonceCount),
    }));
    for (const [i, result] of engine.hash(requests).entries()) {
      if (!targets.some((target) => meetsTarget(result.finalHash, target))) continue;
      const nonce = requests[i]?.nonce as bigint;
      const found: FromMinerThread = { generation, nonce, ...result };
      port?.postMessage(found);
    }
    Atomics.add(counters, 1 + index, BATCH_HASHES);
  }
}
