import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeptLog } from '../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../test/support/virtual-clock.ts';
import { InstanceSignals } from './instance-signals.ts';
import type { SignalReport } from './node/tip-signal.ts';
import type { SignalListener } from './node-signals.ts';

/** Nodes `home` and `cellar`, of which the first has a ZMQ signal and takes blocks. */
function setUp() {
  const clock = createVirtualClock();
  const log = createKeptLog();
  const heard: string[] = [];
  const blocks: string[] = [];
  const woken: string[] = [];
  const listeners: SignalListener[] = [];
  let running = false;
  let report: SignalReport = { signal: 'zmq', node: 'home', state: 'connecting', sentence: 'Connecting.' };
  const signals = new InstanceSignals({
    clock,
    log,
    onTip: (hashHex, signal, node) => heard.push(`${signal} of ${node}: ${hashHex}`),
    nodes: [
      {
        name: 'home',
        listen: (listener) => {
          listeners.push(listener);
          const signal = {
            start: () => {
              running = true;
            },
            stop: async () => {
              running = false;
            },
            report: () => report,
            wake: () => void woken.push(report.node),
          };
          return { signals: [signal], sendBlock: (blockHex) => blocks.push(blockHex) > 0 };
        },
      },
      { name: 'cellar' },
    ],
  });
  return {
    clock,
    log,
    heard,
    blocks,
    woken,
    signals,
    report,
    setReport: (changes: Partial<SignalReport>) => {
      report = { ...report, ...changes };
    },
    listener: listeners[0],
    isRunning: () => running,
  };
}

test('what the nodes’ signals tell is passed on with the node’s name, and blocks go out to each', async () => {
  const { signals, listener, heard, blocks, report, isRunning } = setUp();
  assert.equal(isRunning(), false);
  signals.start();
  assert.equal(isRunning(), true);
  listener?.onTip('ab', 'zmq');
  signals.sendBlock('00');
  assert.deepEqual([heard, blocks, signals.reports()], [['zmq of home: ab'], ['00'], [report]]);
  await signals.stop();
  assert.equal(isRunning(), false);
});

test('a P2P connection that stands is a peer of its node, and nothing else is', () => {
  const { signals, setReport } = setUp();
  const peers = () => [signals.peersOf('home'), signals.peersOf('cellar')];
  setReport({ state: 'on' });
  assert.deepEqual(peers(), [0, 0]);
  setReport({ signal: 'p2p' });
  assert.deepEqual(peers(), [1, 0]);
  setReport({ state: 'failed' });
  assert.deepEqual(peers(), [0, 0]);
});

test('when a node is back its own signals are told to try again', () => {
  const { signals, woken } = setUp();
  signals.start();
  signals.wake('cellar');
  signals.wake('home');
  assert.deepEqual(woken, ['home']);
});

test('the log warns of a signal that failed, and says which are on or off', () => {
  const { log, listener, report } = setUp();
  for (const state of ['connecting', 'failed', 'on', 'off'] as const)
    listener?.onReport({ ...report, state, sentence: `It is ${state}.` });
  assert.deepEqual(
    log.lines.map(({ level, message }) => `${level} ${message}`),
    [
      'debug zmq of home: It is connecting.',
      'warn zmq of home: It is failed.',
      'info zmq of home: It is on.',
      'info zmq of home: It is off.',
    ],
  );
});

test('a signal that comes and goes does not fill the log', async () => {
  const { clock, log, listener, report } = setUp();
  for (let i = 0; i < 300; i++) {
    listener?.onReport({ ...report, state: i % 2 === 0 ? 'failed' : 'on', sentence: `It is ${i % 2}.` });
    await clock.advance(2_000);
  }
  const told = log.lines.filter(({ level }) => level !== 'debug').length;
  assert(told >= 12 && told <= 22, `${told} lines in ten minutes`);
});
