import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../src/measure/median.ts';
import { Crowd } from './crowd.ts';
import { atMost, type Figure } from './figure.ts';
import type { World } from './world.ts';

/** Blocks follow each other at this distance: two notifies of a connection are at least 50 ms apart. */
const BETWEEN_BLOCKS_MS = 500;

interface Rounds {
  /** From the moment a block is the node's tip, medians. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** The longest that the server's event loop was held in any round. */
  readonly loopMaxMs: number;
  readonly gcMaxMs: number;
}

/**
 * From a new block at the node until the last of a crowd has read its job, over the time until a lone miner of the same
 * server has: what is left is the crowd's.
 */
export async function measureFanOut(
  world: World,
  { miners, blocks, maxMs }: { readonly miners: number; readonly blocks: number; readonly maxMs: number },
): Promise<Figure> {
  const crowd = new Crowd(world.port);
  await crowd.arrive(1, 1);
  const lone = await measureRounds(world, crowd, blocks);
  await crowd.arrive(miners - 1, 2_000);
  const all = await measureRounds(world, crowd, blocks);
  crowd.close();
  return atMost(
    `new block → last of ${miners} miners notified, over the signal's own time`,
    all.lastMs - lone.lastMs,
    {
      max: maxMs,
      unit: 'ms',
      beside:
        `a lone miner ${lone.lastMs.toFixed(1)}, the first ${all.firstMs.toFixed(1)}, ` +
        `the last ${all.lastMs.toFixed(1)} ms after the block; event loop held ${all.loopMaxMs.toFixed(0)} ms at most, garbage collected in ${all.gcMaxMs.toFixed(0)}`,
    },
  );
}

async function measureRounds({ devnet, ask }: World, crowd: Crowd, blocks: number): Promise<Rounds> {
  const times = { first: [] as number[], last: [] as number[] };
  let connectedMs = Number.NaN;
  let loopMaxMs = 0;
  let gcMaxMs = 0;
  const forget = devnet.onBlock(() => {
    connectedMs = performance.now();
  });
  // One before the first that counts, with everything that is done for the first time.
  for (let round = -1; round < blocks; round++) {
    await sleep(BETWEEN_BLOCKS_MS);
    await ask('watch-loop');
    crowd.expect(devnet.height() + 2);
    await devnet.control.addBlock();
    const { firstMs, lastMs } = await crowd.notified();
    const seen = await ask('loop');
    if (round < 0) continue;
    times.first.push(firstMs - connectedMs);
    times.last.push(lastMs - connectedMs);
    loopMaxMs = Math.max(loopMaxMs, seen.loopMaxMs);
    gcMaxMs = Math.max(gcMaxMs, seen.gcMaxMs);
  }
  forget();
  return { firstMs: median(times.first), lastMs: median(times.last), loopMaxMs, gcMaxMs };
}
