import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterCrash,
  type ChainNode,
  createChainNode,
  HEIGHT,
  startRun,
} from '../test/support/found-blocks-harness.ts';
import { createMemoryJournal } from '../test/support/memory-journal.ts';
import { recordedTemplate, tipOf } from '../test/support/mining.ts';
import { createVirtualClock } from '../test/support/virtual-clock.ts';
import type { BlockOutcome } from './block-ledger.ts';
import { KpssError } from './error.ts';
import { decodeJournal } from './store/journal-records.ts';

/** A run on the given nodes, with a journal. */
async function setUp(nodes: readonly ChainNode[] = [createChainNode()], journal = createMemoryJournal()) {
  const clock = createVirtualClock();
  const run = startRun(clock, nodes, { journal });
  await clock.settle();
  const [node] = nodes;
  assert(node);
  return { ...run, clock, journal, nodes, node };
}

test('a candidate is with every node, then in the journal, before submit returns', async () => {
  const nodes = [createChainNode('a'), createChainNode('b')];
  const { journal, blocks, createShare, hashOf, clock } = await setUp(nodes);
  const share = createShare();
  let sentBefore: number[] = [];
  const append = journal.append.bind(journal);
  journal.append = (text) => {
    sentBefore = nodes.map(({ sent }) => sent.length);
    return append(text);
  };
  blocks.submit(share, 'rig');
  assert.deepEqual(sentBefore, [1, 1]);
  assert.equal(journal.appends.filter(Boolean).length, 1);
  await clock.settle();
  const [known] = decodeJournal(journal.text).blocks;
  assert.equal(known?.found.blockHash, hashOf(share));
  assert.equal(known?.found.blockHex, nodes[0]?.sent[0]);
  assert.deepEqual([known?.found.height, known?.found.worker], [HEIGHT, 'rig']);
  const paid = known?.found.payouts.reduce((sum, { amountSat }) => sum + BigInt(amountSat), 0n);
  assert.equal(paid, BigInt(known?.found.coinbaseValueSat ?? 0));
});

test('the report tells what each node said, and how far the block is', async () => {
  const nodes = [createChainNode('a'), createChainNode('b')];
  const { blocks, ledger, createShare, hashOf, clock } = await setUp(nodes);
  if (nodes[1]) nodes[1].refusal = 'high-hash';
  const share = createShare();
  blocks.submit(share, 'rig');
  assert.equal(ledger.reports()[0]?.state, 'submitting');
  await clock.settle();
  assert.deepEqual(ledger.reports(), [
    {
      height: HEIGHT,
      hash: hashOf(share),
      worker: 'rig',
      foundAtMs: clock.nowMs(),
      state: 'accepted',
      confirmations: 0,
      amountSat: 250_000_463_300n,
      verdicts: [
        { node: 'a', kind: 'accepted', reason: '', latencyMs: 0 },
        { node: 'b', kind: 'rejected', reason: 'high-hash', latencyMs: 0 },
      ],
    },
  ]);
});

/** Finds a block with the given node, ends the run without a word, and gives its hash. */
async function crashAfterFinding(node: ChainNode) {
  const clock = createVirtualClock();
  const journal = createMemoryJournal();
  const run = startRun(clock, [node], { journal });
  await clock.settle();
  const share = run.createShare();
  const hash = run.hashOf(share);
  run.blocks.submit(share, 'rig');
  await clock.settle();
  const blockHex = decodeJournal(journal.text).blocks[0]?.found.blockHex ?? '';
  node.hashes.set(blockHex, hash);
  return { hash, journal: afterCrash(journal) };
}

test('a crash before any node had the block: the next start hands it in', async () => {
  const node = createChainNode();
  node.isAway = true;
  const { hash, journal } = await crashAfterFinding(node);
  node.isAway = false;
  const { clock, outcomes, messages, ledger } = await setUp([node], journal);
  await clock.advance(1_000);
  assert.deepEqual([...node.chain.keys()], [hash]);
  assert.equal(outcomes[0]?.outcome.kind, 'accepted');
  assert.match(
    messages('info').join('\n'),
    /1 block of an earlier run .*\n.*ACCEPTED by node1: 2500\.004633 RVN, found by rig/s,
  );
  assert.deepEqual([ledger.reports()[0]?.state, ledger.reports()[0]?.worker], ['accepted', 'rig']);
});

test('a crash between the sending and the answer: the node has the block, and it is in the chain once', async () => {
  const node = createChainNode();
  node.refusal = 'duplicate';
  const { hash, journal } = await crashAfterFinding(node);
  node.refusal = undefined;
  node.chain.set(hash, HEIGHT);
  const again = await setUp([node], afterCrash(createMemoryJournal(firstLineOf(journal.text))));
  await again.clock.advance(1_000);
  assert.equal(again.outcomes[0]?.outcome.kind, 'accepted');
  assert.equal(node.chain.size, 1);
  // What is answered is not handed in again.
  const sent = node.sent.length;
  const third = await setUp([node], afterCrash(again.journal));
  await third.clock.advance(60_000);
  assert.equal(node.sent.length, sent);
  assert.equal(third.ledger.reports()[0]?.state, 'accepted');
});

function firstLineOf(text: string): string {
  return text.slice(0, text.indexOf('\n') + 1);
}

test('an old block is not handed in any more: the chain says what became of it', async () => {
  for (const isInChain of [true, false]) {
    const node = createChainNode();
    node.isAway = true;
    const { hash, journal } = await crashAfterFinding(node);
    const sent = node.sent.length;
    node.isAway = false;
    node.tipHeight = HEIGHT + 150;
    if (isInChain) node.chain.set(hash, HEIGHT);
    const { clock, ledger, journal: after, messages } = await setUp([node], journal);
    await clock.advance(60_000);
    assert.equal(node.sent.length, sent);
    assert.equal(ledger.reports()[0]?.state, isInChain ? 'mature' : 'orphaned');
    assert.match(
      messages('info').at(-1) ?? '',
      isInChain ? /is mature: 2500\.004633 RVN/ : /orphaned for good/,
    );
    assert.equal(decodeJournal(after.text).blocks[0]?.final?.final, isInChain ? 'mature' : 'orphaned');
    assert.equal(clock.pending(), 0);
  }
});

test('a node that is away at the start gets the block when it is back; if it is too late, the chain is asked first', async () => {
  for (const isInChain of [true, false]) {
    const node = createChainNode();
    node.isAway = true;
    const { hash, journal } = await crashAfterFinding(node);
    const { clock, outcomes, passBy } = await setUp([node], journal);
    await clock.advance(30_000);
    passBy();
    node.tipHeight = HEIGHT + 2;
    if (isInChain) node.chain.set(hash, HEIGHT);
    const sent = node.sent.length;
    await clock.advance(10_000);
    assert.deepEqual(outcomes, []);
    node.isAway = false;
    await clock.advance(10_000);
    assert.equal((outcomes as readonly BlockOutcome[])[0]?.outcome.kind, isInChain ? 'accepted' : 'gave-up');
    assert.ok(node.sent.length <= sent + 1);
  }
});

test('a block of an earlier run can still win while the next one is worked on', async () => {
  const node = createChainNode();
  node.isAway = true;
  const { journal } = await crashAfterFinding(node);
  const { clock, outcomes, jobs } = await setUp([node], journal);
  jobs.add(recordedTemplate({ height: HEIGHT + 1, previousblockhash: tipOf(1) }));
  await clock.advance(30_000);
  assert.deepEqual(outcomes, []);
  node.isAway = false;
  await clock.advance(5_000);
  assert.equal((outcomes as readonly BlockOutcome[])[0]?.outcome.kind, 'accepted');
});

test('what has no answer at the end stays in the journal, and is handed in at the next start', async () => {
  const node = createChainNode();
  node.isAway = true;
  const { blocks, createShare, stop, messages, journal, clock } = await setUp([node]);
  blocks.submit(createShare(), 'rig');
  await stop();
  assert.match(messages('info').at(-1) ?? '', /written down, and handed in again at the next start/);
  assert.equal(clock.pending(), 0);
  node.isAway = false;
  const next = await setUp([node], afterCrash(journal));
  await next.clock.advance(1_000);
  assert.equal(next.outcomes[0]?.outcome.kind, 'accepted');
});

test('one node that refuses does not settle a block that another has not answered at the end', async () => {
  const refusing = createChainNode('a');
  refusing.refusal = 'high-hash';
  const away = createChainNode('b');
  away.isAway = true;
  const { blocks, createShare, stop, journal } = await setUp([refusing, away]);
  blocks.submit(createShare(), 'rig');
  await stop();
  assert.equal(decodeJournal(journal.text).blocks[0]?.outcome, undefined);
  away.isAway = false;
  const next = await setUp([refusing, away], afterCrash(journal));
  await next.clock.advance(1_000);
  assert.deepEqual([next.outcomes[0]?.outcome.kind, next.outcomes[0]?.outcome.node], ['accepted', 'b']);
});

test('a candidate that still waits at the end is written down and handed in at the next start; a forged one is not', async () => {
  const { blocks, createShare, hashOf, stop, journal, node, ledger } = await setUp();
  const [waiting, forged, late, sent] = [createShare(), createShare(), createShare(), createShare()];
  for (const share of [waiting, forged, sent]) blocks.wait(share, 'rig');
  blocks.markForged(forged);
  blocks.submit(sent, 'rig');
  const stopped = stop();
  blocks.submit(late, 'rig');
  assert.equal(ledger.reports().find(({ hash }) => hash === hashOf(waiting))?.state, 'held');
  await stopped;
  assert.equal(node.sent.length, 2);
  const next = await setUp([createChainNode()], afterCrash(journal));
  await next.clock.advance(1_000);
  assert.deepEqual(
    next.outcomes.map(({ blockHash, outcome }) => [blockHash, outcome.kind]),
    [[hashOf(waiting), 'accepted']],
  );
});

test('a candidate whose verdict comes when nothing is sent any more is written down', async () => {
  const { blocks, ledger, createShare, hashOf, clock, journal, node } = await setUp();
  await blocks.finish();
  const share = createShare();
  blocks.submit(share, 'rig');
  await clock.settle();
  await ledger.close();
  assert.equal(node.sent.length, 0);
  assert.equal(decodeJournal(journal.text).blocks[0]?.found.blockHash, hashOf(share));
});

test('each node that took a block is told, the first as the one that accepted it', async () => {
  const nodes = [createChainNode('a'), createChainNode('b')];
  const { blocks, createShare, clock, messages } = await setUp(nodes);
  nodes[1]?.rpc.hold('submitblock');
  blocks.submit(createShare(), 'rig');
  await clock.advance(70);
  nodes[1]?.rpc.take('submitblock').answer(null);
  await clock.settle();
  const told = messages('info').filter((message) => /ACCEPTED|taken/.test(message));
  assert.deepEqual(told, [
    `BLOCK ${HEIGHT} ACCEPTED by a: 2500.004633 RVN, found by rig`,
    `block ${HEIGHT} was taken by b, too, after 70 ms`,
  ]);
});

test('a disk that fails costs no block: it is accepted all the same, and the status says since when', async () => {
  const { blocks, createShare, clock, journal, outcomes, ledger, messages } = await setUp();
  journal.failure = new KpssError('KPSS_JOURNAL_FULL', 'the disk is full');
  blocks.submit(createShare(), 'rig');
  await clock.advance(1_000);
  assert.equal(outcomes[0]?.outcome.kind, 'accepted');
  assert.deepEqual(ledger.journalReport(), {
    state: 'failing',
    sinceMs: clock.nowMs() - 1_000,
    path: 'memory.jsonl',
  });
  assert.equal(messages('error').length, 1);
});

test('a disk that hangs holds nothing up', async () => {
  const { blocks, createShare, clock, journal, outcomes } = await setUp();
  journal.hold();
  blocks.submit(createShare(), 'rig');
  blocks.submit(createShare(), 'rig');
  await clock.settle();
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome.kind),
    ['accepted', 'accepted'],
  );
});

test('without a journal everything else is the same', async () => {
  const clock = createVirtualClock();
  const run = startRun(clock, [createChainNode()]);
  run.blocks.submit(run.createShare(), 'rig');
  await clock.settle();
  assert.equal(run.outcomes[0]?.outcome.kind, 'accepted');
  assert.deepEqual(run.ledger.journalReport(), { state: 'off' });
  await run.stop();
  assert.equal(clock.pending(), 0);
});

test('a block goes another way once it is proven, and the failure of that does not matter', async () => {
  const clock = createVirtualClock();
  for (const broadcast of [
    () => {
      throw new Error('broken at once');
    },
    () => Promise.reject(new Error('broken later')),
    () => new Promise(() => {}),
  ]) {
    const given: string[] = [];
    const node = createChainNode();
    const run = startRun(clock, [node], {
      broadcast: (blockHex) => {
        given.push(blockHex);
        return broadcast();
      },
    });
    const share = run.createShare();
    run.blocks.submit(share, 'rig');
    await clock.settle();
    await clock.settle();
    assert.deepEqual([given.length, node.sent.length], [0, 1]);
    run.blocks.proven(share);
    run.blocks.proven(share);
    await clock.settle();
    assert.deepEqual(given, node.sent);
    assert.equal(run.outcomes[0]?.outcome.kind, 'accepted');
  }
});

test('an accepted block is followed over a restart: orphaned, back, and mature with its amount', async () => {
  const node = createChainNode();
  const { hash, journal } = await crashAfterFinding(node);
  node.chain.clear();
  const { clock, ledger, messages, journal: after } = await setUp([node], journal);
  node.tipHeight = HEIGHT + 2;
  await clock.advance(120_000);
  assert.equal(ledger.reports()[0]?.state, 'orphaned');
  node.chain.set(hash, HEIGHT);
  await clock.advance(60_000);
  assert.equal(ledger.reports()[0]?.confirmations, 3);
  node.tipHeight = HEIGHT + 99;
  await clock.advance(60_000);
  assert.deepEqual(messages('warn'), [
    `block ${HEIGHT} was orphaned: another block took its place; it may come back`,
  ]);
  assert.deepEqual(messages('info'), [
    `block ${HEIGHT} is in the chain again`,
    `block ${HEIGHT} is mature: 2500.004633 RVN can be spent`,
  ]);
  assert.equal(decodeJournal(after.text).blocks[0]?.final?.final, 'mature');
  assert.equal(clock.pending(), 0);
});

test('an inconclusive block that gets into the chain counts as accepted from then on', async () => {
  const node = createChainNode();
  node.refusal = 'inconclusive';
  const { blocks, createShare, hashOf, clock, tally, ledger, journal } = await setUp([node]);
  const share = createShare();
  blocks.submit(share, 'rig');
  await clock.advance(10_000);
  assert.deepEqual([ledger.reports()[0]?.state, tally.counts().blocksAccepted], ['inconclusive', 0]);
  node.chain.set(hashOf(share), HEIGHT);
  node.tipHeight = HEIGHT + 1;
  await clock.advance(60_000);
  assert.deepEqual([ledger.reports()[0]?.state, tally.counts().blocksAccepted], ['accepted', 1]);
  assert.equal(decodeJournal(journal.text).blocks[0]?.outcome?.outcome, 'accepted');
});

test('of many blocks of an earlier run, some are handed in at once, the newest first', async () => {
  const node = createChainNode();
  node.isAway = true;
  const first = await setUp([node]);
  for (let i = 0; i < 40; i++) first.blocks.submit(first.createShare(), 'rig');
  await first.clock.settle();
  const next = createChainNode();
  next.rpc.hold('submitblock');
  const run = await setUp([next], afterCrash(first.journal));
  await run.clock.advance(1_000);
  assert.equal(next.rpc.count('submitblock'), 8);
  for (let i = 0; i < 40; i++) {
    next.rpc.take('submitblock').answer(null);
    await run.clock.settle();
  }
  assert.equal(run.outcomes.length, 40);
});
