import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryJournal } from '../test/support/memory-journal.ts';
import { noRandom, rawTemplate, recordedTemplate, tipOf } from '../test/support/mining.ts';
import { createKeptLog, createScriptedRpc } from '../test/support/scripted-rpc.ts';
import { EASY, HARD_BITS } from '../test/support/session-harness.ts';
import { makeCandidate } from '../test/support/share.ts';
import { onePort } from '../test/support/stratum-options.ts';
import { createVirtualClock } from '../test/support/virtual-clock.ts';
import { bytesToHex } from './chain/bytes.ts';
import { findNetwork } from './chain/coins.ts';
import { Instance } from './instance.ts';
import { KAWPOW } from './kawpow/params.ts';
import type { Verifier } from './kawpow/verifier.ts';
import { JobBook } from './mining/job-book.ts';
import type { Share } from './mining/share.ts';
import type { ThrottleRules } from './mining/throttle.ts';
import type { StratumServerModules } from './stratum/server.ts';
import type { Session } from './stratum/session.ts';
import { ThrottledBlocks } from './throttled-blocks.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

function rulesOf(rules: Partial<ThrottleRules>): ThrottleRules {
  return {
    blocksPerHour: undefined,
    minBlockIntervalMs: undefined,
    pauseAboveDifficulty: undefined,
    ...rules,
  };
}

function setUp(rules: Partial<ThrottleRules> | undefined) {
  const clock = createVirtualClock();
  const log = createKeptLog();
  const jobs = new JobBook(new Uint8Array(0));
  const out: { share: Share; atMs: number }[] = [];
  const waiting: Share[] = [];
  const startMs = clock.nowMs();
  const throttled = new ThrottledBlocks(rules && rulesOf(rules), {
    jobs,
    clock,
    log,
    submit: (share) => out.push({ share, atMs: clock.nowMs() - startMs }),
    wait: (share) => waiting.push(share),
  });
  const takeTip = (byte: number, changes: object = {}): void => {
    jobs.add(recordedTemplate({ previousblockhash: tipOf(byte), ...changes }));
    throttled.takeTemplate();
  };
  const offer = (): Share => {
    const share = makeCandidate(jobs);
    throttled.offer(share, 'rig');
    return share;
  };
  takeTip(1);
  return {
    clock,
    log,
    jobs,
    throttled,
    out,
    waiting,
    takeTip,
    offer,
    times: () => out.map(({ atMs }) => atMs),
  };
}

test('without rules all go out in the same tick, and there is no status', () => {
  const { throttled, offer, out } = setUp(undefined);
  for (let i = 1; i <= 3; i++) {
    offer();
    assert.equal(out.length, i);
  }
  assert.equal(throttled.status(), undefined);
});

test('the first candidate goes out in the same tick; the first of the next tip waits for its time', async () => {
  const { clock, throttled, offer, out, takeTip, times } = setUp({ blocksPerHour: 12 });
  offer();
  assert.equal(out.length, 1);
  takeTip(2);
  await clock.advance(MINUTE_MS);
  const first = offer();
  for (let i = 0; i < 2; i++) offer();
  const status = throttled.status();
  assert.match(
    status?.sentence ?? '',
    /^throttled until \d\d:\d\d:20: 12 blocks an hour; 3 candidates held$/,
  );
  assert.equal(status?.untilMs, 1_700_000_300_000);
  await clock.advance(4 * MINUTE_MS - 1);
  assert.equal(out.length, 1);
  await clock.advance(1);
  assert.deepEqual(times(), [0, 5 * MINUTE_MS]);
  assert.equal(out[1]?.share, first);
  assert.deepEqual([throttled.status()?.heldTotal, throttled.status()?.droppedTotal], [3, 2]);
});

test('a block that was held uses up the rate as soon as it goes out', async () => {
  const { clock, offer, out, takeTip, times } = setUp({ blocksPerHour: 12 });
  offer();
  takeTip(2);
  offer();
  await clock.advance(5 * MINUTE_MS);
  takeTip(3);
  offer();
  assert.equal(out.length, 2);
  await clock.advance(5 * MINUTE_MS);
  assert.deepEqual(times(), [0, 5 * MINUTE_MS, 10 * MINUTE_MS]);
});

test('a new tip drops what is held', async () => {
  const { clock, throttled, offer, out, takeTip } = setUp({ minBlockIntervalMs: 10 * MINUTE_MS });
  offer();
  takeTip(2);
  offer();
  offer();
  assert.equal(throttled.status()?.held, 2);
  takeTip(3);
  assert.deepEqual([throttled.status()?.held, throttled.status()?.droppedTotal], [0, 2]);
  await clock.advance(HOUR_MS);
  assert.equal(out.length, 1);
  assert.equal(clock.pending(), 0);
});

test('another template of the same tip drops nothing', async () => {
  const { clock, offer, out, takeTip } = setUp({ minBlockIntervalMs: 10 * MINUTE_MS });
  offer();
  takeTip(2);
  const held = offer();
  for (let i = 0; i < 15; i++) takeTip(2);
  await clock.advance(10 * MINUTE_MS);
  assert.equal(out[1]?.share, held);
});

test('a late candidate of the tip before is not held', async () => {
  const { clock, jobs, throttled, offer, out, takeTip } = setUp({ minBlockIntervalMs: 10 * MINUTE_MS });
  offer();
  const late = makeCandidate(jobs);
  takeTip(2);
  throttled.offer(late, 'rig');
  assert.deepEqual([throttled.status()?.held, throttled.status()?.droppedTotal], [0, 1]);
  await clock.advance(HOUR_MS);
  assert.equal(out.length, 1);
});

test('a held candidate that proves forged leaves its place to the next', async () => {
  const { clock, throttled, offer, out, takeTip } = setUp({ minBlockIntervalMs: 10 * MINUTE_MS });
  offer();
  takeTip(2);
  const forged = offer();
  throttled.markForged(forged);
  assert.equal(throttled.status()?.held, 0);
  const real = offer();
  throttled.markForged(forged);
  await clock.advance(10 * MINUTE_MS);
  assert.deepEqual(out.map(({ share }) => share).slice(1), [real]);
});

test('a block that was not accepted gives its place back', async () => {
  const { clock, throttled, offer, out, takeTip, times } = setUp({ blocksPerHour: 1 });
  const refused = offer();
  takeTip(2);
  offer();
  await clock.advance(MINUTE_MS);
  assert.equal(throttled.status()?.blocksLastHour, 1);
  throttled.settled(bytesToHex(refused.finalHash), false);
  assert.deepEqual(times(), [0, MINUTE_MS], 'the held one goes out at once');
  const [, second] = out;
  assert(second);
  throttled.settled(bytesToHex(second.share.finalHash), true);
  takeTip(3);
  offer();
  await clock.advance(HOUR_MS);
  assert.deepEqual(times(), [0, MINUTE_MS, MINUTE_MS + HOUR_MS]);
});

test('above the difficulty candidates wait for a template below it', async () => {
  const { clock, throttled, offer, out, takeTip } = setUp({ pauseAboveDifficulty: 0.5 });
  takeTip(2, HARD_BITS);
  const held = offer();
  await clock.advance(24 * HOUR_MS);
  assert.equal(out.length, 0);
  assert.equal(
    throttled.status()?.sentence,
    "throttled while the network's difficulty is above 0.5: it is 1; 1 candidate held",
  );
  takeTip(2);
  assert.equal(out[0]?.share, held);
  assert.equal(throttled.status()?.sentence, undefined);
});

test('blocks of before a restart count', async () => {
  const { clock, throttled, offer, out, times } = setUp({ blocksPerHour: 2 });
  const nowMs = clock.nowMs();
  throttled.seed([nowMs - 50 * MINUTE_MS, nowMs - 10 * MINUTE_MS, nowMs - 5 * HOUR_MS]);
  offer();
  assert.equal(out.length, 0);
  await clock.advance(HOUR_MS);
  assert.deepEqual(times(), [20 * MINUTE_MS]);
});

test('a block that seems to be of the future, since the clock was set back, holds up no longer than one of now', async () => {
  const { clock, throttled, offer, times } = setUp({ minBlockIntervalMs: 5 * MINUTE_MS });
  throttled.seed([clock.nowMs() + 24 * HOUR_MS]);
  offer();
  await clock.advance(HOUR_MS);
  assert.deepEqual(times(), [5 * MINUTE_MS]);
});

test('what is held at the end is given up, and the log says so', async () => {
  const { clock, log, throttled, offer, out, takeTip } = setUp({ blocksPerHour: 1 });
  offer();
  takeTip(2);
  offer();
  throttled.stop();
  await clock.advance(2 * HOUR_MS);
  assert.equal(out.length, 1);
  assert.match(
    log.lines.at(-1)?.message ?? '',
    /^the candidate for block 258 that the throttle held is given up$/,
  );
});

test('a candidate that waits for its verdict is written down for the next start only without a throttle', () => {
  for (const rules of [undefined, { blocksPerHour: 1 }]) {
    const { jobs, throttled, waiting } = setUp(rules);
    throttled.wait(makeCandidate(jobs), 'rig');
    assert.equal(waiting.length, rules === undefined ? 1 : 0);
  }
});

test('the log has a line a minute, however many candidates come', async () => {
  const { clock, log, offer, takeTip } = setUp({ minBlockIntervalMs: 10 * HOUR_MS });
  offer();
  for (let second = 0; second < 600; second++) {
    takeTip(2 + (second % 2));
    for (let i = 0; i < 10; i++) offer();
    await clock.advance(1_000);
  }
  assert.equal(log.lines.length, 10);
  assert.match(
    log.lines[9]?.message ?? '',
    /^throttled until .*: 36000 s between blocks; 1 candidate held, 600 of earlier tips dropped$/,
  );
});

/** A server without sockets: the test plays its miners through the modules that it is given. */
function createRig(throttle: ThrottleRules, clock = createVirtualClock(), journal = createMemoryJournal()) {
  const network = findNetwork('ravencoin', 'test');
  assert(network);
  const acceptedMs: number[] = [];
  let tip = 1;
  const rpc = createScriptedRpc((method, params) => {
    if (method === 'getblockchaininfo') return { chain: 'test' };
    if (method === 'getbestblockhash') return tipOf(tip);
    if (method === 'getblockheader') return { confirmations: 1 };
    if (method === 'submitblock') {
      acceptedMs.push(clock.nowMs());
      tip = (tip % 250) + 1;
      return null;
    }
    const isProposal = (params[0] as { mode?: string }).mode === 'proposal';
    return isProposal ? null : { ...rawTemplate(), previousblockhash: tipOf(tip) };
  });
  const verifier = { keep() {}, endSession() {} } as unknown as Verifier;
  let modules: StratumServerModules | undefined;
  const instance = new Instance(
    {
      name: 'test',
      network,
      pow: KAWPOW,
      payout: { mainScript: Uint8Array.of(0x51), recipients: [] },
      tag: new Uint8Array(0),
      stratum: onePort(EASY),
      // A poll each second is enough for a chain that only this miner moves.
      tips: { pollMs: 1_000, refreshMs: 30_000, askAfterFound: true },
      throttle,
    },
    {
      clock,
      journal,
      random: noRandom,
      log: createKeptLog(),
      verifier,
      nodes: [{ name: 'node1', url: 'http://node1', priority: 1, rpc: Object.assign(rpc, { close() {} }) }],
      createServer: (_options, given) => {
        modules = given;
        return {
          listen: async () => [1],
          announceJob() {},
          release() {},
          apply: () => Promise.resolve(),
          usePayout() {},
          miners: () => [],
          close: async () => {},
          minerCount: 1,
        };
      },
    },
  );
  const mine = (): void => {
    assert(modules);
    const share = makeCandidate(modules.jobs as JobBook);
    modules.onCandidate(share, { workerName: 'rig' } as Session);
    modules.onResult({ kind: 'accepted', share, verified: true }, { workerName: 'rig' } as Session);
  };
  /** Mines for so long, a candidate each five seconds. */
  const mineFor = async (durationMs: number): Promise<number> => {
    const candidates = durationMs / 5_000;
    for (let i = 0; i < candidates; i++) {
      mine();
      await clock.advance(5_000);
    }
    return candidates;
  };
  const stop = async (): Promise<void> => {
    const stopped = instance.stop();
    await clock.advance(20_000);
    await stopped;
  };
  return { instance, clock, journal, acceptedMs, mineFor, stop };
}

test('over two hours of a candidate each five seconds, the network gets its twelve an hour, five minutes apart', async () => {
  const { instance, clock, acceptedMs, mineFor, stop } = createRig(rulesOf({ blocksPerHour: 12 }));
  await instance.start();
  await clock.advance(0);
  const startMs = clock.nowMs();
  const candidates = await mineFor(2 * HOUR_MS);
  assert.equal(acceptedMs.length, 25, 'from the first second to the last');
  for (const [i, atMs] of acceptedMs.entries()) assert.equal(atMs - startMs, i * 5 * MINUTE_MS);
  const { counts, throttle } = instance.status();
  assert.equal(counts.accepted, candidates, 'all shares count');
  assert.equal(counts.blocksAccepted, 25);
  assert.equal(throttle?.blocksLastHour, 12);
  assert.equal((throttle?.heldTotal ?? 0) + 1, candidates);
  await stop();
  assert.equal(clock.pending(), 0);
});

test('the rate holds across a restart', async () => {
  const rules = rulesOf({ blocksPerHour: 12 });
  const before = createRig(rules);
  const { clock, journal } = before;
  await before.instance.start();
  await clock.advance(0);
  await before.mineFor(7 * MINUTE_MS);
  await before.stop();
  const after = createRig(rules, clock, journal);
  await after.instance.start();
  await clock.advance(0);
  await after.mineFor(10 * MINUTE_MS);
  await after.stop();
  const [first = 0] = before.acceptedMs;
  const minutes = [...before.acceptedMs, ...after.acceptedMs].map((atMs) => (atMs - first) / MINUTE_MS);
  assert.deepEqual(minutes, [0, 5, 10, 15]);
});
