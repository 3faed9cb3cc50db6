import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeptLog } from '../test/support/scripted-rpc.ts';
import { InstanceSignals } from './instance-signals.ts';
import type { SignalReport } from './node/tip-signal.ts';
import type { SignalListener } from './node-signals.ts';

/** Nodes `home` and `cellar`, of which the first has a ZMQ signal and takes blocks. */
function setUp() {
  const log = createKeptLog();
  const heard: string[] = [];
  const blocks: string[] = [];
  const listeners: SignalListener[] = [];
  let running = false;
  const report: SignalReport = { signal: 'zmq', node: 'home', state: 'connecting', sentence: 'Connecting.' };
  const signals = new InstanceSignals({
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
          };
          return { signals: [signal], sendBlock: (blockHex) => blocks.push(blockHex) > 0 };
        },
      },
      { name: 'cellar' },
    ],
  });
  return { log, heard, blocks, signals, report, listener: listeners[0], isRunning: () => running };
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
