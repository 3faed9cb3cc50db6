import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Reply,
  readRecording,
  replyOf,
  resultReply,
  startReplayNode,
} from '../../test/support/replay-node.ts';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import {
  block,
  confirmed,
  BLOCK_HASH as HASH,
  lost,
  nodeThatSays,
  notFound,
  orphaned,
  setUpSubmitter as setUp,
  unreachable,
} from '../../test/support/submitter-harness.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { systemClock } from '../clock.ts';
import { createRpcClient } from './rpc-client.ts';
import { RpcError } from './rpc-error.ts';
import { createSubmitter, type SubmitOutcome } from './submitter.ts';

test('every node has the request before submit returns', () => {
  const { rpcs, submitter } = setUp(
    { submitblock: [null] },
    { submitblock: [null] },
    { submitblock: [null] },
  );
  void submitter.submit(block);
  for (const rpc of rpcs) {
    assert.deepEqual(
      rpc.calls.map(({ method, params }) => [method, params]),
      [['submitblock', ['00']]],
    );
  }
});

test('null is an accepted block', async () => {
  const { submitter, outcomeAfter, verdicts, clock } = setUp({ submitblock: [null] });
  assert.deepEqual(await outcomeAfter(0), { kind: 'accepted', how: 'answered', node: 'node1', latencyMs: 0 });
  assert.equal(submitter.pending(), 0);
  assert.deepEqual(
    verdicts.map(({ node, attempt, verdict }) => [node, attempt, verdict.kind]),
    [['node1', 1, 'accepted']],
  );
  assert.equal(clock.pending(), 0);
});

test('a refusal is final, and an alarm in the log', async () => {
  const { rpc, outcomeAfter, log } = setUp({ submitblock: ['bad-cb-amount'] });
  assert.deepEqual(await outcomeAfter(60_000), {
    kind: 'rejected',
    reason: 'bad-cb-amount',
    node: 'node1',
    latencyMs: 0,
  });
  assert.equal(rpc.calls.length, 1);
  assert.deepEqual(
    log.lines.map(({ level }) => level),
    ['error'],
  );
  assert.doesNotMatch(JSON.stringify(log.lines), /blockHex/);
});

test('undecodable bytes are a refusal too', async () => {
  const error = new RpcError('rpc', 'Block decode failed (-22)', {
    rpcCode: -22,
    rpcMessage: 'Block decode failed',
  });
  const { outcomeAfter } = setUp({ submitblock: [error] });
  const outcome = await outcomeAfter(60_000);
  assert.ok(outcome?.kind === 'rejected' && outcome.reason === 'Block decode failed');
});

for (const [name, error] of Object.entries({
  unreachable,
  busy: new RpcError('busy', 'queue full'),
  'starting up': new RpcError('warming-up', 'Loading block index...', { rpcCode: -28 }),
  'refusing the password': new RpcError('unauthorized', 'wrong RPC user or password'),
})) {
  test(`a node that is ${name} is tried again until it takes the block`, async () => {
    const { rpc, outcomeAfter, log } = setUp({ submitblock: [error, error, error, null] });
    assert.deepEqual(await outcomeAfter(700), {
      kind: 'accepted',
      how: 'answered',
      node: 'node1',
      latencyMs: 100 + 200 + 400,
    });
    assert.equal(rpc.count('submitblock'), 4);
    assert.deepEqual(
      log.lines.map(({ level }) => level),
      ['warn', 'debug', 'debug', 'debug'],
      'a row of equal failures is one warning',
    );
  });
}

test('the waits between attempts stay at 5 s, and after six hours it is given up', async () => {
  const { clock, rpc, submitter, outcomeAfter } = setUp({ submitblock: [unreachable] });
  assert.equal(await outcomeAfter(6 * 3_600_000 - 6_000), undefined);
  assert.equal(submitter.pending(), 1);
  const before = rpc.count('submitblock');
  assert.ok(before > 4_300 && before < 4_330, `${before} attempts`);
  const outcome = await outcomeAfter(6 * 3_600_000 + 5_000);
  assert.ok(outcome?.kind === 'gave-up' && outcome.why === 'time-is-up');
  assert.match(outcome.reason, /refuses the connection/);
  assert.equal(submitter.pending(), 0);
  assert.equal(clock.pending(), 0);
});

test('a block that cannot win any more is sent once, and not again', async () => {
  const { rpc, outcomeAfter } = setUp({ submitblock: [unreachable] });
  const outcome = await outcomeAfter(60_000, { ...block, stillUseful: () => false } as typeof block);
  assert.ok(outcome?.kind === 'gave-up' && outcome.why === 'too-late');
  assert.equal(rpc.count('submitblock'), 1);
});

test('a block whose answer was lost is asked after even when its tip has passed: perhaps it is the tip', async () => {
  const { outcomeAfter } = setUp({
    submitblock: [lost],
    getblockheader: [unreachable, confirmed],
  });
  const outcome = await outcomeAfter(300, { ...block, stillUseful: () => false } as typeof block);
  assert.deepEqual(outcome, { kind: 'accepted', how: 'confirmed', node: 'node1', latencyMs: 200 });
});

test('a forged block whose answer was lost is looked for, and then over: the node does not have it', async () => {
  const { rpc, clock, outcomeAfter } = setUp({ submitblock: [lost], getblockheader: [notFound] });
  const outcome = await outcomeAfter(1_000, { ...block, stillUseful: () => false } as typeof block);
  assert.ok(outcome?.kind === 'gave-up' && outcome.why === 'too-late');
  assert.deepEqual([rpc.count('submitblock'), rpc.count('getblockheader')], [1, 1]);
  assert.equal(clock.pending(), 0);
});

test('a fault in stillUseful or onVerdict does not cost the block', async () => {
  const clock = createVirtualClock();
  const submitter = createSubmitter(
    {
      onVerdict: () => {
        throw new Error('in onVerdict');
      },
    },
    {
      nodes: [{ name: 'node1', rpc: nodeThatSays({ submitblock: [unreachable, null] }) }],
      clock,
      log: createKeptLog(),
    },
  );
  const stillUseful = (): boolean => {
    throw new Error('in stillUseful');
  };
  const outcome = submitter.submit({ ...block, stillUseful });
  await clock.advance(1000);
  assert.equal((await outcome).kind, 'accepted');
});

test('duplicate alone is no acceptance: the chain is asked, and must have the block', async () => {
  const inChain = setUp({ submitblock: ['duplicate'], getblockheader: [confirmed] });
  assert.deepEqual(await inChain.outcomeAfter(0), {
    kind: 'accepted',
    how: 'confirmed',
    node: 'node1',
    latencyMs: 0,
  });
  assert.deepEqual(inChain.rpc.calls[1]?.params, [HASH]);

  const reasons: [unknown, RegExp][] = [
    [orphaned, /^the node has another block at this height$/],
    [notFound, /does not find it/],
    ['nonsense', /could not be asked/],
    [null, /could not be asked/],
  ];
  for (const [answer, reason] of reasons) {
    const { outcomeAfter } = setUp({ submitblock: ['duplicate'], getblockheader: [answer] });
    const outcome = await outcomeAfter(10_000);
    assert.ok(outcome?.kind === 'inconclusive', String(answer));
    assert.match(outcome.reason, reason);
  }
});

test('an inconclusive block is looked for once, after 5 s', async () => {
  const lostRace = setUp({ submitblock: ['inconclusive'], getblockheader: [orphaned] });
  assert.equal(await lostRace.outcomeAfter(4_999), undefined);
  await lostRace.clock.advance(1);
  assert.equal(lostRace.rpc.count('getblockheader'), 1);
  assert.equal(lostRace.submitter.pending(), 0);

  const outcome = await setUp({ submitblock: ['inconclusive'], getblockheader: [orphaned] }).outcomeAfter(
    5_000,
  );
  assert.deepEqual(outcome, {
    kind: 'inconclusive',
    reason: 'the node has another block at this height',
    node: 'node1',
    latencyMs: 5_000,
  });

  const wonRace = setUp({ submitblock: ['inconclusive'], getblockheader: [confirmed] });
  assert.deepEqual(await wonRace.outcomeAfter(5_000), {
    kind: 'accepted',
    how: 'confirmed',
    node: 'node1',
    latencyMs: 5_000,
  });
});

test('a duplicate that is off the chain at first may be in it 5 s later', async () => {
  const { outcomeAfter } = setUp({
    submitblock: ['duplicate-inconclusive'],
    getblockheader: [orphaned, confirmed],
  });
  assert.equal((await outcomeAfter(5_000))?.kind, 'accepted');
});

test('a node that goes away before it could confirm is asked until it is back', async () => {
  const { outcomeAfter } = setUp({
    submitblock: ['duplicate'],
    getblockheader: [unreachable, unreachable, confirmed],
  });
  assert.equal((await outcomeAfter(300))?.kind, 'accepted');
});

test('a duplicate that nobody confirms is never called accepted', async () => {
  const { outcomeAfter } = setUp({ submitblock: ['duplicate'], getblockheader: [unreachable] });
  const outcome = await outcomeAfter(605_000);
  assert.ok(outcome?.kind === 'inconclusive');
  assert.match(outcome.reason, /^the node has the block, but could not be asked/);
});

test('a node that lacks the parent is given a minute to get it', async () => {
  const late = setUp({ submitblock: ['prev-blk-not-found', 'prev-blk-not-found', null] });
  assert.equal((await late.outcomeAfter(1_000))?.kind, 'accepted');

  const never = setUp({ submitblock: ['prev-blk-not-found'] });
  assert.equal(await never.outcomeAfter(55_000), undefined);
  const outcome = await setUp({ submitblock: ['prev-blk-not-found'] }).outcomeAfter(70_000);
  assert.ok(outcome?.kind === 'rejected' && outcome.reason === 'prev-blk-not-found');
});

test('a node that lacks the parent says nothing of a block that it may have had before a crash of its own', async () => {
  const { outcomeAfter } = setUp({ submitblock: ['prev-blk-not-found'] });
  const outcome = await outcomeAfter(70_000, { ...block, mayBeKnown: true });
  assert.ok(outcome?.kind === 'gave-up' && outcome.why === 'time-is-up');
});

test('each timeout gives the next attempt twice the time, up to a minute', async () => {
  const timeout = new RpcError('timeout', 'no answer');
  const { rpc, outcomeAfter } = setUp({ submitblock: [...Array(6).fill(timeout), null] });
  assert.equal((await outcomeAfter(60_000))?.kind, 'accepted');
  assert.deepEqual(
    rpc.calls.map(({ timeoutMs }) => timeoutMs),
    [5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000],
  );
});

test("one node's failure does not hide another's success, in either order", async () => {
  const failures: unknown[] = [unreachable, 'bad-cb-amount', 'inconclusive'];
  for (const failure of failures) {
    const failing = { submitblock: [failure], getblockheader: [orphaned] };
    const first = await setUp(failing, { submitblock: [unreachable, null] }).outcomeAfter(100);
    assert.deepEqual([first?.kind, first?.node], ['accepted', 'node2']);
    const last = await setUp({ submitblock: [unreachable, null] }, failing).outcomeAfter(100);
    assert.deepEqual([last?.kind, last?.node], ['accepted', 'node1']);
  }
});

test('the other nodes are still seen to after an acceptance', async () => {
  const { rpcs, outcomeAfter, submitter, verdicts } = setUp(
    { submitblock: [null] },
    { submitblock: [unreachable, unreachable, 'duplicate'], getblockheader: [confirmed] },
  );
  assert.equal((await outcomeAfter(1_000))?.latencyMs, 0);
  assert.equal(submitter.pending(), 0);
  assert.equal(rpcs[1]?.count('submitblock'), 3);
  assert.equal(verdicts.at(-1)?.verdict.kind, 'duplicate');
});

test('without an acceptance, a node that has the block counts more than one that refuses, and that more than silence', async () => {
  const has = { submitblock: ['inconclusive'], getblockheader: [orphaned] };
  const refuses = { submitblock: ['high-hash'] };
  const silent = { submitblock: [unreachable] };
  assert.equal((await setUp(refuses, has).outcomeAfter(10_000))?.kind, 'inconclusive');
  assert.equal((await setUp(silent, refuses).outcomeAfter(6 * 3_600_000 + 10_000))?.kind, 'rejected');
});

test('a node that may have the block counts more than one that refuses', async () => {
  const broken = new RpcError('rpc', 'Internal error (-32603)', { rpcCode: -32603, mayHaveActed: true });
  const mayHaveIt = { submitblock: [broken], getblockheader: [broken] };
  const { outcomeAfter } = setUp({ submitblock: ['prev-blk-not-found'] }, mayHaveIt);
  const outcome = await outcomeAfter(10_000, { ...block, stillUseful: () => false });
  assert.deepEqual([outcome?.kind, outcome?.node], ['gave-up', 'node2']);
});

test('stop ends the waiting at once, and leaves no timer', async () => {
  const { clock, rpc, submitter } = setUp({ submitblock: [unreachable] });
  const outcome = submitter.submit(block);
  await clock.advance(3_000);
  const before = rpc.calls.length;
  await submitter.stop();
  assert.equal(clock.pending(), 0);
  const settled = await outcome;
  assert.ok(settled.kind === 'gave-up' && settled.why === 'stopped');
  await clock.advance(60_000);
  assert.equal(rpc.calls.length, before);
});

test('stop waits for the answer to a block that is under way', async () => {
  const { rpc, submitter, clock } = setUp({ submitblock: [null] });
  rpc.hold('submitblock');
  const outcome = submitter.submit(block);
  let stopped = false;
  const stopping = submitter.stop().then(() => {
    stopped = true;
  });
  await clock.settle();
  assert.equal(stopped, false);
  rpc.take('submitblock').answer(null);
  await stopping;
  assert.equal((await outcome).kind, 'accepted');
});

test('no nodes is a mistake of the caller', () => {
  assert.throws(
    () => createSubmitter({}, { nodes: [], clock: createVirtualClock(), log: createKeptLog() }),
    RangeError,
  );
});

test('over HTTP: the answer is lost, ravend restarts, and the block turns out to be in the chain', async () => {
  const duplicate = readRecording('submitblock/duplicate.json');
  const starting = readRecording('errors/warmup-2.json');
  const header = { hash: HASH, confirmations: 1 };
  const node = await startReplayNode(({ method, id, count }): Reply => {
    if (method === 'getblockheader') return resultReply(id, header);
    if (count === 1) return 'reset';
    return replyOf(count === 2 ? starting : duplicate, id);
  });
  const rpc = createRpcClient({
    url: node.url,
    credentials: { kind: 'password', user: 'a', password: 'b' },
    clock: systemClock,
  });
  const clock = createVirtualClock();
  const submitter = createSubmitter({}, { nodes: [{ name: 'local', rpc }], clock, log: createKeptLog() });
  try {
    let outcome: SubmitOutcome | undefined;
    const submitted = submitter.submit(block).then((settled) => {
      outcome = settled;
    });
    while (outcome === undefined) await clock.advance(100);
    await submitted;
    assert.ok(outcome.kind === 'accepted' && outcome.how === 'confirmed' && outcome.node === 'local');
    assert.deepEqual(
      node.requests.map(({ method }) => method),
      ['submitblock', 'submitblock', 'submitblock', 'getblockheader'],
    );
  } finally {
    rpc.close();
    await node.close();
  }
});

test('a block is not too late while one node, which may have taken it, cannot say', async () => {
  const { clock, submitter } = setUp(
    { submitblock: [unreachable] },
    { submitblock: [lost], getblockheader: [unreachable] },
  );
  let isUseful = true;
  let outcome: SubmitOutcome | undefined;
  void submitter.submit({ ...block, stillUseful: () => isUseful }).then((settled) => {
    outcome = settled;
  });
  await clock.advance(10_000);
  isUseful = false;
  await clock.advance(700_000);
  const { kind, node, why } = outcome as SubmitOutcome & { why?: string };
  assert.deepEqual([kind, node, why], ['gave-up', 'node2', 'unknown']);
});
