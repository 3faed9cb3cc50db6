import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { bytesToHex, hexToBytes } from '../../src/chain/bytes.ts';
import { bitsToTarget, meetsTarget } from '../../src/chain/target.ts';
import { epochOf } from '../../src/kawpow/epoch.ts';
import { KAWPOW, withEpochLength } from '../../src/kawpow/params.ts';
import { createVerifierPool } from '../../src/kawpow/pool.ts';
import { KpssProcess, stopAllKpss } from '../support/kpss-process.ts';
import { type Message, prefixIn, StratumClient } from '../support/stratum-client.ts';

// A chain whose epochs have five blocks goes through three of them under the eyes of miners that never stop. Each submit
// is answered within the two seconds after which kawpowminer hangs up, and no share goes unverified: the next epoch's
// light cache is there before its first block.

const EPOCH_LENGTH = 5;
/** Into the third epoch. */
const LAST_HEIGHT = 2 * EPOCH_LENGTH + 2;
const MINERS = 3;
/** As the chain aims at, so that its difficulty stays where it is. */
const BLOCK_EVERY_MS = 1_000;
const REPLY_WITHIN_MS = 2_000;

const pow = withEpochLength(KAWPOW, EPOCH_LENGTH);
const verifier = createVerifierPool({ pow, epochsMax: 3 });

after(async () => {
  await stopAllKpss();
  await verifier.close();
});

interface Replied {
  readonly height: number;
  readonly tookMs: number;
  readonly reply: Message;
}

/** One connection that searches and submits until the chain is long enough. */
async function mine(port: number, name: string, replied: Replied[], pace: { lastBlockMs: number }) {
  const client = await StratumClient.connect(port);
  client.send({ id: 1, method: 'mining.subscribe', params: [name] });
  const prefix = prefixIn(await client.find((message) => message.id === 1));
  await client.call(2, 'mining.authorize', [`${name}.rig`, 'x']);
  await client.job();
  let submitted = 0;
  for (let tried = 0; ; tried += 1) {
    const job = await client.job();
    const [jobId, headerHash, , target, , height, bits] = job.params;
    if (height > LAST_HEIGHT) break;
    void verifier.prepare(epochOf(height, pow) + 1);
    const nonce = prefix + tried.toString(16).padStart(12, '0');
    const request = { height, headerHash: hexToBytes(headerHash), nonce: BigInt(`0x${nonce}`) };
    const outcome = await verifier.hash(request);
    assert.ok(outcome.ok);
    if (!meetsTarget(outcome.finalHash, hexToBytes(target.replace('0x', '')))) continue;
    const isBlock = meetsTarget(outcome.finalHash, bitsToTarget(Number.parseInt(bits, 16)));
    if (isBlock && Date.now() - pace.lastBlockMs < BLOCK_EVERY_MS) continue;
    if (isBlock) pace.lastBlockMs = Date.now();
    const startMs = performance.now();
    const params = [
      `${name}.rig`,
      jobId,
      `0x${nonce}`,
      `0x${headerHash}`,
      `0x${bytesToHex(outcome.mixHash)}`,
    ];
    const reply = await client.call(100 + submitted, 'mining.submit', params);
    replied.push({ height, tookMs: performance.now() - startMs, reply });
    submitted += 1;
  }
  client.destroy();
  return submitted;
}

test('an epoch change goes by without one late reply and without one unverified share', async () => {
  const args = ['dev', '--threads', '0', '--port', '0', '--epoch-length', `${EPOCH_LENGTH}`];
  const kpss = new KpssProcess([...args, '--block-time', '1', '--log-level', 'debug']);
  const port = await kpss.stratumPort();
  for (const epoch of [0, 1]) {
    await kpss.line((line) => line.epoch === epoch && line.msg.includes('shares are verified'));
  }
  const replied: Replied[] = [];
  const pace = { lastBlockMs: 0 };
  const names = Array.from({ length: MINERS }, (_, i) => `miner${i}`);
  const submitted = await Promise.all(names.map((name) => mine(port, name, replied, pace)));
  await kpss.stop();

  const total = submitted.reduce((sum, count) => sum + count, 0);
  assert.equal(replied.length, total, 'every submit has one reply');
  for (const epoch of [0, 1, 2]) {
    const ofEpoch = replied.filter(({ height }) => epochOf(height, pow) === epoch);
    assert.ok(ofEpoch.length >= MINERS, `${ofEpoch.length} shares of epoch ${epoch}`);
  }
  const late = replied.filter(({ tookMs }) => tookMs >= REPLY_WITHIN_MS);
  assert.deepEqual(late, []);
  // A share may be stale when a block overtakes it; nothing else is refused.
  const refused = replied.filter(({ reply }) => reply.result !== true && reply.error?.[0] !== 21);
  assert.deepEqual(refused, []);
  const unverified = kpss.log.filter((line) => line.msg === 'share accepted' && line.verified !== true);
  assert.deepEqual(unverified, []);
  assert.ok(kpss.log.filter((line) => line.msg === 'share accepted').length >= total / 2);
  const ready = kpss.log.findIndex((line) => line.epoch === 2 && line.msg.includes('shares are verified'));
  const needed = kpss.log.findIndex(
    (line) => line.height === 2 * EPOCH_LENGTH && line.msg.startsWith('new tip'),
  );
  assert.ok(ready >= 0 && ready < needed, 'the light cache is there before the first block that needs it');
});
