import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bitsToTarget, expectedHashes, targetToBigint } from '../chain/target.ts';
import { POW_LIMIT_BITS, type RetargetBlock, requiredBits } from './retarget.ts';

const BLOCK_TIME_S = 10;

/** A small generator of evenly spread fractions; the same seed gives the same run. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

interface Run {
  blocks: RetargetBlock[];
  /** When each block was found, on the world's clock. */
  foundS: number[];
}

/**
 * A chain as miners at some hashrate extend it. A block's time is when work on it began, as in a template.
 * @param hashrateAt hashes per second at a time
 */
function mine(seconds: number, hashrateAt: (nowS: number) => number, seed = 1): Run {
  const random = createRandom(seed);
  const blocks: RetargetBlock[] = [{ height: 0, bits: POW_LIMIT_BITS, timeS: 0 }];
  const foundS: number[] = [];
  let nowS = 1_700_000_000;
  const endS = nowS + seconds;
  while (nowS < endS) {
    const parent = blocks.at(-1) as RetargetBlock;
    const grandparent = blocks.at(-2);
    const recent = blocks.slice(-11).map((block) => block.timeS);
    const medianS = recent.sort((a, b) => a - b)[recent.length >> 1] as number;
    // The server asks for a new template every 30 s: easier bits after a stall reach the miner so.
    const beganS = nowS;
    for (let round = 0; ; round++) {
      const workFromS = beganS + 30 * round;
      const timeS = Math.max(medianS + 1, Math.floor(workFromS));
      const bits = requiredBits({
        parent,
        grandparent,
        timeS,
        blockTimeS: BLOCK_TIME_S,
        startBits: POW_LIMIT_BITS,
      });
      const tookS = (-Math.log(random()) * expectedHashes(bitsToTarget(bits))) / hashrateAt(workFromS);
      // Without memory: what was not found within a template's life begins anew.
      if (tookS > 30) continue;
      nowS = workFromS + tookS;
      blocks.push({ height: parent.height + 1, bits, timeS });
      foundS.push(nowS);
      break;
    }
  }
  return { blocks, foundS };
}

function gaps(foundS: readonly number[]): number[] {
  return foundS.slice(1).map((at, i) => at - (foundS[i] as number));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('retargeting', () => {
  for (const hashrate of [5, 50, 5000]) {
    it(`holds the block time at ${hashrate} hashes per second`, () => {
      const { foundS } = mine(40_000, () => hashrate);
      const settled = gaps(foundS).slice(200);
      assert(mean(settled) > 8.5 && mean(settled) < 11.5, `mean ${mean(settled)}`);
      assert(Math.max(...settled) < 20 * BLOCK_TIME_S, `longest ${Math.max(...settled)}`);
    });
  }

  it('lets a new chain on one processor find five blocks at once and settle within minutes', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { foundS } = mine(1200, () => 50, seed);
      assert((foundS[4] as number) - 1_700_000_000 < 5);
      const late = gaps(foundS.filter((at) => at > 1_700_000_000 + 300));
      assert(mean(late) > 5 && mean(late) < 20, `seed ${seed}: mean ${mean(late)}`);
    }
  });

  it('follows a hundredfold burst up and down again', () => {
    const startS = 1_700_000_000;
    const burst = (nowS: number): number => (nowS > startS + 1000 && nowS < startS + 1600 ? 5000 : 50);
    const { foundS } = mine(8000, burst);
    const within = foundS.filter((at) => at > startS + 1300 && at < startS + 1600);
    const after = gaps(foundS.filter((at) => at > startS + 3000));
    assert(mean(gaps(within)) > 5, `in the burst ${mean(gaps(within))}`);
    assert(Math.max(...gaps(foundS)) <= 21 * BLOCK_TIME_S + 30, `longest ${Math.max(...gaps(foundS))}`);
    assert(mean(after) > 7 && mean(after) < 14, `after it ${mean(after)}`);
  });

  it('goes on after a graphics card has come and gone', () => {
    const startS = 1_700_000_000;
    const { foundS } = mine(8000, (nowS) => (nowS > startS + 500 && nowS < startS + 2000 ? 20e6 : 50));
    assert(Math.max(...gaps(foundS)) <= 20 * BLOCK_TIME_S + 60, `longest ${Math.max(...gaps(foundS))}`);
    const after = gaps(foundS.filter((at) => at > startS + 4000));
    assert(mean(after) > 7 && mean(after) < 14, `mean ${mean(after)}`);
  });

  it('moves a target by at most 9/7 harder or 3 times easier, and never beyond the limit', () => {
    const limit = targetToBigint(bitsToTarget(POW_LIMIT_BITS));
    fc.assert(
      fc.property(
        fc
          .integer({ min: 0x1b000100, max: POW_LIMIT_BITS })
          .filter((bits) => (bits & 0x00ff8000) !== 0 && !(bits & 0x00800000)),
        fc.integer({ min: -1000, max: 10_000 }),
        (bits, solveTimeS) => {
          const grandparent = { height: 8, bits, timeS: 1_000_000 };
          const parent = { height: 9, bits, timeS: 1_000_000 + solveTimeS };
          const timeS = parent.timeS + 1;
          const next = requiredBits({
            parent,
            grandparent,
            timeS,
            blockTimeS: BLOCK_TIME_S,
            startBits: bits,
          });
          const before = targetToBigint(bitsToTarget(bits));
          const after = targetToBigint(bitsToTarget(next));
          assert(after <= limit && after <= before * 3n);
          // The compact form cuts off what is behind its three digits.
          assert(after * 10n >= before * 7n);
        },
      ),
    );
  });

  it('demands the first bits of the first block, and the same of the second', () => {
    const genesis = { height: 0, bits: POW_LIMIT_BITS, timeS: 0 };
    const first = { height: 1, bits: 0x1f7fffff, timeS: 1_700_000_000 };
    const common = { blockTimeS: BLOCK_TIME_S, startBits: 0x1f7fffff };
    const atOnce = { parent: genesis, grandparent: undefined, timeS: 1_700_000_000 };
    assert.equal(requiredBits({ ...common, ...atOnce }), 0x1f7fffff);
    const next = { parent: first, grandparent: genesis, timeS: 1_700_000_001 };
    assert.equal(requiredBits({ ...common, ...next }), 0x1f7fffff);
  });
});
