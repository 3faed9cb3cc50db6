import { performance } from 'node:perf_hooks';
import { lightCacheBytes } from '../kawpow/epoch.ts';
import type { EpochContext } from '../kawpow/epoch-context.ts';
import { finalHash } from '../kawpow/final-hash.ts';
import { createKernelEngine } from '../kawpow/kernel-engine.ts';
import { claimScratch } from '../kawpow/kernel-memory.ts';
import type { KawPow } from '../kawpow/params.ts';
import type { HashRequest } from '../kawpow/verifier.ts';
import { createFloors, FLOOR_READS } from './floor.ts';
import { median } from './median.ts';

/** Hashes of one call. */
export const BATCHES: readonly number[] = [1, 2, 4, 8, 16, 32];
/** Reads that are under way at once. */
export const IN_FLIGHT: readonly number[] = [4, 8, 32, 64];

/** Each takes every figure once, so that whatever else the machine does falls on all of them alike. */
const ROUNDS = 15;
/** Rounds before the first that counts: V8's optimising compiler takes that long. */
const WARM_UPS = 2;
/** Hashes of one measurement, so that the small batches are not measured in single milliseconds. */
const HASHES_MIN = 8;
/** Final hashes of one measurement: a few milliseconds. */
const FINAL_HASHES = 2000;

export interface BatchFigures {
  /** Microseconds a hash, by hashes in lock-step. */
  readonly hashUs: ReadonlyMap<number, number>;
  /** Nanoseconds a read of this machine's memory, by reads in flight. */
  readonly floorNs: ReadonlyMap<number, number>;
  readonly finalHashUs: number;
}

/**
 * Medians over interleaved rounds: hashes of one thread by batch size, beside what this machine's memory can do with
 * nothing else in the way, in a table of the light cache's size.
 */
export function measureBatches(context: EpochContext): BatchFigures {
  const { pow, epoch } = context;
  const engine = createKernelEngine(pow);
  engine.prepare(context, claimScratch(context.memory));
  const floors = createFloors(lightCacheBytes(epoch, pow), IN_FLIGHT);
  const hashUs = new Map(BATCHES.map((batch) => [batch, [] as number[]]));
  const floorNs = new Map(IN_FLIGHT.map((inFlight) => [inFlight, [] as number[]]));
  const finalHashUs: number[] = [];
  let nonce = 0;
  for (let round = -WARM_UPS; round < ROUNDS; round++) {
    const counts = round >= 0;
    for (const [batch, times] of hashUs) {
      const calls = Math.ceil(HASHES_MIN / batch);
      const requests = requestsOf(pow, epoch, calls * batch, nonce);
      nonce += requests.length;
      const us = timeUs(() => {
        for (let i = 0; i < calls; i++) engine.hash(requests.slice(i * batch, (i + 1) * batch));
      });
      if (counts) times.push(us / requests.length);
    }
    for (const [inFlight, times] of floorNs) {
      const us = timeUs(() => floors.get(inFlight)?.read());
      if (counts) times.push((us * 1000) / FLOOR_READS);
    }
    const hash = new Uint8Array(32).fill(round + WARM_UPS);
    const us = timeUs(() => {
      for (let i = 0; i < FINAL_HASHES; i++) finalHash(hash, BigInt(i), hash, pow);
    });
    if (counts) finalHashUs.push(us / FINAL_HASHES);
  }
  return { hashUs: medians(hashUs), floorNs: medians(floorNs), finalHashUs: median(finalHashUs) };
}

/** @returns requests of an epoch's first height, no two alike */
export function requestsOf(pow: KawPow, epoch: number, count: number, firstNonce: number): HashRequest[] {
  return Array.from({ length: count }, (_, i) => ({
    height: epoch * pow.epochLength,
    headerHash: new Uint8Array(32).fill(firstNonce + i),
    nonce: BigInt(firstNonce + i),
  }));
}

function timeUs(work: () => void): number {
  const startMs = performance.now();
  work();
  return (performance.now() - startMs) * 1000;
}

function medians(times: ReadonlyMap<number, readonly number[]>): Map<number, number> {
  return new Map(Array.from(times, ([key, values]) => [key, median(values)]));
}
