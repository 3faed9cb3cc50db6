import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Engine } from '../../src/kawpow/engine.ts';
import { epochOf } from '../../src/kawpow/epoch.ts';
import {
  buildEpochContext,
  buildReferenceContext,
  type EpochContext,
} from '../../src/kawpow/epoch-context.ts';
import { createKernelEngine } from '../../src/kawpow/kernel-engine.ts';
import { KERNEL_BATCH_MAX } from '../../src/kawpow/kernel-layout.ts';
import { claimScratch } from '../../src/kawpow/kernel-memory.ts';
import type { KawPow } from '../../src/kawpow/params.ts';
import { hashReference } from '../../src/kawpow/reference.ts';
import { SMALL_POW } from '../conformance/small-pow.ts';

/** Other coins' kinds of change: each number that is data, in a value that nobody uses. */
const VARIANTS: readonly KawPow[] = [
  SMALL_POW,
  {
    ...SMALL_POW,
    name: 'fewer registers and operations, other padding',
    registers: 16,
    cacheOps: 6,
    mathOps: 9,
    period: 6,
    padding: 'OTHERCOINKAWPOW',
  },
  {
    ...SMALL_POW,
    name: 'more operations, fewer rounds, smaller L1 cache',
    cacheOps: 20,
    mathOps: 12,
    rounds: 7,
    l1CacheBytes: 4096,
    datasetParents: 32,
  },
];
/** More periods than a scratch has places for programs. */
const MANY_PERIODS: KawPow = { ...SMALL_POW, name: 'many periods', epochLength: 60, period: 1 };
/** Five epochs of 12 blocks. */
const HEIGHT_MAX = 59;

const requests = fc.array(
  fc.record({
    height: fc.integer({ min: 0, max: HEIGHT_MAX }),
    headerHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    nonce: fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
  }),
  { minLength: 1, maxLength: KERNEL_BATCH_MAX + 8, size: 'max' },
);

function prepared(engine: Engine, pow: KawPow): EpochContext[] {
  return Array.from({ length: 1 + epochOf(HEIGHT_MAX, pow) }, (_, epoch) => {
    const context = buildEpochContext(epoch, { pow });
    engine.prepare(context, claimScratch(context.memory));
    return buildReferenceContext(epoch, { pow });
  });
}

for (const pow of [...VARIANTS, MANY_PERIODS]) {
  test(`the kernel hashes like the reference, in any batch, across periods and epochs: ${pow.name}`, () => {
    const engine = createKernelEngine(pow);
    const references = prepared(engine, pow);
    fc.assert(
      fc.property(requests, (batch) => {
        const right = batch.map((request) =>
          hashReference(references[epochOf(request.height, pow)] as EpochContext, request),
        );
        assert.deepEqual(engine.hash(batch), right);
      }),
      { numRuns: 60 },
    );
  });

  test(`the kernel builds the reference's caches: ${pow.name}`, () => {
    fc.assert(
      fc.property(fc.nat({ max: 200 }), (epoch) => {
        const built = buildEpochContext(epoch, { pow });
        const right = buildReferenceContext(epoch, { pow });
        assert.deepEqual(built.lightCache, right.lightCache);
        assert.deepEqual(built.l1Cache, right.l1Cache);
      }),
      { numRuns: 15 },
    );
  });
}
