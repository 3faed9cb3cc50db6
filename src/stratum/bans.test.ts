import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { BANS_MAX, type Ban, BanList } from './bans.ts';

const MINUTE = 60_000;

function createList(initial: readonly Ban[] = []) {
  const clock = createVirtualClock();
  const changes: string[][] = [];
  const onChange = (bans: readonly Ban[]) => changes.push(bans.map(({ address }) => address));
  return { clock, changes, list: new BanList({ initial, onChange }, { clock }) };
}

describe('a ban', () => {
  test('holds for its time and is over then', async () => {
    const { list, clock } = createList();
    list.add('192.0.2.1', 'garbage', MINUTE);
    assert.equal(list.isBanned('192.0.2.1'), true);
    assert.equal(list.isBanned('192.0.2.2'), false);
    await clock.advance(MINUTE - 1);
    assert.equal(list.isBanned('192.0.2.1'), true);
    await clock.advance(1);
    assert.equal(list.isBanned('192.0.2.1'), false);
    assert.deepEqual(list.list(), []);
  });

  test('given again starts anew', async () => {
    const { list, clock } = createList();
    list.add('192.0.2.1', 'garbage', MINUTE);
    await clock.advance(MINUTE / 2);
    list.add('192.0.2.1', 'wrong-mix', MINUTE);
    await clock.advance(MINUTE / 2);
    assert.deepEqual(
      list.list().map(({ address, reason }) => [address, reason]),
      [['192.0.2.1', 'wrong-mix']],
    );
  });

  test('can be lifted, and then is none', () => {
    const { list } = createList();
    list.add('192.0.2.1', 'garbage', MINUTE);
    assert.equal(list.lift('192.0.2.1'), true);
    assert.equal(list.lift('192.0.2.1'), false);
    assert.equal(list.isBanned('192.0.2.1'), false);
  });

  test('of an earlier process holds on', () => {
    const nowMs = createVirtualClock().nowMs();
    const { list } = createList([
      { address: '192.0.2.1', reason: 'failed-logins', sinceMs: nowMs - 1, untilMs: nowMs + 1 },
      { address: '192.0.2.2', reason: 'failed-logins', sinceMs: nowMs - 2, untilMs: nowMs },
    ]);
    assert.deepEqual(
      list.list().map(({ address }) => address),
      ['192.0.2.1'],
    );
  });
});

test('each change is told, with all that are in force', () => {
  const { list, changes } = createList();
  list.add('192.0.2.1', 'garbage', MINUTE);
  list.add('192.0.2.2', 'garbage', MINUTE);
  list.lift('192.0.2.1');
  list.lift('192.0.2.9');
  assert.equal(list.liftAll(), 1);
  assert.equal(list.liftAll(), 0);
  assert.deepEqual(changes, [['192.0.2.1'], ['192.0.2.1', '192.0.2.2'], ['192.0.2.2'], []]);
});

test('there are at most so many: the oldest makes room', () => {
  const { list } = createList();
  for (let i = 0; i <= BANS_MAX; i++) list.add(`address ${i}`, 'garbage', MINUTE);
  assert.equal(list.list().length, BANS_MAX);
  assert.equal(list.isBanned('address 0'), false);
  assert.equal(list.isBanned(`address ${BANS_MAX}`), true);
});
