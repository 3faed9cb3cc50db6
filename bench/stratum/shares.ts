import { availableParallelism } from 'node:os';
import { bytesToHex, hexToBytes } from '../../src/chain/bytes.ts';
import { epochContextIn } from '../../src/kawpow/epoch-context.ts';
import { createKernelEngine } from '../../src/kawpow/kernel-engine.ts';
import { claimScratch } from '../../src/kawpow/kernel-memory.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import { createVerifierPool } from '../../src/kawpow/pool.ts';
import { requestsOf } from '../../src/measure/batches.ts';
import { median } from '../../src/measure/median.ts';
import { FIRST_SUBMIT_ID, type LoadMiner } from './load-miner.ts';

/** Hashes that are asked for at a time: enough for full batches in each thread. */
const IN_FLIGHT = 256;

/** Hashes that are timed, and as many before them for what V8 compiles. */
const TIMED_HASHES = 30;

/** Shares that are ready to be sent, in the order in which they are to be. */
export interface ReadyShares {
  readonly miner: LoadMiner;
  /** Lines with newlines; the first has the id FIRST_SUBMIT_ID, the others count up. */
  readonly lines: string[];
}

/**
 * Computes shares of each miner's present job, by the proof of work itself.
 * @param cacheDirectory with the light cache, or for it
 * @returns when all are there and all threads are gone
 */
export async function computeShares(
  miners: readonly LoadMiner[],
  each: number,
  cacheDirectory: string,
): Promise<ReadyShares[]> {
  const pool = createVerifierPool({ threads: availableParallelism(), cacheDirectory });
  const ready = miners.map((miner) => ({ miner, lines: new Array<string>(each).fill('') }));
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < miners.length * each; i = next++) {
      const { miner, lines } = ready[i % miners.length] as ReadyShares;
      const turn = Math.floor(i / miners.length);
      const { params } = JSON.parse(miner.job) as {
        params: [string, string, string, string, boolean, number];
      };
      const [jobId, headerHex, , , , height] = params;
      const nonce = miner.prefix + turn.toString(16).padStart(12, '0');
      const request = { height, headerHash: hexToBytes(headerHex), nonce: BigInt(`0x${nonce}`) };
      const outcome = await pool.hash(request);
      if (!outcome.ok) throw new Error(`a share could not be computed: ${outcome.reason}`);
      const fields = `"rig","${jobId}","0x${nonce}","0x${headerHex}","0x${bytesToHex(outcome.mixHash)}"`;
      lines[turn] = `{"id":${FIRST_SUBMIT_ID + turn},"method":"mining.submit","params":[${fields}]}\n`;
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  } finally {
    await pool.close();
  }
  return ready;
}

/** @returns milliseconds of one hash of epoch 0 with nothing beside it: what no reply to a lone share can do without */
export async function timeHashAlone(cacheDirectory: string): Promise<number> {
  const pool = createVerifierPool({ threads: 1, cacheDirectory });
  const context = epochContextIn(await pool.epochMemory(0));
  await pool.close();
  const engine = createKernelEngine(KAWPOW);
  engine.prepare(context, claimScratch(context.memory));
  const times = requestsOf(KAWPOW, 0, 2 * TIMED_HASHES, 0).map((request) => {
    const startMs = performance.now();
    engine.hash([request]);
    return performance.now() - startMs;
  });
  return median(times.slice(TIMED_HASHES));
}
