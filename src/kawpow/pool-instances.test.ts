import assert from 'node:assert/strict';
import { test } from 'node:test';
import { earnTrust, reasonOf, setUpTimedPool, shareOf, workAt } from '../../test/conformance/pool-harness.ts';

// Instances share the verifier, each with its name before the sessions' numbers: what one of them is flooded with is not
// to be felt in another.

const HASHES_PER_S = 400;

/** @returns what became of the quiet instance's shares while the other one is flooded for ten seconds */
async function floodBeside(flooders: number, areCandidates: boolean) {
  const harness = setUpTimedPool();
  const { pool, clock } = harness;
  workAt(HASHES_PER_S, harness, clock);
  const floods = Array.from({ length: flooders }, (_, i) => `testnet/${i}`);
  const quiet = Array.from({ length: 5 }, (_, i) => `mainnet/${i}`);
  await earnTrust([...floods, ...quiet], harness, clock);
  const waits: number[] = [];
  const reasons: string[] = [];
  for (let ms = 0; ms < 10_000; ms += 5) {
    for (let i = 0; i < 10; i++) {
      const sessionId = floods[(2 * ms + i) % flooders] ?? '';
      void pool.verify(shareOf(2 * ms + i, { sessionId, urgent: areCandidates }));
    }
    if (ms % 200 === 0) {
      const askedMs = clock.nowMs();
      void pool.verify(shareOf(ms, { sessionId: quiet[(ms / 200) % 5] ?? '' })).then((verdict) => {
        waits.push(clock.nowMs() - askedMs);
        reasons.push(reasonOf(verdict));
      });
    }
    await clock.advance(5);
  }
  return {
    longestMs: Math.max(...waits),
    answered: waits.length,
    verified: reasons.filter((r) => r === 'ok, valid').length,
  };
}

for (const flooders of [1, 20]) {
  test(`${flooders} flooding sessions of one instance: the shares of another are verified whole, and soon`, async () => {
    const { longestMs, answered, verified } = await floodBeside(flooders, false);
    assert.ok(longestMs < 1_500, `${longestMs} ms`);
    assert.deepEqual([answered, verified], [50, 50]);
  });
}

// Here some are sampled, which is an answer, too: no miner waits.
for (const flooders of [1, 20, 200]) {
  for (const [what, areCandidates] of [
    ['shares', false],
    ['candidates', true],
  ] as const) {
    test(`${what} of ${flooders} flooding sessions of one instance: the shares of another are answered in time`, async () => {
      const { longestMs, answered } = await floodBeside(flooders, areCandidates);
      assert.ok(longestMs < 1_500, `${longestMs} ms`);
      assert.ok(answered >= 48, `${answered} of 50; the last ones had no time`);
    });
  }
}
