import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from './crowd.ts';
import { atMost, type Figure, quantile } from './figure.ts';
import type { World } from './world.ts';

/** Miners that are there at the first look, so that the program's own code and tables are, too. */
const FIRST_PART = 0.2;
const ARRIVALS_PER_S = 1_000;

/** A new job in this time, so that each miner has as many as it ever keeps while it is looked at. */
export const QUICK_JOBS_YAML = 'tips: { refreshS: 5 }';

/** What a miner that is logged in, has its jobs and does nothing costs the server's process. */
export async function measureMemory(
  world: World,
  { miners, settleS, maxKiB }: { readonly miners: number; readonly settleS: number; readonly maxKiB: number },
): Promise<Figure> {
  const crowd = new Crowd(world.port);
  await crowd.arrive(Math.ceil(miners * FIRST_PART), ARRIVALS_PER_S);
  await sleep(settleS * 1000);
  const before = await look(world);
  await crowd.arrive(miners, ARRIVALS_PER_S);
  await sleep(settleS * 1000);
  const after = await look(world);
  const { lost } = crowd;
  crowd.close();
  const each = (of: 'used' | 'heap' | 'resident'): number => (after[of] - before[of]) / miners;
  const figure = atMost(`memory of an idle miner, mean of ${miners}, after ${settleS} s`, each('used'), {
    max: maxKiB,
    unit: 'KiB',
    beside:
      `V8’s and its buffers’ ${each('heap').toFixed(1)} KiB of it; ` +
      `the process has ${Math.round(after.resident / 1024)} MiB, and had ${Math.round(before.resident / 1024)}`,
  });
  return { ...figure, isMet: figure.isMet && lost === 0 };
}

/**
 * After a collection of garbage, in KiB: resident memory as the system counts it; the same without what V8 holds ready
 * and does not use, which at first is much, from the start of the program, and would hide what miners take; and V8's
 * own part.
 */
async function look({ ask, pid }: World): Promise<{ resident: number; used: number; heap: number }> {
  const { heapBytes, freeBytes } = await ask('heap');
  const resident = rssKiB(pid);
  return { resident, used: resident - freeBytes / 1024, heap: heapBytes / 1024 };
}

/** From a connection's beginning to its first job, of many that come evenly. */
export async function measureArrivals(
  world: World,
  { miners, withinS, maxMs }: { readonly miners: number; readonly withinS: number; readonly maxMs: number },
): Promise<Figure> {
  const crowd = new Crowd(world.port);
  await world.ask('watch-loop');
  await crowd.arrive(miners, miners / withinS);
  const { loopMaxMs, gcMaxMs } = await world.ask('loop');
  const times = crowd.miners.map(({ connectMs, firstJobMs = Number.NaN }) => firstJobMs - connectMs);
  crowd.close();
  return atMost(`connect → first job, ${miners} arriving within ${withinS} s, p95`, quantile(times, 0.95), {
    max: maxMs,
    unit: 'ms',
    beside:
      `median ${quantile(times, 0.5).toFixed(1)}, p99 ${quantile(times, 0.99).toFixed(1)} ms; ` +
      `event loop held ${loopMaxMs.toFixed(0)} ms at most, garbage collected in ${gcMaxMs.toFixed(0)}`,
  });
}

function rssKiB(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (line === null) throw new Error('the system does not tell the memory of a process');
  return Number(line[1]);
}
