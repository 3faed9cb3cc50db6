import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../test/support/mining.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { createSupervisor } from './systemd.ts';

function supervise(env: Record<string, string>, fails = false) {
  const clock = createVirtualClock();
  const told: string[][] = [];
  const lines: string[] = [];
  const run = async (program: string, args: readonly string[]) => {
    told.push([program, ...args]);
    if (fails) throw new Error('there is no such program');
  };
  const log = { ...silentLog, debug: (_fields: object, message: string) => lines.push(message) };
  const health = { isAlive: true };
  const supervisor = createSupervisor(env, { clock, log, run, isAlive: () => health.isAlive });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, told, lines, supervisor, settled, health };
}

const SOCKET = { NOTIFY_SOCKET: '/run/systemd/notify' };

test('systemd hears of start, reload and end, in this order', async () => {
  const { supervisor, told, settled } = supervise(SOCKET);
  supervisor.ready('2 instances');
  supervisor.reloading();
  supervisor.ready('3 instances');
  supervisor.stopping();
  await settled();
  assert.deepEqual(
    told.map(([program, first]) => [program, first]),
    ['READY=1', 'RELOADING=1', 'READY=1', 'STOPPING=1'].map((news) => ['systemd-notify', news]),
  );
  assert.deepEqual(told[0]?.[2], 'STATUS=2 instances');
});

test('the watchdog is fed at half of its time, from the start to the end', async () => {
  const { supervisor, told, clock, settled, health } = supervise({ ...SOCKET, WATCHDOG_USEC: '30000000' });
  await clock.advance(60_000);
  await settled();
  assert.equal(told.length, 0, 'what does not serve yet is not alive');
  supervisor.ready('1 instance');
  supervisor.ready('1 instance');
  await clock.advance(30_000);
  await settled();
  const meals = () => told.filter(([, news]) => news === 'WATCHDOG=1').length;
  assert.equal(meals(), 2);
  health.isAlive = false;
  await clock.advance(60_000);
  await settled();
  assert.equal(meals(), 2, 'what does not work starves, though its timers run');
  health.isAlive = true;
  await clock.advance(15_000);
  await settled();
  assert.equal(meals(), 3);
  supervisor.end();
  await clock.advance(60_000);
  await settled();
  assert.equal(meals(), 3);
});

test('a reload that begins before the start is done, or ends after the end has begun, is not told', async () => {
  const { supervisor, told, settled } = supervise(SOCKET);
  supervisor.reloading();
  supervisor.ready('1 instance');
  supervisor.stopping();
  supervisor.reloading();
  supervisor.ready('1 instance');
  await settled();
  assert.deepEqual(
    told.map(([, news]) => news),
    ['READY=1', 'STOPPING=1'],
  );
});

test('without systemd nothing is run, and a systemd-notify that fails is one line', async () => {
  const alone = supervise({});
  alone.supervisor.ready('1 instance');
  await alone.settled();
  assert.deepEqual(alone.told, []);
  const broken = supervise(SOCKET, true);
  broken.supervisor.ready('1 instance');
  broken.supervisor.stopping();
  await broken.settled();
  assert.equal(broken.told.length, 2);
  assert.equal(broken.lines.length, 1);
});
