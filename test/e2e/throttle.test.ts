import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestMiner } from '../support/test-miner.ts';
import { createTwoNodes, EASY_BITS } from '../support/two-nodes.ts';

// A chain so easy that two of three hashes are blocks, and a miner that never stops: without the throttle there would be
// many blocks a second.

const INTERVAL_S = 2;
const BLOCKS = 4;
/** From the moment KPSS lets a block out until the chain has it; it may differ between one block and the next. */
const ON_ITS_WAY_MS = 250;

const nodes = await createTwoNodes();
after(() => nodes.close());

test('blocks come no faster than the throttle says, and as fast as it says; shares are accepted all the time', async () => {
  nodes.setBits(EASY_BITS);
  const file = join(nodes.folder, 'kpss.yaml');
  writeFileSync(file, `${nodes.yaml}\nthrottle: { minBlockIntervalS: ${INTERVAL_S} }\n`);
  const times: number[] = [];
  nodes.near.onBlock(() => times.push(performance.now()));
  const { kpss, connect } = await nodes.start();
  const miner = await connect();
  let accepted = 0;
  while (times.length < BLOCKS) {
    if (await isAccepted(miner)) accepted += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const gaps = times.slice(1).map((atMs, i) => atMs - (times[i] ?? 0));
  for (const gapMs of gaps) {
    assert.ok(gapMs >= INTERVAL_S * 1_000 - ON_ITS_WAY_MS, `two blocks within ${Math.round(gapMs)} ms`);
  }
  assert.ok(accepted > 4 * BLOCKS, `${accepted} shares for ${BLOCKS} blocks`);
  await kpss.line((line) => line.msg.includes('throttled until'));
  assert.equal(miner.client.closed, false);
});

async function isAccepted(miner: TestMiner): Promise<boolean> {
  const { result, error } = await miner.submitGood();
  assert.ok(result === true || error?.[0] === 22, JSON.stringify(error));
  return result === true;
}
