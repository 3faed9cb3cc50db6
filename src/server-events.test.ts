import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from './mining/ports.ts';
import { ServerEvents } from './server-events.ts';

class Told extends ServerEvents {
  readonly log: Log;

  constructor(sink?: Log) {
    super();
    this.log = this.createLog(sink);
  }

  close(): void {
    this.tell('closed', {});
  }
}

function sinkOf(lines: string[], fails = false): Log {
  const write = (_fields: object, message: string) => {
    lines.push(message);
    if (fails) throw new Error('the disk is full');
  };
  return { debug: write, info: write, warn: write, error: write };
}

const FAILING = {
  throws: () => {
    throw new Error('mine');
  },
  rejects: () => Promise.reject(new Error('mine')),
};

for (const [how, listener] of Object.entries(FAILING)) {
  test(`a listener that ${how} is told of, and the others hear all the same`, async () => {
    const lines: string[] = [];
    const server = new Told(sinkOf(lines));
    let heard = 0;
    server.on('closed', listener as () => void);
    server.on('closed', () => {
      heard += 1;
    });
    server.close();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([heard, lines], [1, ['a listener of closed failed; mining goes on']]);
  });

  test(`a listener of the log that ${how} is told of once, and not to itself`, async () => {
    const lines: string[] = [];
    const server = new Told(sinkOf(lines));
    server.on('log', listener as () => void);
    server.log.info({}, 'hello');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(lines, ['hello', 'a listener of log failed; mining goes on']);
  });
}

test('a log that throws harms nothing, and its event is told', () => {
  const lines: string[] = [];
  const server = new Told(sinkOf([], true));
  server.on('log', ({ level, message }) => lines.push(`${level} ${message}`));
  server.log.warn({}, 'hello');
  assert.deepEqual(lines, ['warn hello']);
});
