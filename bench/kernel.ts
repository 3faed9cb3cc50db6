import { availableParallelism, cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { lightCacheBytes } from '../src/kawpow/epoch.ts';
import { buildEpochContext } from '../src/kawpow/epoch-context.ts';
import { createKernelEngine } from '../src/kawpow/kernel-engine.ts';
import { claimScratch } from '../src/kawpow/kernel-memory.ts';
import { KAWPOW } from '../src/kawpow/params.ts';
import type { HashRequest } from '../src/kawpow/verifier.ts';
import { coldCacheMs } from './support-cold-cache.ts';
import { createFloors, FLOOR_READS } from './support-floor.ts';
import { median, printTable } from './support-table.ts';

const BATCHES = [1, 2, 4, 8, 16, 32];
const IN_FLIGHT = [4, 8, 32, 64];
/** Each takes every figure once, so that whatever else the machine does falls on all of them alike. */
const ROUNDS = 15;
/** Each takes two seconds; spread over the rounds, so that it falls on the same times as the hashes. */
const COLD_CACHES = 5;
/** Hashes of one measurement, so that the small batches are not measured in single milliseconds. */
const HASHES_MIN = 8;

export const purpose = 'the KawPoW kernel by batch size, beside the floor of this machine (--epoch N)';

/** µs a hash, and how long the memory alone would take for as many reads. */
export function run(args: readonly string[]): void {
  const at = args.indexOf('--epoch');
  const epoch = at < 0 ? 560 : Number(args[at + 1]);
  const context = buildEpochContext(epoch);
  const engine = createKernelEngine();
  engine.prepare(context, claimScratch(context.memory));
  const floors = createFloors(lightCacheBytes(epoch), IN_FLIGHT);
  const hashUs = new Map(BATCHES.map((batch) => [batch, [] as number[]]));
  const floorUs = new Map(IN_FLIGHT.map((inFlight) => [inFlight, [] as number[]]));
  const cacheMs: number[] = [];
  let nonce = 0;
  for (let round = -2; round < ROUNDS; round++) {
    for (const [batch, times] of hashUs) {
      const calls = Math.ceil(HASHES_MIN / batch);
      const requests = Array.from({ length: calls * batch }, () => requestOf(epoch, nonce++));
      const us = timeUs(() => {
        for (let i = 0; i < calls; i++) engine.hash(requests.slice(i * batch, (i + 1) * batch));
      });
      // The first rounds are for V8's optimising compiler.
      if (round >= 0) times.push(us / requests.length);
    }
    for (const [inFlight, times] of floorUs) {
      const us = timeUs(() => floors.get(inFlight)?.read());
      if (round >= 0) times.push(us);
    }
    if (round >= 0 && round % (ROUNDS / COLD_CACHES) === 0) cacheMs.push(coldCacheMs(epoch));
  }
  report(epoch, median(cacheMs), hashUs, floorUs);
}

function requestOf(epoch: number, nonce: number): HashRequest {
  return {
    height: epoch * KAWPOW.epochLength,
    headerHash: new Uint8Array(32).fill(nonce),
    nonce: BigInt(nonce),
  };
}

function timeUs(work: () => void): number {
  const startMs = performance.now();
  work();
  return (performance.now() - startMs) * 1000;
}

type Times = ReadonlyMap<number, readonly number[]>;

function report(epoch: number, cacheMs: number, hashUs: Times, floorUs: Times): void {
  const hash = (batch: number): number => median(hashUs.get(batch) ?? []);
  const floor = (inFlight: number): number => median(floorUs.get(inFlight) ?? []);
  const ratio = (value: number): string => `${value.toFixed(2)} ×`;
  printTable(
    `KawPoW, epoch ${epoch}, one thread (medians of ${ROUNDS}; ${cpus()[0]?.model}, ${availableParallelism()} cores)`,
    ['figure', 'µs', 'against 4 in flight', 'against 64 in flight', 'against batch 1'],
    [
      ...IN_FLIGHT.map((inFlight) => [
        `${FLOOR_READS} reads, ${inFlight} in flight (${((floor(inFlight) * 1000) / FLOOR_READS).toFixed(1)} ns each)`,
        floor(inFlight).toFixed(0),
        ratio(floor(inFlight) / floor(4)),
        ratio(floor(inFlight) / floor(64)),
        '',
      ]),
      ...BATCHES.map((batch) => [
        `one hash of a batch of ${batch}`,
        hash(batch).toFixed(0),
        ratio(hash(batch) / floor(4)),
        ratio(hash(batch) / floor(64)),
        ratio(hash(1) / hash(batch)),
      ]),
    ],
  );
  console.log(`
one hash alone against 4 in flight      ${ratio(hash(1) / floor(4))} (at most 1.15)
batch of 32 against 64 in flight        ${ratio(hash(32) / floor(64))} (at most 1.9)
batch of 8 against batch of 1           ${ratio(hash(1) / hash(8))} (at least 2.4)
light cache, cold (median of ${COLD_CACHES})        ${cacheMs.toFixed(0)} ms, ${((cacheMs * 1000) / hash(32)).toFixed(0)} shares of a batch of 32 (at most 1300)`);
}
