import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from './crowd.ts';
import { type Figure, quantile } from './figure.ts';
import { FIRST_SUBMIT_ID, type LoadMiner } from './load-miner.ts';
import { computeShares } from './shares.ts';
import type { World } from './world.ts';

const ARRIVALS_PER_S = 1_500;
/** How far apart it is looked whose turn it is to send a share. */
const TICK_MS = 5;
/** A reply that is not here by then never comes: kawpowminer has hung up long before. */
const PATIENCE_MS = 5_000;

/**
 * A crowd that stays and works: each finds a share in `everyS`, spread evenly. All the time there are new jobs, and at
 * the end a new block, which each of them must get.
 */
export async function measureHeld(
  world: World,
  {
    miners,
    everyS,
    seconds,
    maxMs,
  }: { readonly miners: number; readonly everyS: number; readonly seconds: number; readonly maxMs: number },
): Promise<Figure> {
  const crowd = new Crowd(world.port);
  await crowd.arrive(miners, ARRIVALS_PER_S);
  // A job that came before the last of them did is nothing that they missed.
  const earlier = new Set(crowd.headers.keys());
  const ready = await computeShares(crowd.miners, Math.floor(seconds / everyS), world.cacheDirectory);
  const before = await world.shares();
  const sentMs = new Map<LoadMiner, number[]>();
  const times: number[] = [];
  let refused = 0;
  crowd.onReply = (miner, { id, result }, atMs) => {
    times.push(atMs - (sentMs.get(miner)?.[id - FIRST_SUBMIT_ID] ?? Number.NaN));
    if (result !== true) refused += 1;
  };
  const startMs = performance.now();
  const total = ready.length * (ready[0]?.lines.length ?? 0);
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.ceil((performance.now() - startMs) * (miners / everyS / 1000)));
    for (; sent < due; sent++) {
      const { miner, lines } = ready[sent % miners] as (typeof ready)[number];
      const of = sentMs.get(miner) ?? [];
      sentMs.set(miner, [...of, performance.now()]);
      miner.write(lines[of.length] ?? '');
    }
    await sleep(TICK_MS);
  }
  const lastSentMs = performance.now();
  while (times.length < total && performance.now() < lastSentMs + PATIENCE_MS) await sleep(TICK_MS);
  const { unverified } = await world.shares();
  crowd.expect(world.devnet.height() + 2);
  await world.devnet.control.addBlock();
  await crowd.notified();
  const jobs = [...crowd.headers].filter(([header]) => !earlier.has(header));
  const missed = jobs.reduce((sum, [, got]) => sum + miners - got, 0);
  const { lost } = crowd;
  crowd.close();
  const p99 = quantile(times, 0.99);
  const checked = 1 - (unverified - before.unverified) / (total - refused);
  return {
    name: `${miners} connections held, 1 share each per ${everyS} s for ${seconds} s: replies p99`,
    must: `≤ ${maxMs} ms, no missed job`,
    value: p99,
    unit: 'ms',
    isMet: p99 <= maxMs && missed === 0 && lost === 0 && refused === 0 && times.length === total,
    beside:
      `median ${quantile(times, 0.5).toFixed(1)}, most ${quantile(times, 1).toFixed(0)} ms; ` +
      `${times.length - refused} of ${total} answered true, ${(checked * 100).toFixed(0)} % verified; ` +
      `${missed} of ${jobs.length * miners} jobs missed, ${lost} connections lost`,
  };
}
