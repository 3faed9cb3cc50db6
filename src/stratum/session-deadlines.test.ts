import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordedTemplate } from '../../test/support/mining.ts';
import { createHardHarness, HARD_BITS } from '../../test/support/session-harness.ts';

const MINUTE_MS = 60_000;
type Harness = ReturnType<typeof createHardHarness>;

/** Lets minutes pass; a template a minute, unless the node is away, and a sweep. */
async function pass(
  harness: Harness,
  minutes: number,
  each: () => void = () => {},
  isAway = false,
): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    await harness.clock.advance(MINUTE_MS);
    if (!isAway) {
      harness.jobs.add(recordedTemplate(HARD_BITS));
      harness.session.offerJob();
    }
    each();
    await harness.clock.settle();
    harness.session.sweep();
  }
}

test('a miner that shows no share in an hour is closed, though it talks', async () => {
  const harness = createHardHarness();
  harness.logIn();
  const talk = (): void => void harness.ask('{"id":9,"method":"eth_submitHashrate","params":["0x1","0x2"]}');
  await pass(harness, 59, talk);
  assert.deepEqual(harness.closes, []);
  await pass(harness, 1, talk);
  assert.deepEqual(harness.closes, ['no-share']);
});

test('one that mined and fell silent is closed after an hour', async () => {
  const harness = createHardHarness();
  harness.logIn();
  harness.submit(10);
  await harness.clock.settle();
  await pass(harness, 59);
  assert.deepEqual(harness.closes, []);
  await pass(harness, 1);
  assert.deepEqual(harness.closes, ['idle']);
});

test('one that finds a share now and then stays', async () => {
  const harness = createHardHarness();
  harness.logIn();
  let nonce = 2;
  for (let i = 0; i < 5; i++) {
    harness.submit(nonce, { nonce: (nonce++).toString(16).padStart(16, '0') });
    await pass(harness, 50);
  }
  assert.deepEqual(harness.closes, []);
});

test('while the node is away nobody is closed', async () => {
  const harness = createHardHarness();
  harness.logIn();
  await pass(harness, 300, () => {}, true);
  assert.deepEqual(harness.closes, []);
  await pass(harness, 61);
  assert.deepEqual(harness.closes.length, 1);
});
