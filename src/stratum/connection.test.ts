import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { Connection } from './connection.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { parseRequest } from './messages.ts';
import type { Session } from './session.ts';

/** A socket whose peer takes nothing: a write is never done. */
class DeafSocket extends Duplex {
  override _write(): void {}
  override _read(): void {}
  setNoDelay(): void {}
  setKeepAlive(): void {}
  destroySoon(): void {
    this.end();
  }
}

/** A session that keeps what it is asked, and says of some lines that a candidate went out, or that it must ask. */
function createFakeSession(
  isCandidate: (line: string) => boolean = () => false,
  asks: (line: string) => Promise<void> | undefined = () => undefined,
) {
  const handled: string[] = [];
  const session = {
    handle: (parsed: ReturnType<typeof parseRequest>) => {
      const name = parsed.ok && parsed.request.method === 'unsupported' ? parsed.request.name : '?';
      if (name === 'fault') throw new Error('a fault of ours');
      handled.push(name);
      return asks(name) ?? (isCandidate(name) ? 'new-turn' : 'next');
    },
    end: () => {},
  } as unknown as Session;
  return { session, handled };
}

function start(session: Session) {
  const socket = new DeafSocket();
  const faults: unknown[] = [];
  const clock = createVirtualClock();
  const connection = new Connection(socket as unknown as Socket, {
    clock,
    limits: DEFAULT_LIMITS,
    onClosed: () => {},
    onFault: (error) => faults.push(error),
  });
  connection.start(session);
  const feed = (...names: string[]) =>
    socket.emit('data', Buffer.from(names.map((name) => `{"id":1,"method":"${name}"}\n`).join('')));
  return { socket, connection, faults, feed, clock };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what a turn has for a miner goes out in one write, with the newest job alone', async () => {
  const { socket, connection } = start(createFakeSession().session);
  const written: string[] = [];
  socket.write = (text: string): boolean => written.push(text) > 0;
  connection.send('reply\n');
  connection.sendJob('target and job\n');
  connection.send('another reply\n');
  connection.sendJob('target and newer job\n');
  await turn();
  connection.sendJob('target and newest job\n');
  await turn();
  assert.deepEqual(written, ['reply\nanother reply\ntarget and newer job\n', 'target and newest job\n']);
});

test('a peer that is closed and does not read is cut off after a while, whatever it sends', async () => {
  const { session } = createFakeSession();
  const { socket, connection, feed, clock } = start(session);
  connection.send('a reply that nobody takes\n');
  connection.close('demerits');
  await clock.advance(4_999);
  feed('more');
  assert.equal(socket.destroyed, false);
  await clock.advance(1);
  assert.equal(socket.destroyed, true);
  await turn();
  assert.equal(clock.pending(), 0);
});

test('so is one that said goodbye and does not read its last replies', async () => {
  const { session } = createFakeSession();
  const { socket, clock } = start(session);
  socket.emit('end');
  await clock.advance(5_000);
  assert.equal(socket.destroyed, true);
});

test('one that reads its last replies leaves nothing behind', async () => {
  const { session } = createFakeSession();
  const { socket, connection, clock } = start(session);
  connection.close('demerits');
  socket.destroy();
  await turn();
  assert.equal(clock.pending(), 0);
});

test('after a candidate the turn ends, so that its bytes leave, and the other lines come in order', async () => {
  const { session, handled } = createFakeSession((name) => name === 'block');
  const { feed, socket } = start(session);
  feed('a', 'block', 'b', 'block', 'c');
  assert.deepEqual(handled, ['a', 'block']);
  assert.equal(socket.isPaused(), true);
  await turn();
  assert.deepEqual(handled, ['a', 'block', 'b', 'block']);
  await turn();
  assert.deepEqual(handled, ['a', 'block', 'b', 'block', 'c']);
  assert.equal(socket.isPaused(), false);
});

test('a flood gives way to others every hundred lines', async () => {
  const { session, handled } = createFakeSession();
  const { feed } = start(session);
  feed(...Array.from({ length: 250 }, (_, i) => `m${i}`));
  assert.equal(handled.length, 100);
  await turn();
  assert.equal(handled.length, 200);
  await turn();
  assert.deepEqual(
    handled,
    Array.from({ length: 250 }, (_, i) => `m${i}`),
  );
});

test('a fault in handling a line is reported, and goes no further', () => {
  const { session, handled } = createFakeSession();
  const { feed, faults } = start(session);
  feed('a', 'fault', 'b');
  assert.equal(faults.length, 1);
  assert.deepEqual(handled, ['a', 'b']);
});

test('what follows a login that somebody else is asked about waits for the answer, in order', async () => {
  const answer = Promise.withResolvers<void>();
  const { session, handled } = createFakeSession(undefined, (name) =>
    name === 'login' ? answer.promise : undefined,
  );
  const { socket, feed } = start(session);
  feed('before', 'login', 'after');
  feed('later');
  assert.equal(socket.isPaused(), true);
  await turn();
  assert.deepEqual(handled, ['before', 'login']);
  answer.resolve();
  await turn();
  assert.deepEqual(handled, ['before', 'login', 'after', 'later']);
  assert.equal(socket.isPaused(), false);
});

test('who sends more lines than allowed, empty ones too, is read later, and answered all', async () => {
  const { session, handled } = createFakeSession();
  const { socket, feed, clock } = start(session);
  const { linesPerSMax } = DEFAULT_LIMITS;
  socket.emit('data', Buffer.from('\n'.repeat(2 * linesPerSMax - 1)));
  feed('a');
  assert.equal(socket.isPaused(), false);
  feed('b');
  for (let i = 0; i < linesPerSMax - 1; i++) socket.emit('data', Buffer.from('\n'));
  assert.deepEqual(handled, ['a', 'b']);
  assert.equal(socket.isPaused(), true);
  await clock.advance(1);
  assert.equal(socket.isPaused(), true);
  await clock.advance(1_000);
  assert.equal(socket.isPaused(), false);
  assert.equal(socket.destroyed, false);
});

test('a chunk of nothing but line ends is rested on for ten seconds at the most, and nothing is left of a closed one', async () => {
  const { session } = createFakeSession();
  const { socket, clock } = start(session);
  socket.emit('data', Buffer.from('\n'.repeat(65_536)));
  await clock.advance(9_999);
  assert.equal(socket.isPaused(), true);
  await clock.advance(1);
  assert.equal(socket.isPaused(), false);
  socket.emit('data', Buffer.from('\n'.repeat(65_536)));
  assert.equal(clock.pending(), 1);
  socket.emit('close');
  assert.equal(clock.pending(), 0);
});

test('a rest does not end with the turn of a line that had to wait', async () => {
  const { session, handled } = createFakeSession((name) => name === 'block');
  const { socket, feed, clock } = start(session);
  socket.emit('data', Buffer.from('\n'.repeat(2_000)));
  feed('block', 'a');
  await turn();
  assert.deepEqual(handled, ['block', 'a']);
  assert.equal(socket.isPaused(), true);
  await clock.advance(10_000);
  assert.equal(socket.isPaused(), false);
});

test('nor does the wait for an answer end with a rest', async () => {
  const answer = Promise.withResolvers<void>();
  const { session } = createFakeSession(undefined, () => answer.promise);
  const { socket, feed, clock } = start(session);
  socket.emit('data', Buffer.from('\n'.repeat(2_000)));
  feed('login');
  await clock.advance(10_000);
  assert.equal(socket.isPaused(), true);
  answer.resolve();
  await turn();
  assert.equal(socket.isPaused(), false);
});

test('what a miner sent before it went is handled, up to a turn’s worth: a found block may be among it', async () => {
  const { session, handled } = createFakeSession((name) => name === 'block');
  const { socket, feed } = start(session);
  feed('block', 'block', ...Array.from({ length: 200 }, (_, i) => `m${i}`));
  assert.deepEqual(handled, ['block']);
  socket.destroy();
  await turn();
  assert.deepEqual(handled.slice(0, 3), ['block', 'block', 'm0']);
  assert.equal(handled.length, 101);
});

test('but not what it sent behind a login without an answer', async () => {
  const answer = Promise.withResolvers<void>();
  const asks = (name: string) => (name === 'login' ? answer.promise : undefined);
  const { session, handled } = createFakeSession(undefined, asks);
  const { socket, feed } = start(session);
  feed('login', 'after');
  socket.destroy();
  await turn();
  assert.deepEqual(handled, ['login']);
});

test('what somebody sent whom we closed is not', async () => {
  const { session, handled } = createFakeSession((name) => name === 'block');
  const { socket, connection, feed } = start(session);
  feed('block', 'after');
  connection.close('demerits');
  socket.destroy();
  await turn();
  assert.deepEqual(handled, ['block']);
});
