import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../src/measure/median.ts';
import { Crowd } from './crowd.ts';
import { atMost, type Figure, quantile } from './figure.ts';
import type { LoadMiner } from './load-miner.ts';
import { computeShares, type ReadyShares, timeHashAlone } from './shares.ts';
import type { World } from './world.ts';

/**
 * Submits of one connection that wait for their replies. Of 50 connections with one each, a thread has its batch full and
 * the next one ready, and nobody waits so long that shares are left out.
 */
const IN_FLIGHT_EACH = 1;
/** Epoch 0 is a gigabyte: 45 s of two threads on the machine of docs/performance.md, and some minutes on others. */
const DAG_WITHIN_MS = 180_000;
const ARRIVALS_PER_S = 1_000;
/** Places that are named. */
const PLACES = 8;
/** An answer that is not here by then never comes. */
const PATIENCE_MS = 30_000;

interface ShareRun {
  readonly connections: number;
  readonly sharesEach: number;
}

interface RateRun extends ShareRun {
  readonly minPerS: number;
}

interface ReplyRun {
  readonly shares: number;
  readonly maxMs: number;
}

/** Valid shares a second, as fast as they are answered. */
export async function measureShareRate(
  world: World,
  { connections, sharesEach, minPerS }: RateRun,
): Promise<Figure> {
  const crowd = new Crowd(world.port);
  await crowd.arrive(connections, ARRIVALS_PER_S);
  const ready = await computeShares(crowd.miners, sharesEach, world.cacheDirectory);
  const before = await world.shares();
  const total = connections * sharesEach;
  const { accepted, tookMs } = await sendAll(crowd, ready);
  const { unverified } = await world.shares();
  crowd.close();
  const perS = (accepted / tookMs) * 1000;
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

/** The same two figures on a server that has its epoch's DAG in memory, as verifier.dag gives it. */
export async function measureWithDag(
  world: World,
  { reply, rate }: { readonly reply: ReplyRun; readonly rate: RateRun },
): Promise<Figure[]> {
  await world.untilLogged('is complete', DAG_WITHIN_MS);
  const figures = [await measureReply(world, reply), await measureShareRate(world, rate)];
  return figures.map((figure) => ({ ...figure, name: `${figure.name}, with the DAG` }));
}

/** What V8 allocates for a share in the server's main thread, and where. */
export async function measureAllocations(
  world: World,
  { connections, sharesEach }: ShareRun,
): Promise<Figure> {
  const crowd = new Crowd(world.port);
  await crowd.arrive(connections, ARRIVALS_PER_S);
  const ready = await computeShares(crowd.miners, 2 * sharesEach, world.cacheDirectory);
  const half = (from: number): ReadyShares[] =>
    ready.map(({ miner, lines }) => ({ miner, lines: lines.slice(from, from + sharesEach) }));
  // The first half is for what V8 compiles.
  await sendAll(crowd, half(0));
  await world.ask('watch-allocations');
  await sendAll(crowd, half(sharesEach));
  const { allocations } = await world.ask('allocations');
  crowd.close();
  const shares = connections * sharesEach;
  const total = allocations.reduce((sum, { bytes }) => sum + bytes, 0) / shares / 1024;
  const most = allocations
    .slice(0, PLACES)
    .map(({ place, bytes }) => `${place} ${Math.round(bytes / shares)}`);
  return {
    name: 'allocated for a share, garbage included',
    must: '',
    value: total,
    unit: 'KiB',
    isMet: true,
    beside: `bytes: ${most.join(', ')}`,
  };
}

/** From a submit to its reply, one connection, one in flight. */
export async function measureReply(world: World, { shares, maxMs }: ReplyRun): Promise<Figure> {
  const crowd = new Crowd(world.port);
  await crowd.arrive(1, 1);
  const [ready] = await computeShares(crowd.miners, shares, world.cacheDirectory);
  if (ready === undefined) throw new Error('no shares');
  const times = await sendOneByOne(crowd, ready.miner, ready.lines);
  crowd.close();
  const hashMs = await timeHashAlone(world.cacheDirectory);
  return atMost('submit → reply, one connection, one in flight, median', median(times), {
    max: maxMs,
    unit: 'ms',
    beside:
      `p99 ${quantile(times, 0.99).toFixed(1)} ms; ` +
      `one hash from the light cache alone, right after: ${hashMs.toFixed(1)} ms`,
  });
}

/** Sends all, a few of each connection at a time. @returns how many were answered true, and the time until the last */
async function sendAll(
  crowd: Crowd,
  ready: readonly ReadyShares[],
): Promise<{ readonly accepted: number; readonly tookMs: number }> {
  const rest = new Map(ready.map(({ miner, lines }) => [miner, lines[Symbol.iterator]()]));
  const total = ready.reduce((sum, { lines }) => sum + lines.length, 0);
  let accepted = 0;
  let answered = 0;
  let lastMs = Number.NaN;
  crowd.onReply = (miner, { result }, atMs) => {
    answered += 1;
    lastMs = atMs;
    if (result === true) accepted += 1;
    const next = rest.get(miner)?.next();
    if (next?.done === false) miner.write(next.value);
  };
  const startMs = performance.now();
  for (const [miner, lines] of rest) {
    miner.write([...lines.take(IN_FLIGHT_EACH)].join(''));
  }
  while (answered < total && performance.now() < startMs + PATIENCE_MS) await sleep(20);
  return { accepted, tookMs: lastMs - startMs };
}

/** @returns milliseconds from each submit to its reply */
async function sendOneByOne(crowd: Crowd, miner: LoadMiner, lines: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const line of lines) {
    const replied = Promise.withResolvers<number>();
    crowd.onReply = (_, { result }, atMs) => {
      if (result === true) replied.resolve(atMs);
      else replied.reject(new Error('a share was refused'));
    };
    const sentMs = performance.now();
    miner.write(line);
    times.push((await replied.promise) - sentMs);
  }
  return times;
}
