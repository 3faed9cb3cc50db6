import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { MinerLog } from './miner-log.ts';

function create() {
  const clock = createVirtualClock();
  const lines: string[] = [];
  const debug: string[] = [];
  const put = (_fields: object, text: string): void => void lines.push(text);
  const log = {
    error: put,
    warn: put,
    info: put,
    debug: (_fields: object, text: string): void => void debug.push(text),
  };
  return { clock, lines, debug, log: new MinerLog({ clock, log }) };
}

const miner = (workerName: string | undefined) => ({ id: '1', workerName, agent: 'rig/1' });

test('each miner that comes or goes is told by name, and connections without one to whoever looks closer', () => {
  const { lines, debug, log } = create();
  log.joined(miner('a'));
  log.left(miner('a'), '192.0.2.1:5', undefined);
  log.left(miner('b'), '192.0.2.1:6', 'idle');
  log.left(miner(undefined), '192.0.2.1:7', 'login-timeout');
  assert.deepEqual(lines, ['miner a joined (rig/1)', 'miner a left', 'miner b closed: idle']);
  assert.deepEqual(debug, ['connection closed: login-timeout']);
});

test('a storm is a few lines, then one in ten seconds, and nobody goes uncounted', async () => {
  const { clock, lines, log } = create();
  for (let second = 0; second < 20; second++) {
    for (let i = 0; i < 1_000; i++) {
      log.joined(miner(`w${i}`));
      log.left(miner(`w${i}`), '192.0.2.1:5', undefined);
    }
    await clock.advance(1_000);
  }
  log.sweep();
  const counts = lines.filter((line) => line.includes('more miners'));
  assert.deepEqual(counts, [
    '9985 more miners joined and 9985 left, w999 the last',
    '9985 more miners joined and 9985 left, w999 the last',
  ]);
  assert.equal(lines.length, 2 * 30 + counts.length);
  await clock.advance(10_000);
  log.sweep();
  log.joined(miner('late'));
  assert.equal(lines.at(-1), 'miner late joined (rig/1)');
});
