import { epochContextIn } from '../kawpow/epoch-context.ts';
import { compileKernel, openKernel } from '../kawpow/kernel.ts';
import { createKernelEngine } from '../kawpow/kernel-engine.ts';
import { claimScratch, createKernelMemory, fillL1Cache } from '../kawpow/kernel-memory.ts';
import type { KawPow } from '../kawpow/params.ts';
import type { Clock } from '../mining/ports.ts';

/** Shares that a worker thread takes at once under load. */
const BATCH = 16;
/** V8's optimising compiler has done its work by then. */
const WARM_UP_BATCHES = 2;
/** The best of so many counts: a doctor looks at what the machine can do, not at what else it does. */
const BATCHES = 4;

/**
 * How many shares of an epoch one thread verifies in a second. The light cache is filled with noise instead of being
 * built, which takes a tenth of a second instead of some: the kernel reads as much of it, in places as random.
 * Takes about half a second, in which nothing else runs.
 */
export function measureVerifier(pow: KawPow, epoch: number, clock: Pick<Clock, 'nowMs'>): number {
  const memory = createKernelMemory(epoch, pow);
  const context = epochContextIn({ pow, epoch, memory });
  fillWithNoise(context.lightCache);
  fillL1Cache(openKernel(compileKernel(pow), pow, epoch, memory), memory, pow);
  const engine = createKernelEngine(pow);
  engine.prepare(context, claimScratch(memory));
  let bestMs = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < WARM_UP_BATCHES + BATCHES; batch++) {
    const requests = Array.from({ length: BATCH }, (_, i) => ({
      height: epoch * pow.epochLength,
      headerHash: new Uint8Array(32).fill(batch),
      nonce: BigInt(i),
    }));
    const startMs = clock.nowMs();
    engine.hash(requests);
    const tookMs = clock.nowMs() - startMs;
    if (batch >= WARM_UP_BATCHES) bestMs = Math.min(bestMs, tookMs);
  }
  return (BATCH * 1000) / bestMs;
}

/** Marsaglia's xorshift32: every page is written to, and no two alike. */
function fillWithNoise(words: Uint32Array): void {
  let state = 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
}
