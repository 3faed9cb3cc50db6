import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { HELD_FOR_MS, HELD_MAX, WaitingRoom } from './waiting-room.ts';

class FakeSocket extends EventEmitter {
  end: 'open' | 'closed' | 'reset' = 'open';

  destroy(): void {
    this.end = 'closed';
    this.emit('close');
  }

  resetAndDestroy(): void {
    this.end = 'reset';
    this.emit('close');
  }
}

test('a refused connection stays for a moment, so that its miner does not come back two thousand times a second', async () => {
  const clock = createVirtualClock();
  const room = new WaitingRoom({ clock });
  const socket = new FakeSocket();
  room.hold(socket);
  await clock.advance(HELD_FOR_MS - 1);
  assert.equal(socket.end, 'open');
  await clock.advance(1);
  assert.equal(socket.end, 'closed');
  assert.equal(room.size, 0);
});

test('when the room is full the next are cut off, until somebody leaves', () => {
  const clock = createVirtualClock();
  const room = new WaitingRoom({ clock });
  const sockets = Array.from({ length: HELD_MAX + 2 }, () => new FakeSocket());
  for (const socket of sockets.slice(0, HELD_MAX + 1)) room.hold(socket);
  assert.equal(sockets[HELD_MAX]?.end, 'reset');
  sockets[0]?.emit('close');
  room.hold(sockets[HELD_MAX + 1] as FakeSocket);
  assert.equal(sockets[HELD_MAX + 1]?.end, 'open');
  room.close();
  assert.equal(room.size, 0);
  assert.equal(clock.pending(), 0);
});
