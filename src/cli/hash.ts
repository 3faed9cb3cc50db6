import { availableParallelism } from 'node:os';
import { bytesToHex, equalBytes } from '../chain/bytes.ts';
import type { DecodedHeader } from '../chain/header.ts';
import { bitsToTarget, meetsTarget } from '../chain/target.ts';
import { watchEpochs } from '../epoch-progress.ts';
import { epochMax, epochOf, lightCacheBytes } from '../kawpow/epoch.ts';
import type { KawPow } from '../kawpow/params.ts';
import { createVerifierPool, type VerifierEvent } from '../kawpow/pool.ts';
import type { HashResult, Verifier } from '../kawpow/verifier.ts';
import { type HashJob, type HashOptions, parseHashLine, parseHashOptions } from './hash-input.ts';
import { linesOf } from './hash-lines.ts';
import { powOf } from './pow-flag.ts';
import { processStreams, type Streams } from './terminal.ts';

/** Lines in work at once: enough for all threads, few enough for the verifier's queue (1024). */
const LINES_MAX = 256;
/** What the process needs besides a light cache. */
const SPARE_BYTES = 64 * 2 ** 20;

export interface HashArgs extends HashOptions {
  /** `-` for standard input; anything else is an error. */
  readonly source?: string | undefined;
  /** A name of PROOFS_OF_WORK; kawpow when left out. */
  readonly pow?: string | undefined;
}

export interface HashIo extends Streams {
  readonly input: AsyncIterable<Uint8Array | string>;
  availableMemoryBytes(): number;
  createVerifier(threads: number, pow: KawPow, onEvent: (event: VerifierEvent) => void): Verifier;
}

/**
 * The real one.
 * @param cacheDirectory where light caches are kept on disk; undefined for nowhere
 */
export function processHashIo(cacheDirectory: string | undefined): HashIo {
  return {
    ...processStreams(),
    input: process.stdin,
    availableMemoryBytes: () => process.availableMemory(),
    createVerifier: (threads, pow, onEvent) => createVerifierPool({ threads, pow, onEvent, cacheDirectory }),
  };
}

type Answer = { readonly ok: true; readonly value: object } | { readonly ok: false; readonly reason: string };

/**
 * `kpss hash`: KawPoW hashes from the command line.
 *
 * With height, header and nonce it prints `{"mixHash","finalHash"}`. With a serialised header it prints
 * `{"headerHash","height","mixHash","finalHash","valid"}`, where both hashes are computed, and `valid` says that the
 * header's own mix hash is that one and that the final hash meets the header's bits. With `-` it prints such a line for
 * each line of JSON on standard input, in order, as soon as it is known. Standard output has nothing else. `pow` chooses
 * another coin's proof of work.
 * @returns the exit code: 0, also for a header that is not valid; 1 when a line or the hashing failed; 2 for wrong
 * arguments
 */
export async function runHash(args: HashArgs, io: HashIo): Promise<number> {
  const { source, pow: name, ...options } = args;
  const known = powOf(name);
  if ('complaint' in known) {
    io.complain(`kpss hash: ${known.complaint}`);
    return 2;
  }
  const { pow } = known;
  if (source === undefined) return hashOnce(options, pow, io);
  const given = Object.values(options).some((value) => value !== undefined);
  if (source === '-' && !given) return hashLines(pow, io);
  io.complain(
    source === '-'
      ? 'kpss hash: with - the only other flag is --pow'
      : `kpss hash: the only argument is -, got ${source}`,
  );
  return 2;
}

/** Nothing else is to be seen for seconds, where scripts wait, too. */
function tellBuilding(pow: KawPow, io: HashIo): (event: VerifierEvent) => void {
  const watch = watchEpochs(io.progress);
  return (event) => {
    if (event.kind === 'epoch-building') {
      const size = mebibytes(lightCacheBytes(event.epoch, pow));
      io.complain(
        `kpss hash: building the light cache of epoch ${event.epoch} (${size}), which takes some seconds…`,
      );
    }
    watch.onEvent(event);
  };
}

async function hashOnce(options: HashOptions, pow: KawPow, io: HashIo): Promise<number> {
  const parsed = parseHashOptions(options);
  const refusal = parsed.ok ? refusalOf(parsed.job, pow, undefined, io) : parsed.reason;
  if (!parsed.ok || refusal !== undefined) {
    io.complain(`kpss hash: ${refusal}`);
    return 2;
  }
  const verifier = io.createVerifier(1, pow, tellBuilding(pow, io));
  try {
    const answer = await answerOf(parsed.job, verifier);
    if (answer.ok) await io.print(JSON.stringify(answer.value));
    else io.complain(`kpss hash: ${answer.reason}`);
    return answer.ok ? 0 : 1;
  } finally {
    await verifier.close();
  }
}

async function hashLines(pow: KawPow, io: HashIo): Promise<number> {
  const verifier = io.createVerifier(availableParallelism(), pow, tellBuilding(pow, io));
  let exitCode = 0;
  let isRead = true;
  // Lines are hashed side by side and printed one after the other, each as soon as those before it are.
  const printed: Promise<void>[] = [];
  let lastPrinted = Promise.resolve();
  try {
    for await (const line of linesOf(io.input)) {
      const answering = answerLine(line, pow, verifier, io);
      lastPrinted = lastPrinted.then(async () => {
        const answer = await answering;
        if (!answer.ok) exitCode = 1;
        if (isRead)
          isRead = await io.print(JSON.stringify(answer.ok ? answer.value : { error: answer.reason }));
      });
      printed.push(lastPrinted);
      if (printed.length >= LINES_MAX) await printed.shift();
      if (!isRead) break;
    }
    await lastPrinted;
    return isRead ? exitCode : 1;
  } finally {
    await verifier.close();
  }
}

async function answerLine(line: string, pow: KawPow, verifier: Verifier, io: HashIo): Promise<Answer> {
  const parsed = parseHashLine(line, pow.name);
  if (!parsed.ok) return parsed;
  const refusal = refusalOf(parsed.job, pow, verifier, io);
  return refusal === undefined ? answerOf(parsed.job, verifier) : { ok: false, reason: refusal };
}

/** Why a request is not even tried: its light cache would not fit. */
function refusalOf(
  job: HashJob,
  pow: KawPow,
  verifier: Verifier | undefined,
  io: HashIo,
): string | undefined {
  const { height } = job.request;
  const epoch = epochOf(height, pow);
  if (epoch > epochMax(pow)) {
    return `height ${height} is in epoch ${epoch}; light caches are built up to epoch ${epochMax(pow)} (1 GiB)`;
  }
  if (verifier?.status().epochs.some((there) => there.epoch === epoch)) return undefined;
  const neededBytes = lightCacheBytes(epoch, pow);
  const availableBytes = io.availableMemoryBytes();
  if (neededBytes + SPARE_BYTES <= availableBytes) return undefined;
  return `the light cache of epoch ${epoch} takes ${mebibytes(neededBytes)} and does not fit the ${mebibytes(availableBytes)} of free memory`;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

async function answerOf(job: HashJob, verifier: Verifier): Promise<Answer> {
  const outcome = await verifier.hash(job.request);
  if (!outcome.ok)
    return { ok: false, reason: `height ${job.request.height} was not hashed: ${outcome.reason}` };
  const hashes = { mixHash: bytesToHex(outcome.mixHash), finalHash: bytesToHex(outcome.finalHash) };
  if (job.header === undefined) return { ok: true, value: hashes };
  const { headerHash, height } = job.header;
  const valid = provesWork(job.header, outcome);
  return { ok: true, value: { headerHash: bytesToHex(headerHash), height, ...hashes, valid } };
}

function provesWork(header: DecodedHeader, hashes: HashResult): boolean {
  return equalBytes(header.mixHash, hashes.mixHash) && meetsBits(hashes.finalHash, header.bits);
}

function meetsBits(finalHash: Uint8Array, bits: number): boolean {
  try {
    return meetsTarget(finalHash, bitsToTarget(bits));
  } catch (error) {
    // Bits that stand for no target: nothing meets them.
    if (error instanceof RangeError) return false;
    throw error;
  }
}
