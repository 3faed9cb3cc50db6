import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockHash, GONE, setUpNodeSet as setUp, TIMED_OUT } from '../../test/support/node-set-harness.ts';
import { RpcError } from './rpc-error.ts';

test('templates come from the node of the best priority, and the others are proved in the background', async () => {
  const { clock, set, n1, n2, n3, served, report } = setUp(3);
  set.start();
  await clock.advance(5_000);
  assert.deepEqual(served(), ['n1 a1 new']);
  n1.state.tip = 'a2';
  n2.state.tip = 'a2';
  n3.state.tip = 'a2';
  const before = n2.rpc.count('getblocktemplate');
  await clock.advance(250);
  assert.deepEqual(served(), ['n1 a1 new', 'n1 a2 new']);
  assert.equal(n2.rpc.count('getblocktemplate'), before, 'not on the critical path');
  await clock.advance(1_000);
  assert.equal(n2.rpc.count('getblocktemplate'), before + 1);
  assert.deepEqual([report('n1').isSource, report('n2').isSource], [true, false]);
  assert.equal(report('n2').status.state, 'ready');
  await clock.advance(31_000);
  assert.deepEqual(served().slice(2), ['n1 a2'], 'a refresh of the one in use only');
  await set.stop();
  assert.equal(clock.pending(), 0);
});

test('a source that refuses connections is replaced within a poll, and nobody’s work is thrown away', async () => {
  const { clock, set, n1, jobs, served, statuses, lines } = setUp(2);
  set.start();
  await clock.advance(20_000);
  n1.state.away = GONE;
  await clock.advance(500);
  assert.deepEqual(served(), ['n1 a1 new', 'n2 a1']);
  assert((jobs[1]?.atMs ?? 0) <= 20_250);
  assert.deepEqual(
    statuses.map(({ state }) => state),
    ['connecting', 'ready'],
  );
  assert.equal(lines(/templates come from n2 now, since n1 gives none: .*refuses the connection/).length, 1);
  await set.stop();
});

test('a source that hangs is replaced within two seconds, long before its call times out', async () => {
  const { clock, set, n1, n2, jobs, served } = setUp(2);
  set.start();
  await clock.advance(20_000);
  n1.rpc.hold('getbestblockhash', 'getblocktemplate', 'getblockheader');
  n2.state.tip = 'a2';
  await clock.advance(2_000);
  assert.deepEqual(served(), ['n1 a1 new', 'n2 a2 new']);
  n2.state.tip = 'a3';
  await clock.advance(250);
  assert.deepEqual(served().at(-1), 'n2 a3 new');
  assert((jobs[1]?.atMs ?? 0) < 22_000);
  await clock.advance(5_000);
  const stopped = set.stop();
  n1.rpc.take('getbestblockhash').fail(TIMED_OUT);
  await stopped;
});

test('a node that hangs with the tip it had is replaced, too', async () => {
  const { clock, set, n1, served } = setUp(2);
  set.start();
  await clock.advance(20_000);
  n1.rpc.hold('getbestblockhash');
  await clock.advance(1_500);
  assert.deepEqual(served(), ['n1 a1 new', 'n2 a1']);
  n1.rpc.take('getbestblockhash').answer('0'.repeat(64));
  await set.stop();
});

for (const [how, options, delayMs] of [
  ['seldom polled', { pollMs: 10_000 }, undefined],
  ['slow', {}, 4_000],
] as const) {
  test(`a source that hangs is replaced within two seconds also where the others are ${how}`, async () => {
    const { clock, set, n1, n2, served, report } = setUp(2, options);
    if (delayMs !== undefined) n2.state.delayMs = delayMs;
    set.start();
    await clock.advance(30_500);
    assert.equal(report('n1').isSource, true);
    const before = n1.rpc.count('getbestblockhash');
    n1.rpc.hold('getbestblockhash');
    // Until the question is out that hangs.
    while (n1.rpc.count('getbestblockhash') === before) await clock.advance(50);
    await clock.advance(1_500);
    assert.equal(report('n2').isSource, true);
    n1.rpc.hold();
    n1.rpc.take('getbestblockhash').answer(blockHash('a1'));
    await clock.advance(5_000);
    assert(served().length <= 4, `${served()}`);
    const stopped = set.stop();
    await clock.advance(5_000);
    await stopped;
    assert.equal(clock.pending(), 0);
  });
}

test('a template call that hangs at a new tip is overtaken by the next node', async () => {
  const { clock, set, n1, setTips, jobs, served } = setUp(2);
  set.start();
  await clock.advance(20_000);
  n1.rpc.hold('getblocktemplate');
  setTips('a2');
  await clock.advance(2_000);
  assert.deepEqual(served(), ['n1 a1 new', 'n2 a2 new']);
  assert((jobs[1]?.atMs ?? 0) <= 21_250);
  n1.rpc.take('getblocktemplate').fail(TIMED_OUT);
  await set.stop();
});

test('the better node returns after ten good seconds, with a line in the log and without a job', async () => {
  const { clock, set, n1, served, report, lines } = setUp(2);
  set.start();
  await clock.advance(20_000);
  n1.state.away = GONE;
  await clock.advance(5_000);
  n1.state.away = undefined;
  await clock.advance(9_000);
  assert.equal(report('n2').isSource, true);
  await clock.advance(4_000);
  assert.equal(report('n1').isSource, true);
  assert.deepEqual(served(), ['n1 a1 new', 'n2 a1']);
  await clock.advance(60_000);
  assert.deepEqual(served().slice(2, 4), ['n1 a1', 'n1 a1']);
  assert.equal(lines(/templates come from n1 now, which goes before n2/).length, 1);
  await set.stop();
});

test('a node in a loop of restarts is left alone, and costs no jobs', async () => {
  const { clock, set, n1, served, report } = setUp(2);
  set.start();
  await clock.advance(20_000);
  for (let i = 0; i < 20; i++) {
    n1.state.away = GONE;
    await clock.advance(3_000);
    n1.state.away = undefined;
    await clock.advance(6_000);
  }
  assert.equal(report('n2').isSource, true);
  assert(served().every((job, index) => index < 1 || job === 'n2 a1'));
  assert(served().length <= 9, 'the failover and the refreshes of three minutes');
  await set.stop();
});

test('nodes that are all slow do not take turns, and a job comes for refreshes and new tips only', async () => {
  const { clock, set, n1, n2, n3, setTips, served } = setUp(3);
  n1.state.delayMs = 1_500;
  n2.state.delayMs = 1_700;
  n3.state.delayMs = 1_900;
  set.start();
  await clock.advance(60_000);
  const before = served().length;
  await clock.advance(60_000);
  assert.equal(served().length, before + 2);
  setTips('a2');
  await clock.advance(4_000);
  assert.deepEqual(served().at(-1)?.split(' ').slice(1), ['a2', 'new']);
  const stopped = set.stop();
  await clock.advance(2_000);
  await stopped;
});

test('a node that stalls now and then is told as silent, not as behind', async () => {
  const { clock, set, n1, served, lines, report } = setUp(2);
  set.start();
  await clock.advance(20_000);
  for (let i = 0; i < 5; i++) {
    n1.state.delayMs = 2_000;
    await clock.advance(3_000);
    delete n1.state.delayMs;
    await clock.advance(2_000);
  }
  assert.equal(report('n2').isSource, true);
  assert.deepEqual(lines(/templates come from n2/), ['templates come from n2 now, since n1 was silent']);
  assert(served().length <= 3, `${served()}`);
  const stopped = set.stop();
  await clock.advance(2_000);
  await stopped;
});

for (const count of [1, 2]) {
  test(`of ${count} nodes, one that comes and goes does not fill the log, and its end is told`, async () => {
    const { clock, set, n1, lines } = setUp(count);
    set.start();
    await clock.advance(10_000);
    for (let i = 0; i < 300; i++) {
      n1.state.away = GONE;
      await clock.advance(2_000);
      n1.state.away = undefined;
      await clock.advance(2_000);
    }
    assert(lines(/./).length <= 12 + 20 + 6, `${lines(/./).length} lines in 20 minutes`);
    assert.equal(lines(/comes and goes: from now on/).length, 1);
    n1.state.away = GONE;
    await clock.advance(61_000);
    assert.match(lines(/refuses the connection|gives block templates/).at(-1) ?? '', /refuses/);
    await clock.advance(20 * 60_000);
    n1.state.away = undefined;
    await clock.advance(3_000);
    assert.match(lines(/refuses the connection|gives block templates/).at(-1) ?? '', /gives block templates/);
    await set.stop();
  });
}

test('one node that comes and goes gives a job when the last is some seconds old, and at once for a new tip', async () => {
  const { clock, set, n1, served, jobs } = setUp(1);
  set.start();
  await clock.advance(20_000);
  const flap = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      n1.state.away = GONE;
      await clock.advance(2_000);
      n1.state.away = undefined;
      await clock.advance(2_000);
    }
  };
  await flap(15);
  assert(served().length >= 5 && served().length <= 7, `${served().length} jobs in a minute`);
  n1.state.away = GONE;
  await clock.advance(1_000);
  n1.state.away = undefined;
  n1.state.tip = 'a2';
  await clock.advance(2_000);
  assert.equal(served().at(-1), 'n1 a2 new');
  n1.state.away = GONE;
  await clock.advance(1_000);
  set.refresh();
  n1.state.away = undefined;
  await clock.advance(2_000);
  assert.equal(served().at(-1), 'n1 a2', 'somebody asked for it');
  await clock.advance(120_000);
  const ages = jobs.map(({ atMs }, index) => atMs - (jobs[index - 1]?.atMs ?? 0));
  assert(Math.max(...ages) <= 40_000, `${ages}`);
  await set.stop();
});

test('without any node the status says why of each, once, and the first that is back is mined on', async () => {
  const { clock, set, n1, n2, statuses, served, lines } = setUp(2);
  set.start();
  await clock.advance(20_000);
  n1.state.away = GONE;
  n2.state.away = new RpcError('unauthorized', 'no', { context: { url: 'http://n2' } });
  await clock.advance(60_000);
  assert.deepEqual(
    statuses.map(({ state }) => state),
    ['connecting', 'ready', 'unreachable'],
  );
  assert.match(
    statuses.at(-1)?.sentence ?? '',
    /^None of the 2 nodes gives work\. .*refuses the connection.*refuses the RPC user or password/,
  );
  assert.equal(lines(/^n1: The node at http:\/\/node refuses the connection/).length, 1);
  assert.equal(lines(/^n2: .*password/).length, 1);
  assert.deepEqual(
    [set.isLeftAside('n1'), set.isLeftAside('n2')],
    [false, false],
    'every answer is news now',
  );
  const before = served().length;
  n2.state.away = undefined;
  n2.state.tip = 'a2';
  await clock.advance(6_000);
  assert.deepEqual(served().slice(before), ['n2 a2 new']);
  assert.equal(statuses.at(-1)?.state, 'ready');
  await set.stop();
});

test('a node of a wrong network is never mined on, whatever its priority and its work', async () => {
  const { clock, set, n1, served, report, statuses } = setUp(2);
  n1.state.chain = 'test';
  n1.state.tip = 'a900';
  set.start();
  await clock.advance(60_000);
  assert.deepEqual(served(), ['n2 a1 new', 'n2 a1', 'n2 a1']);
  assert.equal(report('n1').status.state, 'wrong-network');
  assert.equal(report('n1').isSource, false);
  assert.equal(statuses.at(-1)?.state, 'ready');
  await set.stop();
});

test('one node alone is asked nothing about its work, and a tip of less height is served at once', async () => {
  const { clock, set, n1, served } = setUp(1);
  set.start();
  await clock.advance(1_000);
  n1.state.tip = 'a2';
  await clock.advance(1_000);
  n1.state.tip = 'b1';
  await clock.advance(250);
  assert.deepEqual(served(), ['n1 a1 new', 'n1 a2 new', 'n1 b1 new']);
  assert.equal(n1.rpc.count('getblockheader'), 0);
  await set.stop();
});

test('while a template is handed out, the source is the node that gave it', async () => {
  const names: [string, string | undefined][] = [];
  const { clock, set, n1, n2 } = setUp(2, {
    onTemplate: (_template, { node }) => names.push([node, set.sourceName]),
  });
  set.start();
  await clock.advance(20_000);
  n1.state.away = GONE;
  n2.state.tip = 'a2';
  await clock.advance(1_000);
  assert.deepEqual(names, [
    ['n1', 'n1'],
    ['n2', 'n2'],
  ]);
  await set.stop();
});

test('a refresh is asked of the source, and of every node while there is none', async () => {
  const { clock, set, n1, n2, served } = setUp(2);
  set.start();
  await clock.advance(5_000);
  const before = n2.rpc.count('getblocktemplate');
  set.refresh();
  await clock.settle();
  assert.deepEqual(served(), ['n1 a1 new', 'n1 a1']);
  assert.equal(n2.rpc.count('getblocktemplate'), before);
  n1.state.away = GONE;
  n2.state.noTemplate = new RpcError('not-connected', 'Raven is not connected! (-9)');
  await clock.advance(60_000);
  n2.state.noTemplate = undefined;
  set.refresh();
  await clock.settle();
  assert.equal(served().at(-1), 'n2 a1');
  await set.stop();
});

test('a callback that fails does not stop the nodes from being looked at', async () => {
  const { clock, set, log, statuses } = setUp(2, {
    onTemplate: () => {
      throw new Error('in the callback');
    },
  });
  set.start();
  await clock.advance(40_000);
  assert.equal(statuses.at(-1)?.state, 'ready');
  assert.equal(log.lines.filter(({ level }) => level === 'error').length, 2);
  await set.stop();
});

test('stop ends every timer and question, and nothing is told afterwards', async () => {
  const { clock, set, n1, n2, jobs, statuses } = setUp(2);
  set.start();
  await clock.advance(1_500);
  n1.rpc.hold('getblockheader', 'getblockchaininfo');
  n1.state.tip = 'a2';
  n2.state.tip = 'a2';
  await clock.advance(250);
  const told = [jobs.length, statuses.length];
  let stopped = false;
  const stopping = set.stop().then(() => {
    stopped = true;
  });
  assert.equal(clock.pending(), 0);
  await clock.settle();
  assert.equal(stopped, false, 'a question is under way');
  n1.rpc.take('getblockheader').fail(new RpcError('closed', 'closed'));
  await stopping;
  set.refresh();
  set.noteFound('ab'.repeat(32));
  set.noteTip('cd'.repeat(32), { signal: 'notify' });
  await clock.advance(60_000);
  assert.deepEqual([jobs.length, statuses.length], told);
});

test('a node that is up after it was away or starting is told of once, when its other ports are open, too', async () => {
  const back: string[] = [];
  const { clock, set, n2 } = setUp(2, { onBack: (node) => back.push(node) });
  n2.state.away = GONE;
  set.start();
  await clock.advance(20_000);
  n2.state.away = new RpcError('warming-up', 'Loading block index...', { rpcCode: -28 });
  await clock.advance(20_000);
  assert.deepEqual(back, []);
  n2.state.away = undefined;
  await clock.advance(60_000);
  assert.deepEqual(back, ['n2']);
  await set.stop();
});
