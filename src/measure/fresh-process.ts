import { execFile } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildEpochContext } from '../kawpow/epoch-context.ts';
import { type PowName, PROOFS_OF_WORK } from '../kawpow/params.ts';
import { createVerifierPool } from '../kawpow/pool.ts';
import { requestsOf } from './batches.ts';

// What only a process shows that has just been started: code that V8 has not optimised yet, memory that was never
// touched, threads that have to load. This file is its own entry.

/** Building the largest light caches takes a slow machine some minutes. */
const TIMEOUT_MS = 600_000;
/** After the first share: threads that are not needed any more are gone. */
const SETTLE_MS = 1_000;

const entry = fileURLToPath(import.meta.url);

export interface StartFigures {
  /** From the start of the process to the first verified share. */
  readonly firstShareMs: number;
  /** Resident memory of the process with one worker thread and this epoch. */
  readonly rssMiB: number;
}

/** @returns milliseconds that building the light cache takes a fresh process, without its start */
export async function measureColdCache(powName: PowName, epoch: number): Promise<number> {
  return (await inFreshProcess(['build', powName, String(epoch)])) as number;
}

/** @param cacheDirectory where the light cache is kept; one that is not there yet is built and kept */
export async function measureStart(
  powName: PowName,
  epoch: number,
  cacheDirectory: string,
): Promise<StartFigures> {
  return (await inFreshProcess(['start', powName, String(epoch), cacheDirectory])) as StartFigures;
}

/** @throws Error when the process fails, with what it said */
async function inFreshProcess(args: readonly string[]): Promise<unknown> {
  const options = { timeout: TIMEOUT_MS };
  const { stdout } = await promisify(execFile)(process.execPath, [entry, ...args], options);
  return JSON.parse(stdout);
}

async function start(powName: PowName, epoch: number, cacheDirectory: string): Promise<StartFigures> {
  const pow = PROOFS_OF_WORK[powName];
  const verifier = createVerifierPool({ threads: 1, pow, cacheDirectory });
  const [request] = requestsOf(pow, epoch, 1, 0);
  if (request === undefined) throw new Error('no request');
  const claim = { claimedMixHash: new Uint8Array(32), sessionId: 'first', urgent: false };
  const verdict = await verifier.verify({ ...request, ...claim });
  // Counted from the start of the process.
  const firstShareMs = performance.now();
  if (!verdict.ok) throw new Error(`the first share was not verified: ${verdict.reason}`);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const rssMiB = process.memoryUsage.rss() / 2 ** 20;
  await verifier.close();
  return { firstShareMs, rssMiB };
}

if (process.argv[1] === entry) {
  const [, , kind, name, epochText, cacheDirectory = ''] = process.argv;
  const powName = name as PowName;
  const epoch = Number(epochText);
  if (kind === 'build') {
    const startMs = performance.now();
    buildEpochContext(epoch, { pow: PROOFS_OF_WORK[powName] });
    console.log(JSON.stringify(performance.now() - startMs));
  } else {
    console.log(JSON.stringify(await start(powName, epoch, cacheDirectory)));
  }
}
