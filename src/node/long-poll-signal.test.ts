import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createScriptedRpc } from '../../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { createLongPollSignal } from './long-poll-signal.ts';
import { RpcError } from './rpc-error.ts';

const TIP_A = 'aa'.repeat(32);
const TIP_B = 'bb'.repeat(32);
const template = (tip: string, updates = 0) => ({ previousblockhash: tip, longpollid: `${tip}${updates}` });

/** A signal at a node that answers when the test says so. */
async function setUp() {
  const clock = createVirtualClock();
  const tips: string[] = [];
  const rpc = createScriptedRpc(() => template(TIP_A));
  rpc.hold('getblocktemplate');
  let closed = false;
  const signal = createLongPollSignal(
    { node: 'near', onTip: (hash) => tips.push(hash), onReport: () => {} },
    {
      clock,
      rpc: Object.assign(rpc, {
        close: () => {
          closed = true;
        },
      }),
    },
  );
  signal.start();
  const answer = async (result: unknown): Promise<void> => {
    const call = rpc.take('getblocktemplate');
    if (result instanceof Error) call.fail(result);
    else call.answer(result);
    await clock.settle();
  };
  const lastId = () => (rpc.calls.at(-1)?.params[0] as { longpollid?: string } | undefined)?.longpollid;
  return { clock, tips, rpc, signal, answer, lastId, isClosed: () => closed };
}

describe('the long poll signal', () => {
  test('waits with the id that it was given, one call at a time, and tells each answer', async () => {
    const { tips, rpc, signal, answer, lastId } = await setUp();
    assert.equal(lastId(), undefined);
    await answer(template(TIP_A));
    assert.deepEqual([lastId(), signal.report().state, tips], [`${TIP_A}0`, 'on', []]);
    await answer(template(TIP_B));
    assert.deepEqual([lastId(), tips], [`${TIP_B}0`, [TIP_B]]);
    // New transactions on the same tip.
    await answer(template(TIP_B, 1));
    assert.deepEqual([lastId(), tips], [`${TIP_B}1`, [TIP_B]]);
    assert.equal(rpc.atOnce('getblocktemplate'), 1);
  });

  test('does not turn in circles where something answers at once', async () => {
    const { clock, rpc, answer } = await setUp();
    for (let i = 0; i < 20; i++) {
      await answer(template(TIP_A));
      await clock.advance(10_000);
    }
    assert.ok(rpc.count('getblocktemplate') <= 22);
    const before = rpc.count('getblocktemplate');
    await answer(template(TIP_A));
    await clock.advance(900);
    assert.equal(rpc.count('getblocktemplate'), before);
  });

  test('asks anew after a failure, for the present state first', async () => {
    const { clock, tips, signal, answer, lastId } = await setUp();
    await answer(template(TIP_A));
    await answer(new RpcError('unreachable', 'http://near refuses the connection'));
    assert.equal(signal.report().state, 'failed');
    await clock.advance(1_000);
    assert.equal(lastId(), undefined);
    // What came meanwhile is told.
    await answer(template(TIP_B));
    assert.deepEqual([signal.report().state, tips], ['on', [TIP_B]]);
    await answer(template(TIP_B, 1));
    assert.deepEqual(tips, [TIP_B]);
  });

  test('takes no garbage for a template', async () => {
    const { clock, tips, signal, answer } = await setUp();
    for (const garbage of [null, 'x', {}, { longpollid: 'x', previousblockhash: 'tip' }, { longpollid: 5 }]) {
      await answer(garbage);
      assert.equal(signal.report().state, 'failed');
      await clock.advance(60_000);
    }
    assert.deepEqual(tips, []);
  });

  test('stops for good, and ends the call that waits', async () => {
    const { clock, rpc, tips, signal, isClosed } = await setUp();
    rpc.take('getblocktemplate').answer(template(TIP_A));
    await clock.settle();
    const waiting = rpc.take('getblocktemplate');
    const stopped = signal.stop();
    assert.equal(isClosed(), true);
    waiting.fail(new RpcError('closed', 'closed'));
    await stopped;
    await clock.advance(60_000);
    assert.deepEqual([rpc.count('getblocktemplate'), clock.pending(), tips], [2, 0, []]);
  });
});
