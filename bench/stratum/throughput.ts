import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../src/measure/median.ts';
import { Crowd } from './crowd.ts';
import { atMost, type Figure, quantile } from './figure.ts';
import { FIRST_SUBMIT_ID } from './load-miner.ts';
import { computeShares } from './shares.ts';
import type { World } from './world.ts';

/** Submits of one connection that wait for their replies: GPUs of a rig, found at the same time. */
const IN_FLIGHT_EACH = 4;
/** An answer that is not here by then never comes. */
const PATIENCE_MS = 30_000;

/** Valid shares a second, as fast as they are answered. */
export async function measureShareRate(
  world: World,
  {
    connections,
    sharesEach,
    minPerS,
  }: { readonly connections: number; readonly sharesEach: number; readonly minPerS: number },
): Promise<Figure> {
  const crowd = new Crowd(world.port);
  await crowd.arrive(connections, 1_000);
  const ready = await computeShares(crowd.miners, sharesEach, world.cacheDirectory);
  const lines = new Map(ready.map((shares) => [shares.miner, shares.lines]));
  const before = await world.shares();
  const total = connections * sharesEach;
  let accepted = 0;
  let answered = 0;
  let lastMs = Number.NaN;
  crowd.onReply = (miner, { id, result }, atMs) => {
    answered += 1;
    lastMs = atMs;
    if (result === true) accepted += 1;
    const line = lines.get(miner)?.[id - FIRST_SUBMIT_ID + IN_FLIGHT_EACH];
    if (line !== undefined) miner.write(line);
  };
  const startMs = performance.now();
  for (const { miner, lines: own } of ready) miner.write(own.slice(0, IN_FLIGHT_EACH).join(''));
  while (answered < total && performance.now() < startMs + PATIENCE_MS) await sleep(20);
  const { unverified } = await world.shares();
  crowd.close();
  const perS = (accepted / (lastMs - startMs)) * 1000;
  const checked = 1 - (unverified - before.unverified) / accepted;
  return {
    name: `valid shares a second, ${connections} connections`,
    must: `≥ ${minPerS}, every one answered true`,
    value: perS,
    unit: '/s',
    isMet: perS >= minPerS && accepted === total,
    beside: `${accepted} of ${total} answered true, ${(checked * 100).toFixed(0)} % of them verified`,
  };
}

/** From a submit to its reply, one connection, one in flight. */
export async function measureReply(
  world: World,
  { shares, maxMs }: { readonly shares: number; readonly maxMs: number },
): Promise<Figure> {
  const crowd = new Crowd(world.port);
  await crowd.arrive(1, 1);
  const [ready] = await computeShares(crowd.miners, shares, world.cacheDirectory);
  const times: number[] = [];
  for (const line of ready?.lines ?? []) {
    const replied = Promise.withResolvers<number>();
    crowd.onReply = (_, { result }, atMs) => {
      if (result === true) replied.resolve(atMs);
      else replied.reject(new Error('a share was refused'));
    };
    const sentMs = performance.now();
    ready?.miner.write(line);
    times.push((await replied.promise) - sentMs);
  }
  crowd.close();
  return atMost('submit → reply, one connection, one in flight, median', median(times), {
    max: maxMs,
    unit: 'ms',
    beside: `p99 ${quantile(times, 0.99).toFixed(1)} ms, ${shares} shares`,
  });
}
