import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakeVerifier } from '../../test/support/devnet-node.ts';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { hexToBytes, uint32Le } from '../chain/bytes.ts';
import { findNetwork } from '../chain/coins.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { createDevnet } from '../devnet/devnet.ts';
import type { SignalReport } from './tip-signal.ts';
import { createZmqSignal } from './zmq-signal.ts';
import { subscribeWithZeromq, type ZmqHandlers } from './zmq-subscriber.ts';

const HASH_A = 'aa'.repeat(32);
const HASH_B = 'bb'.repeat(32);
const topic = new TextEncoder().encode('hashblock');
const announcement = (hash: string, counter: number) => [topic, hexToBytes(hash), uint32Le(counter)];

/** A signal whose subscription the test plays. */
async function setUp(failure?: Error) {
  /** While it is set, opening fails. */
  const faults: { failure?: Error | undefined } = { failure };
  const clock = createVirtualClock();
  const log = createKeptLog();
  const tips: string[] = [];
  const reports: SignalReport[] = [];
  const subscriptions: { handlers: ZmqHandlers; closed: boolean }[] = [];
  const signal = createZmqSignal(
    {
      node: 'near',
      endpoint: 'tcp://127.0.0.1:28332',
      onTip: (hash) => tips.push(hash),
      onReport: (report) => reports.push(report),
    },
    {
      clock,
      log,
      subscribe: async (_endpoint, _topic, handlers) => {
        if (faults.failure !== undefined) throw faults.failure;
        const subscription = { handlers, closed: false };
        subscriptions.push(subscription);
        return {
          close: () => {
            subscription.closed = true;
          },
        };
      },
    },
  );
  signal.start();
  await clock.settle();
  const wire = () => subscriptions.at(-1)?.handlers as ZmqHandlers;
  return { clock, log, tips, reports, subscriptions, signal, wire, faults };
}

describe('the ZMQ signal', () => {
  test('counts what a miscounting publisher leaves out, and tells of it once a minute', async () => {
    const { clock, log, reports, wire } = await setUp();
    wire().onConnected();
    for (let i = 0; i < 1_000; i++) wire().onMessage(announcement(HASH_A, i * 3));
    assert.equal(log.lines.length, 1);
    assert(reports.length <= 3);
    await clock.advance(60_000);
    wire().onMessage(announcement(HASH_A, 3_000));
    assert.equal(log.lines.length, 2);
    assert.match(JSON.stringify(log.lines[1]), /1998 ZMQ announcements/);
  });

  test('opens an endpoint anew that stays away, and leaves a connected one alone', async () => {
    const { clock, subscriptions, signal, wire } = await setUp();
    wire().onConnected();
    await clock.advance(60_000);
    assert.equal(subscriptions.length, 1);
    wire().onDisconnected();
    await clock.advance(30_000);
    assert(subscriptions.length >= 2);
    assert.deepEqual(subscriptions.map(({ closed }) => !closed).lastIndexOf(true), subscriptions.length - 1);
    assert.equal(subscriptions.filter(({ closed }) => !closed).length, 1);
    wire().onConnected();
    assert.equal(signal.report().state, 'on');
    await signal.stop();
    assert.equal(clock.pending(), 0);
  });

  test('tells tips as they are announced', async () => {
    const { signal, wire, tips } = await setUp();
    assert.equal(signal.report().state, 'connecting');
    wire().onConnected();
    assert.equal(signal.report().state, 'on');
    wire().onMessage(announcement(HASH_A, 7));
    wire().onMessage(announcement(HASH_B, 8));
    assert.deepEqual(tips, [HASH_A, HASH_B]);
  });

  test('is on again with the first announcement after an attempt that failed', async () => {
    const { signal, wire } = await setUp();
    wire().onRefused();
    assert.equal(signal.report().state, 'failed');
    wire().onMessage(announcement(HASH_A, 1));
    assert.equal(signal.report().state, 'on');
  });

  test('says that announcements were missed, and none where the node was started again', async () => {
    const { signal, wire, log } = await setUp();
    wire().onConnected();
    wire().onMessage(announcement(HASH_A, 7));
    wire().onMessage(announcement(HASH_B, 10));
    assert.match(log.lines[0]?.message ?? '', /^2 ZMQ announcements of near were missed/);
    assert.match(signal.report().sentence, /2 announcements were missed/);
    wire().onDisconnected();
    wire().onConnected();
    wire().onMessage(announcement(HASH_A, 30));
    wire().onMessage(announcement(HASH_B, 0));
    wire().onMessage(announcement(HASH_B, 1));
    assert.equal(log.lines.length, 1);
  });

  test('is not upset by the end of its counter', async () => {
    const { wire, log } = await setUp();
    wire().onMessage(announcement(HASH_A, 0xffffffff));
    wire().onMessage(announcement(HASH_B, 0));
    assert.deepEqual(log.lines, []);
  });

  test('passes over what is no announcement', async () => {
    const { wire, tips } = await setUp();
    for (const frames of [
      [],
      [topic],
      [topic, new Uint8Array(31), uint32Le(0)],
      [uint32Le(1), hexToBytes(HASH_A)],
    ]) {
      wire().onMessage(frames);
    }
    assert.deepEqual(tips, []);
  });

  test('says what raven.conf needs where nobody answers', async () => {
    const { signal, wire } = await setUp();
    wire().onRefused();
    const { state, sentence } = signal.report();
    assert.equal(state, 'failed');
    assert.match(sentence, /zmqpubhashblock=tcp:\/\/127\.0\.0\.1:28332/);
    wire().onConnected();
    assert.equal(signal.report().state, 'on');
  });

  test('is off, and says so, where the package is missing', async () => {
    const missing = Object.assign(new Error("Cannot find package 'zeromq'"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    const { signal } = await setUp(missing);
    assert.equal(signal.report().state, 'off');
    assert.match(signal.report().sentence, /zeromq is not installed/);
  });

  test('names an endpoint that cannot be used', async () => {
    const { signal } = await setUp(new Error('Invalid argument'));
    assert.equal(signal.report().state, 'failed');
    assert.match(signal.report().sentence, /cannot be used: Invalid argument/);
  });

  test('opens a broken subscription again', async () => {
    const { clock, wire, subscriptions, tips, signal } = await setUp();
    wire().onBroken(new Error('too many open files'));
    assert.match(signal.report().sentence, /too many open files/);
    await clock.advance(5_000);
    assert.deepEqual(
      subscriptions.map(({ closed }) => closed),
      [true, false],
    );
    wire().onMessage(announcement(HASH_A, 0));
    assert.deepEqual(tips, [HASH_A]);
  });

  test('stops listening to a flood for a minute, and says so', async () => {
    const { clock, wire, subscriptions, signal, tips } = await setUp();
    wire().onConnected();
    wire().onMessage([...announcement(HASH_A, 0), ...Array.from({ length: 500 }, () => topic)]);
    assert.deepEqual(tips, [], 'no node sends this');
    for (let i = 0; i < 2_000; i++) if (!subscriptions[0]?.closed) wire().onMessage([topic]);
    assert.equal(subscriptions[0]?.closed, true);
    assert.match(signal.report().sentence, /more messages than a node does/);
    await clock.advance(59_000);
    assert.equal(subscriptions.length, 1);
    await clock.advance(1_000);
    wire().onConnected();
    wire().onMessage(announcement(HASH_A, 1));
    assert.deepEqual([signal.report().state, tips], ['on', [HASH_A]]);
    await signal.stop();
    assert.equal(clock.pending(), 0);
  });

  test('goes on trying where opening it anew fails', async () => {
    const { clock, wire, subscriptions, signal, faults } = await setUp();
    wire().onConnected();
    wire().onRefused();
    assert.match(signal.report().sentence, /does not answer any more; the node may be restarting/);
    faults.failure = new Error('Too many open files');
    await clock.advance(60_000);
    assert.match(signal.report().sentence, /Too many open files/);
    delete faults.failure;
    await clock.advance(5_000);
    assert.equal(subscriptions.length, 2);
    wire().onConnected();
    assert.equal(signal.report().state, 'on');
    await signal.stop();
    assert.equal(clock.pending(), 0);
  });

  test('stops for good', async () => {
    const { clock, signal, subscriptions, reports } = await setUp();
    await signal.stop();
    subscriptions[0]?.handlers.onDisconnected();
    await clock.advance(60_000);
    assert.deepEqual([subscriptions.length, subscriptions[0]?.closed, reports.length], [1, true, 0]);
    assert.equal(clock.pending(), 0);
  });
});

test('over a real socket, tips of the devnet come, also after it was away', {
  timeout: 20_000,
}, async (t) => {
  const network = findNetwork('ravencoin', 'regtest');
  assert.ok(network);
  const log = createKeptLog();
  const devnet = await createDevnet(
    { network, zmqPort: 0 },
    { verifier: fakeVerifier, clock: systemClock, random: systemRandom, log },
  );
  t.after(() => devnet.close());
  assert.ok(devnet.zmqEndpoint);
  let wake = (): void => {};
  const tips: string[] = [];
  const states: string[] = [];
  const signal = createZmqSignal(
    {
      node: 'devnet',
      endpoint: devnet.zmqEndpoint,
      onTip: (hash) => {
        tips.push(hash);
        wake();
      },
      onReport: ({ state }) => {
        states.push(state);
        wake();
      },
    },
    { clock: systemClock, log, subscribe: subscribeWithZeromq },
  );
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  // A subscription takes effect at the publisher a moment after the handshake: a block each until one is heard of.
  const heard = async (): Promise<void> => {
    const before = tips.length;
    while (tips.length === before) {
      await devnet.control.addBlock();
      await Promise.race([until(() => tips.length > before), new Promise((r) => setTimeout(r, 50))]);
    }
  };
  signal.start();
  t.after(() => signal.stop());
  await until(() => states.includes('on'));
  await heard();
  await devnet.control.goOffline();
  await until(() => states.includes('failed'));
  await devnet.control.comeBack();
  await until(() => states.at(-1) === 'on');
  await heard();
  await until(() => tips.at(-1) === devnet.tip());
});
