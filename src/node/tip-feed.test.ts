import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockHash, setUpNodeSet } from '../../test/support/node-set-harness.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { RpcError } from './rpc-error.ts';
import { TipFeed } from './tip-feed.ts';
import type { SignalName } from './tip-signal.ts';

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];

function setUp() {
  const clock = createVirtualClock();
  const feed = new TipFeed(clock);
  feed.confirm(A, 'n1');
  feed.polled(A);
  const sentences = (): string[] => feed.scores().map(({ sentence }) => sentence);
  return { clock, feed, sentences };
}

test('each tip counts for the signal that told it first, and how long before the polling', async () => {
  const { clock, feed, sentences } = setUp();
  for (const [hash, leadMs] of [
    [B, 80],
    [C, 120],
  ] as const) {
    assert.equal(feed.hint(hash.toUpperCase(), 'p2p', 'n1'), true);
    await clock.advance(20);
    assert.equal(feed.hint(hash, 'zmq', 'n1'), true);
    feed.confirm(hash, 'n1');
    await clock.advance(leadMs - 20);
    feed.polled(hash);
    feed.polled(hash);
  }
  feed.confirm(A, 'n1');
  feed.polled(A);
  assert.deepEqual(sentences(), [
    'p2p first for 2 of 2 tips, median 120 ms before polling',
    'zmq first for 0 of 2 tips, median 100 ms before polling',
    'poll first for 0 of 2 tips',
  ]);
});

test('a signal that is later than the polling is told so; what nobody announced is the polling’s', async () => {
  const { clock, feed, sentences } = setUp();
  feed.confirm(B, 'n1');
  feed.polled(B);
  await clock.advance(300);
  assert.equal(feed.hint(B, 'notify', 'n1'), false, 'the node has it: nothing to ask');
  feed.hint(B, 'notify', 'n1');
  assert.deepEqual(sentences(), [
    'poll first for 1 of 1 tip',
    'notify first for 0 of 1 tip, median 300 ms after polling',
  ]);
});

test('a block of our own is no signal’s merit', () => {
  const { feed, sentences } = setUp();
  feed.own(B);
  feed.hint(B, 'zmq', 'n1');
  feed.confirm(B, 'n1');
  feed.polled(B);
  assert.deepEqual(sentences(), []);
});

test('what is no hash is passed over', () => {
  const { feed } = setUp();
  for (const text of ['', 'hello', 'a'.repeat(63), 'g'.repeat(64), 'a'.repeat(65)]) {
    assert.equal(feed.hint(text, 'notify', ''), false);
  }
});

test('right hints are never held up, however quickly blocks come', () => {
  const { feed } = setUp();
  for (let i = 0; i < 1_000; i++) {
    const hash = i.toString(16).padStart(64, '0');
    assert.equal(feed.hint(hash, 'zmq', 'n1'), true, `block ${i}`);
    feed.confirm(hash, 'n1');
    feed.polled(hash);
  }
});

test('the hint of a reorganisation back to a block that was the tip before is passed on', () => {
  const { feed } = setUp();
  for (const hash of [B, A, B]) {
    assert.equal(feed.hint(hash, 'p2p', 'n1'), true);
    feed.confirm(hash, 'n1');
  }
});

test('the same hint again and again is passed on once, until a node has given it as its tip', () => {
  const { feed } = setUp();
  const passed = Array.from({ length: 20 }, () => feed.hint(B, 'p2p', 'n1'));
  assert.equal(passed.filter(Boolean).length, 1);
  for (const hash of [C, '1'.repeat(64), '2'.repeat(64)]) assert.equal(feed.hint(hash, 'p2p', 'n1'), true);
  for (const hash of [B, A]) feed.confirm(hash, 'n1');
  assert.equal(feed.hint(B, 'p2p', 'n1'), true);
});

test('a flood on one way does not close the others', () => {
  const { feed } = setUp();
  let passed = 0;
  for (let i = 0; i < 100_000; i++)
    passed += Number(feed.hint(i.toString(16).padStart(64, '0'), 'notify', ''));
  assert.equal(passed, 6);
  assert.equal(feed.hint(B, 'notify', ''), false);
  for (const signal of ['p2p', 'zmq', 'long-poll'] as SignalName[])
    assert.equal(feed.hint(B, signal, 'n1'), true);
});

test('a flood of forged hints costs a node a few calls a second, sends no job and puts nothing off', async () => {
  const { clock, set, n1, n2, jobs, setTips } = setUpNodeSet(2);
  set.start();
  await clock.advance(10_000);
  const calls = (): number => n1.rpc.calls.length + n2.rpc.calls.length;
  const quietBefore = calls();
  await clock.advance(10_000);
  const quiet = calls() - quietBefore;
  const before = calls();
  let sent = 0;
  const flood = async (durationMs: number): Promise<void> => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 50) {
      for (let i = 0; i < 20; i++) set.noteTip((sent++).toString(16).padStart(64, 'f'), { signal: 'notify' });
      set.noteTip(blockHash('a1'), { signal: 'p2p', node: 'n1' });
      set.noteTip(blockHash('a0'), { signal: 'p2p', node: 'n1' });
      set.noteTip(blockHash('a0'), { signal: 'p2p', node: 'nobody' });
      await clock.advance(50);
    }
  };
  await flood(9_000);
  // Two hints a second, each a template or a poll at both nodes and a poll after it.
  assert(
    calls() - before - quiet < 9 * 2 * 4 + 30,
    `${calls() - before} calls in 9 s, ${quiet} in 10 quiet ones`,
  );
  assert.deepEqual(jobs.length, 1);
  setTips('a2');
  await flood(250);
  assert.equal(jobs.at(-1)?.tip, 'a2');
  await flood(31_000);
  assert.equal(jobs.filter(({ newTip }) => !newTip).length, 1, 'the refresh after 30 s');
  await set.stop();
});

test('the tips of a node that catches up are nobody’s merit', async () => {
  const { clock, set, n1, jobs } = setUpNodeSet(1);
  n1.state.noTemplate = new RpcError('downloading', 'Raven is downloading blocks... (-10)');
  set.start();
  for (let height = 2; height < 200; height++) {
    n1.state.tip = `a${height}`;
    await clock.advance(300);
  }
  n1.state.noTemplate = undefined;
  await clock.advance(10_000);
  assert.equal(jobs.length, 1);
  assert.deepEqual(set.signalScores(), []);
  set.noteTip(blockHash('a200'), { signal: 'p2p', node: 'n1' });
  n1.state.tip = 'a200';
  await clock.advance(500);
  assert.equal(set.signalScores()[0]?.sentence.startsWith('p2p first for 1 of 1 tip'), true);
  await set.stop();
});

test('a hint goes to its own node at once, and one without a node to all', async () => {
  const { clock, set, n1, n2, setTips, jobs } = setUpNodeSet(2);
  set.start();
  await clock.advance(10_010);
  setTips('a2');
  set.noteTip(blockHash('a2'), { signal: 'p2p', node: 'n2' });
  await clock.settle();
  assert.deepEqual(jobs.at(-1), { tip: 'a2', newTip: true, node: 'n2', atMs: 10_010 });
  await clock.advance(5_000);
  setTips('a3');
  set.noteTip(blockHash('a3'), { signal: 'notify' });
  await clock.settle();
  assert.deepEqual([jobs.at(-1)?.tip, jobs.at(-1)?.atMs], ['a3', 15_010]);
  assert.match(
    set
      .signalScores()
      .map(({ sentence }) => sentence)
      .join(),
    /^p2p first for 1 of 1 tip/,
  );
  await clock.advance(2_000);
  assert.deepEqual(
    set.signalScores().map(({ signal, first }) => [signal, first]),
    [
      ['p2p', 1],
      ['poll', 0],
      ['notify', 1],
    ],
  );
  assert(n1.rpc.count('getblocktemplate') < 5 && n2.rpc.count('getblocktemplate') < 5);
  await set.stop();
});
