import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockHash, GONE, setUpNodeSet as setUp } from '../../test/support/node-set-harness.ts';
import { RpcError } from './rpc-error.ts';

// Which tip is mined on while the nodes do not agree.

test('a node whose tip is ahead takes over at once; the first comes back silently when it has caught up', async () => {
  const { clock, set, n1, n2, jobs, served, report, lines } = setUp(2);
  set.start();
  await clock.advance(20_000);
  n1.rpc.hold('getbestblockhash');
  await clock.advance(240);
  n2.state.tip = 'a2';
  await clock.advance(250);
  assert.deepEqual(served(), ['n1 a1 new', 'n2 a2 new']);
  assert((jobs[1]?.atMs ?? 0) <= 20_500);
  n1.state.tip = 'a2';
  n1.rpc.take('getbestblockhash').answer(blockHash('a2'));
  n1.rpc.hold();
  await clock.advance(1_500);
  assert.equal(report('n1').isSource, true);
  assert.equal(served().length, 2, 'no job for the change alone');
  await clock.advance(20_000);
  assert.equal(lines(/templates come from/).length, 1, 'over in a moment: not worth a line');
  await set.stop();
});

test('blocks that now one and now the other node has first make one job each', async () => {
  const { clock, set, n1, n2, served } = setUp(2);
  set.start();
  await clock.advance(20_000);
  for (let height = 2; height < 12; height++) {
    const [first, second] = height % 3 === 0 ? [n1, n2] : [n2, n1];
    first.state.tip = `a${height}`;
    await clock.advance(400);
    second.state.tip = `a${height}`;
    await clock.advance(5_000);
  }
  const tips = served().filter((job) => job.endsWith('new'));
  assert.deepEqual(
    tips.map((job) => job.split(' ')[1]),
    Array.from({ length: 11 }, (_, index) => `a${index + 1}`),
  );
  assert(served().length <= 13, `${served()}`);
  await set.stop();
});

test('a node on a better tip that gives no template is not waited for', async () => {
  const { clock, set, n1, n2, served, report } = setUp(2);
  set.start();
  await clock.advance(20_000);
  n2.state.noTemplate = new RpcError('not-connected', 'Raven is not connected! (-9)');
  n2.state.tip = 'a2';
  await clock.advance(20_000);
  assert.equal(report('n1').isSource, true);
  n1.state.tip = 'b2';
  await clock.advance(500);
  assert.equal(served().at(-1), 'n1 b2 new');
  assert(served().every((job) => job.startsWith('n1')));
  await set.stop();
});

test('a node stuck behind is left aside, and reported after a minute; it is used only when it is the last', async () => {
  const { clock, set, n2, served, report, lines } = setUp(2);
  set.start();
  await clock.advance(20_000);
  for (let height = 2; height < 8; height++) {
    n2.state.tip = `a${height}`;
    await clock.advance(12_000);
  }
  assert.equal(report('n2').isSource, true);
  const status = report('n1').status;
  assert.deepEqual([status.state, status.code, report('n1').behindBlocks], ['behind', 'KPSS_NODE_BEHIND', 6]);
  assert.match(status.sentence, /^The node at http:\/\/n1 is 6 blocks behind the other nodes/);
  await clock.advance(60_000);
  assert.equal(lines(/^n1: .* behind the other nodes/).length, 1, 'told once, however far it falls');
  assert.equal(lines(/templates come from n2 now, which has newer blocks than n1/).length, 1);
  const before = served().length;
  n2.state.away = GONE;
  await clock.advance(9_000);
  assert.equal(served().length, before, 'work on the newer tip stays valid: a blip is no reason to go back');
  await clock.advance(2_000);
  assert.equal(served().at(-1), 'n1 a1 new');
  n2.state.away = undefined;
  await clock.advance(3_000);
  assert.equal(served().at(-1), 'n2 a7 new');
  await set.stop();
});

test('a blip of the only node on the newest tip sends no job for an older one', async () => {
  const { clock, set, n1, n2, n3, served } = setUp(3);
  set.start();
  await clock.advance(20_000);
  n1.state.tip = 'a2';
  await clock.advance(250);
  n1.state.away = GONE;
  await clock.advance(4_000);
  n2.state.tip = 'a2';
  n3.state.tip = 'a2';
  await clock.advance(500);
  assert.deepEqual(served(), ['n1 a1 new', 'n1 a2 new', 'n2 a2']);
  await set.stop();
});

test('a source that falls back to an older tip is replaced by a node that keeps the newer one', async () => {
  const { clock, set, n1, setTips, served, report } = setUp(2);
  set.start();
  await clock.advance(20_000);
  setTips('a2');
  await clock.advance(5_000);
  n1.state.tip = 'a1';
  await clock.advance(5_000);
  assert.deepEqual(served(), ['n1 a1 new', 'n1 a2 new']);
  assert.equal(report('n2').isSource, true);
  await set.stop();
});

test('a reorganisation of the source at the same height is followed at once; one of another node is not', async () => {
  const { clock, set, n1, n2, setTips, served } = setUp(2);
  set.start();
  await clock.advance(20_000);
  setTips('a2');
  await clock.advance(3_000);
  n2.state.tip = 'b2';
  await clock.advance(3_000);
  n1.state.tip = 'c2';
  await clock.advance(250);
  assert.deepEqual(served(), ['n1 a1 new', 'n1 a2 new', 'n1 c2 new']);
  n1.state.tip = 'a2';
  await clock.advance(250);
  assert.deepEqual(served().at(-1), 'n1 a2 new');
  await set.stop();
});

test('nodes on two branches are told of after a minute, and the next block decides', async () => {
  const { clock, set, n1, n2, served, report } = setUp(2);
  set.start();
  await clock.advance(20_000);
  n1.state.tip = 'a2';
  n2.state.tip = 'b2';
  await clock.advance(59_000);
  assert.equal(report('n2').status.state, 'ready');
  assert.equal(set.isLeftAside('n2'), false);
  await clock.advance(2_000);
  assert.deepEqual([report('n2').status.state, report('n2').status.code], ['forked', 'KPSS_NODE_FORK']);
  assert.deepEqual([set.isLeftAside('n1'), set.isLeftAside('n2')], [false, true]);
  n2.state.tip = 'b3';
  await clock.advance(500);
  assert.equal(served().at(-1), 'n2 b3 new');
  assert.equal(report('n2').status.state, 'ready');
  await set.stop();
});

test('a shorter branch is told from a node that is merely behind', async () => {
  const { clock, set, n1, n2, report } = setUp(2);
  n1.state.beside.add('b2');
  set.start();
  await clock.advance(20_000);
  n1.state.tip = 'a4';
  n2.state.tip = 'b2';
  await clock.advance(80_000);
  assert.equal(report('n2').status.state, 'forked');
  n2.state.tip = 'a3';
  await clock.advance(11_000);
  assert.equal(report('n2').status.state, 'behind', 'its tip is in the chain of the source, which was asked');
  n2.state.tip = 'a4';
  await clock.advance(300);
  assert.equal(report('n2').status.state, 'ready');
  await set.stop();
});

test('of two chains side by side the log tells once, however many blocks each gets', async () => {
  const { clock, set, n1, n2, report, lines } = setUp(2);
  for (let height = 2; height < 40; height++) n1.state.beside.add(`b${height}`);
  set.start();
  await clock.advance(20_000);
  for (let height = 2; height < 30; height++) {
    n1.state.tip = `a${height + 1}`;
    await clock.advance(25_000);
    // Now below, now level with the source.
    n2.state.tip = `b${height + (height % 3 === 0 ? 1 : 0)}`;
    await clock.advance(25_000);
    // For some minutes nothing is learnt of headers.
    if (height === 14) n1.state.chainwork = GONE;
    if (height === 16) delete n1.state.chainwork;
    if (height > 4) assert.equal(report('n2').status.state, 'forked');
  }
  assert.deepEqual(
    lines(/^n2: /)
      .slice(2)
      .map((line) => line.replace(/,.*/, '')),
    ['n2: The node at http://n2 is on another branch of the chain than the node in use'],
  );
  n2.state.tip = n1.state.tip;
  await clock.advance(500);
  assert.equal(report('n2').status.state, 'ready');
  await set.stop();
});

const USELESS_WORK: [string, unknown][] = [
  ['an error', new RpcError('rpc', 'no such call', { rpcCode: -1 })],
  ['no hex', 'zz'],
  ['nothing', undefined],
  ['a number', 7],
];

for (const [what, chainwork] of USELESS_WORK) {
  test(`getblockheader that gives ${what} for work stops nothing, and failover works all the same`, async () => {
    const { clock, set, n1, n2, setTips, served } = setUp(2);
    for (const { state } of [n1, n2]) state.chainwork = chainwork;
    set.start();
    await clock.advance(20_000);
    setTips('a2');
    await clock.advance(3_000);
    n1.state.away = GONE;
    await clock.advance(1_000);
    assert.deepEqual(served(), ['n1 a1 new', 'n1 a2 new', 'n2 a2']);
    n2.state.tip = 'a3';
    await clock.advance(500);
    assert.equal(served().at(-1), 'n2 a3 new');
    await set.stop();
  });
}

test('a header question that hangs delays no job', async () => {
  const { clock, set, n1, n2, setTips, jobs } = setUp(2);
  n1.rpc.hold('getblockheader');
  n2.rpc.hold('getblockheader');
  set.start();
  await clock.advance(20_000);
  setTips('a2');
  await clock.advance(250);
  assert.deepEqual(jobs.at(-1), { tip: 'a2', newTip: true, node: 'n1', atMs: 20_250 });
  const stopped = set.stop();
  for (const { rpc } of [n1, n2]) rpc.take('getblockheader').fail(GONE);
  await stopped;
});

test('of a node that moves on while its work is asked for, the last tip counts', async () => {
  const { clock, set, n2, served } = setUp(2);
  set.start();
  await clock.advance(20_000);
  n2.rpc.hold('getblockheader');
  n2.state.tip = 'b1';
  await clock.advance(250);
  n2.state.tip = 'b2';
  await clock.advance(250);
  assert.deepEqual(served(), ['n1 a1 new']);
  n2.rpc.hold();
  n2.rpc.take('getblockheader').fail(GONE);
  await clock.settle();
  assert.deepEqual(served(), ['n1 a1 new', 'n2 b2 new']);
  assert.equal(n2.rpc.atOnce('getblockheader'), 1);
  await set.stop();
});

test('a node that claims endless work holds the mining up for some blocks at the most', async () => {
  const { clock, set, n2, n1, served, report } = setUp(2);
  n2.state.chainwork = 'f'.repeat(64);
  n2.state.tip = 'b1';
  set.start();
  await clock.advance(20_000);
  for (let height = 2; height < 9; height++) {
    n1.state.tip = `a${height}`;
    await clock.advance(5_000);
  }
  assert.equal(report('n1').isSource, true);
  assert.equal(served().at(-1)?.startsWith('n1 a8'), true);
  await set.stop();
});

test('a claim about a tip that an honest node knows, too, counts for nothing', async () => {
  const { clock, set, n1, n2, served, report } = setUp(2);
  n2.state.chainwork = 'f'.repeat(64);
  set.start();
  await clock.advance(20_000);
  for (let height = 2; height < 6; height++) {
    n1.state.tip = `a${height}`;
    await clock.advance(5_000);
  }
  assert.equal(report('n1').isSource, true);
  assert(served().every((job) => job.startsWith('n1')));
  await set.stop();
});

const LIES: [string, string][] = [
  ['no work at all', '0'.repeat(64)],
  ['endless work', 'f'.repeat(64)],
];

for (const [what, chainwork] of LIES) {
  test(`a node that claims ${what} for the newest tip sends nobody back to the one before`, async () => {
    const { clock, set, n1, n2, n3, served, report } = setUp(3);
    n2.state.chainwork = chainwork;
    set.start();
    await clock.advance(20_000);
    for (let height = 2; height < 12; height++) {
      for (const { state } of [n1, n2, n3]) {
        state.tip = `a${height}`;
        await clock.advance(1_500);
      }
    }
    const tips = served().flatMap((job) => (job.endsWith('new') ? [job.split(' ')[1]] : []));
    assert.deepEqual(
      tips,
      Array.from({ length: 11 }, (_, index) => `a${index + 1}`),
    );
    n1.state.away = GONE;
    n3.state.tip = 'a12';
    await clock.advance(2_000);
    assert.equal(served().at(-1), 'n3 a12 new');
    assert.equal(report('n3').isSource, true);
    await set.stop();
  });
}

test('a node that belittles the newest tip alone sends nobody to a third one, which does not have it yet', async () => {
  const { clock, set, n1, n2, served, report } = setUp(3);
  set.start();
  await clock.advance(20_000);
  n2.state.chainwork = '0'.repeat(64);
  n1.state.tip = 'a2';
  n2.state.tip = 'a2';
  await clock.advance(9_000);
  assert.deepEqual(served(), ['n1 a1 new', 'n1 a2 new']);
  assert.equal(report('n1').isSource, true);
  await set.stop();
});

test('without any word on work, a node six blocks ahead is followed', async () => {
  const { clock, set, n1, n2, served } = setUp(2);
  for (const { state } of [n1, n2]) state.chainwork = undefined;
  set.start();
  await clock.advance(20_000);
  n2.state.tip = 'a6';
  await clock.advance(5_000);
  assert.equal(served().at(-1), 'n1 a1 new');
  n2.state.tip = 'a7';
  await clock.advance(5_000);
  assert.equal(served().at(-1), 'n2 a7 new');
  await set.stop();
});
