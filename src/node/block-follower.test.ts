import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeptLog, createScriptedRpc } from '../../test/support/scripted-rpc.ts';
import { notFound, unreachable } from '../../test/support/submitter-harness.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { BlockFollower, type BlockNews } from './block-follower.ts';

const hashOf = (n: number): string => n.toString(16).padStart(64, '0');

/** A node with a chain of its own: which blocks it has, and how many there are in all. */
function createChain(height: number) {
  const chain = {
    height,
    /** Height of each block in the best chain. */
    has: new Map<string, number>(),
    /** Known, but beside it. */
    beside: new Set<string>(),
    isAway: false,
  };
  const rpc = createScriptedRpc((method, [hash]) => {
    if (chain.isAway) throw unreachable;
    if (method === 'getblockcount') return chain.height;
    const at = chain.has.get(String(hash));
    if (at !== undefined) return { confirmations: chain.height - at + 1 };
    if (chain.beside.has(String(hash))) return { confirmations: -1 };
    throw notFound;
  });
  return { chain, rpc };
}

function setUp(height = 500) {
  const clock = createVirtualClock();
  const node = createChain(height);
  const other = createChain(height);
  const news: BlockNews[] = [];
  let asked = node;
  const follower = new BlockFollower({
    node: () => asked.rpc,
    clock,
    log: createKeptLog(),
    onNews: (told) => news.push(told),
  });
  const tip = async (afterMs = 10_000): Promise<void> => {
    follower.noteTip();
    await clock.advance(afterMs);
  };
  const kinds = () => news.map(({ kind }) => kind);
  const ask = (next: typeof node): void => {
    asked = next;
  };
  return { clock, ...node, other, follower, news, tip, kinds, ask };
}

test('a block is followed until it has 100 confirmations, and no further', async () => {
  const { chain, rpc, clock, follower, news, tip } = setUp();
  chain.has.set(hashOf(1), 500);
  follower.follow(hashOf(1), 500, true);
  for (let i = 0; i < 99; i++) {
    await tip();
    chain.height += 1;
  }
  assert.deepEqual(news.at(-1), { blockHash: hashOf(1), kind: 'confirmed', confirmations: 99 });
  await tip();
  assert.deepEqual(news.at(-1), { blockHash: hashOf(1), kind: 'mature', confirmations: 100 });
  const asked = rpc.calls.length;
  await tip();
  await clock.advance(600_000);
  assert.equal(rpc.calls.length, asked);
  assert.equal(clock.pending(), 0);
});

test('without a new tip it is asked for once a minute', async () => {
  const { chain, rpc, clock, follower } = setUp();
  chain.has.set(hashOf(1), 500);
  follower.follow(hashOf(1), 500, true);
  await clock.advance(10_000);
  const before = rpc.calls.length;
  await clock.advance(600_000);
  assert.equal(rpc.calls.length - before, 10);
  await follower.stop();
  assert.equal(clock.pending(), 0);
});

test('a block that another takes the place of is told once, and once more when it is back', async () => {
  const { chain, follower, kinds, tip } = setUp();
  chain.has.set(hashOf(1), 500);
  follower.follow(hashOf(1), 500, true);
  await tip();
  chain.has.clear();
  chain.beside.add(hashOf(1));
  chain.height = 502;
  for (let i = 0; i < 10; i++) await tip();
  chain.has.set(hashOf(1), 500);
  chain.height = 503;
  for (let i = 0; i < 2; i++) await tip();
  assert.deepEqual(kinds(), ['confirmed', 'orphaned', 'back', 'confirmed']);
});

test('another block of the same height decides nothing yet: the next one does', async () => {
  const { chain, follower, kinds, tip } = setUp();
  chain.beside.add(hashOf(1));
  follower.follow(hashOf(1), 500, true);
  for (let i = 0; i < 5; i++) await tip();
  assert.deepEqual(kinds(), []);
  chain.height = 501;
  for (let i = 0; i < 3; i++) await tip();
  assert.deepEqual(kinds(), ['orphaned']);
});

test('a node that lags, or sees it otherwise once, makes no noise', async () => {
  const { chain, follower, kinds, tip, ask, other, rpc } = setUp();
  chain.has.set(hashOf(1), 500);
  follower.follow(hashOf(1), 500, true);
  other.chain.height = 499;
  ask(other);
  for (let i = 0; i < 5; i++) await tip();
  other.chain.height = 505;
  for (let i = 0; i < 3; i++) {
    ask(other);
    await tip(4_000);
    ask({ chain, rpc });
    await tip();
  }
  assert.deepEqual(new Set(kinds()), new Set(['confirmed']));
});

test('a block that 100 others stand above is lost for good, and not asked for any more', async () => {
  const { chain, clock, follower, kinds, tip } = setUp();
  follower.follow(hashOf(1), 500, false);
  chain.height = 599;
  for (let i = 0; i < 5; i++) await tip();
  assert.deepEqual(kinds(), []);
  chain.height = 600;
  for (let i = 0; i < 2; i++) await tip();
  assert.deepEqual(kinds(), ['lost']);
  assert.equal(clock.pending(), 0);
});

test('an inconclusive block that gets into the chain after all is told', async () => {
  const { chain, follower, kinds, tip } = setUp();
  chain.beside.add(hashOf(1));
  follower.follow(hashOf(1), 500, false);
  await tip();
  chain.has.set(hashOf(1), 500);
  chain.height = 501;
  await tip();
  assert.deepEqual(kinds(), ['back']);
});

test('a node that is away is asked again, and nothing is made of its silence', async () => {
  const { chain, clock, follower, kinds } = setUp();
  chain.has.set(hashOf(1), 500);
  chain.isAway = true;
  follower.follow(hashOf(1), 500, true);
  await clock.advance(600_000);
  assert.deepEqual(kinds(), []);
  chain.isAway = false;
  await clock.advance(60_000);
  assert.deepEqual(kinds(), ['confirmed']);
});

test('of thousands of blocks a few are asked for at a tip, in turn, and none is forgotten', async () => {
  const { chain, rpc, follower, news, tip } = setUp(1_000);
  for (let n = 1; n <= 1_000; n++) {
    chain.has.set(hashOf(n), n);
    follower.follow(hashOf(n), n, true);
  }
  await tip(3_000);
  assert.equal(rpc.calls.length, 4);
  assert.deepEqual(
    news.map(({ blockHash, kind }) => [blockHash, kind]),
    [1, 2, 3, 4].map((n) => [hashOf(n), 'mature']),
  );
  for (let i = 0; i < 300; i++) await tip(1_000);
  // A round takes place every five seconds at the most.
  assert.ok(rpc.calls.length <= 4 * 62, `${rpc.calls.length} calls`);
  for (let i = 0; i < 250; i++) await tip();
  assert.equal(new Set(news.map(({ blockHash }) => blockHash)).size, 1_000);
});
