import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from './crowd.ts';
import { atMost, type Figure, quantile } from './figure.ts';
import type { World } from './world.ts';

/** Miners that are there at the first look, so that the program's own code and tables are, too. */
const FIRST_PART = 0.2;
const ARRIVALS_PER_S = 1_000;
/** Until what came last is settled. */
const SETTLE_MS = 3_000;

/**
 * What a miner that is logged in, has its job and does nothing costs the server's process.
 * The figure is resident memory as the system counts it, with garbage at the end that V8 has not collected by itself.
 */
export async function measureMemory(
  world: World,
  { miners, maxKiB }: { readonly miners: number; readonly maxKiB: number },
): Promise<Figure> {
  const crowd = new Crowd(world.port);
  await crowd.arrive(Math.ceil(miners * FIRST_PART), ARRIVALS_PER_S);
  await sleep(SETTLE_MS);
  const heapBefore = (await world.ask('heap')).heapBytes;
  const rssBefore = rssKiB(world.pid);
  await crowd.arrive(miners, ARRIVALS_PER_S);
  await sleep(SETTLE_MS);
  const rss = rssKiB(world.pid) - rssBefore;
  const heap = (await world.ask('heap')).heapBytes - heapBefore;
  const rssCollected = rssKiB(world.pid) - rssBefore;
  crowd.close();
  return atMost(`resident memory of an idle miner, mean of ${miners}`, rss / miners, {
    max: maxKiB,
    unit: 'KiB',
    beside:
      `${(rssCollected / miners).toFixed(1)} KiB after a collection, ` +
      `of which ${(heap / 1024 / miners).toFixed(1)} KiB V8’s and its buffers’`,
  });
}

/** From a connection's beginning to its first job, of many that come evenly. */
export async function measureArrivals(
  world: World,
  { miners, withinS, maxMs }: { readonly miners: number; readonly withinS: number; readonly maxMs: number },
): Promise<Figure> {
  const crowd = new Crowd(world.port);
  await crowd.arrive(miners, miners / withinS);
  const times = crowd.miners.map(({ connectMs, firstJobMs = Number.NaN }) => firstJobMs - connectMs);
  crowd.close();
  return atMost(`connect → first job, ${miners} arriving within ${withinS} s, p95`, quantile(times, 0.95), {
    max: maxMs,
    unit: 'ms',
    beside: `median ${quantile(times, 0.5).toFixed(1)}, p99 ${quantile(times, 0.99).toFixed(1)} ms`,
  });
}

function rssKiB(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (line === null) throw new Error('the system does not tell the memory of a process');
  return Number(line[1]);
}
