import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PAYOUT } from '../../test/support/mining.ts';
import { createSessionHarness, EASY } from '../../test/support/session-harness.ts';
import type { Login } from '../mining/login.ts';
import { parseRequest } from './messages.ts';
import { NOTIFY_GAP_MS } from './session.ts';

describe('a login that somebody else is asked about', () => {
  const ASK = '{"id":2,"method":"mining.authorize","params":["address.worker","x"]}';

  test('is answered when the answer is there, and the job comes then', async () => {
    const answer = Promise.withResolvers<Login>();
    const harness = createSessionHarness({ login: answer.promise });
    harness.ask('{"id":1,"method":"mining.subscribe","params":[]}');
    const handled = harness.session.handle(parseRequest(ASK));
    assert.ok(handled instanceof Promise);
    assert.equal(harness.reply(2), undefined);
    answer.resolve({ ok: true, workerName: 'rig', payout: PAYOUT });
    await handled;
    assert.equal(harness.reply(2)?.result, true);
    assert.equal(harness.notifies().length, 1);
    assert.equal(harness.session.workerName, 'rig');
  });

  test('is told that it is refused', async () => {
    const harness = createSessionHarness({ login: Promise.resolve({ ok: false, text: 'not here' }) });
    await harness.session.handle(parseRequest(ASK));
    assert.deepEqual(harness.reply(2)?.error, [24, 'not here', null]);
  });

  test('is not held against a miner of which nobody could say whether it may mine', async () => {
    const login: Login = { ok: false, text: 'try again', isOurFault: true };
    const harness = createSessionHarness({ login: Promise.resolve(login) });
    for (let i = 0; i < 20; i++) await harness.session.handle(parseRequest(ASK));
    assert.deepEqual(harness.reply(2)?.error, [24, 'try again', null]);
    assert.deepEqual(harness.closes, []);
    assert.equal(harness.failedLogins(), 0);
  });

  test('is held against a miner that may not', async () => {
    const harness = createSessionHarness({ login: Promise.resolve({ ok: false, text: 'not here' }) });
    await harness.session.handle(parseRequest(ASK));
    assert.equal(harness.failedLogins(), 1);
  });

  test('is forgotten when its miner leaves meanwhile', async () => {
    const answer = Promise.withResolvers<Login>();
    const harness = createSessionHarness({ login: answer.promise });
    const handled = harness.session.handle(parseRequest(ASK));
    harness.session.end();
    answer.resolve({ ok: true, workerName: 'rig', payout: PAYOUT });
    await handled;
    assert.equal(harness.reply(2), undefined);
    assert.equal(harness.session.workerName, undefined);
  });
});

describe('a difficulty that the password asks for', () => {
  const VARDIFF = { ...EASY, minDifficulty: 0.01, maxDifficulty: 100, startDifficulty: 0.05 };

  function loggedIn(difficulty: number) {
    const login: Login = { ok: true, workerName: 'rig', payout: PAYOUT, difficulty };
    const harness = createSessionHarness({ vardiff: VARDIFF, login });
    harness.logIn();
    return harness;
  }

  test('is what the first job has, and it stays', async () => {
    const harness = loggedIn(2);
    assert.equal(harness.session.difficulty, 2);
    // Vardiff would ease a miner that finds nothing.
    await harness.clock.advance(10 * VARDIFF.targetTimeMs);
    harness.session.sweep();
    assert.equal(harness.session.difficulty, 2);
  });

  test('stays within the bounds of the port', () => {
    assert.equal(loggedIn(1e-6).session.difficulty, 0.01);
    assert.equal(loggedIn(1e9).session.difficulty, 100);
  });
});

describe('who is paid', () => {
  const OTHER = { mainScript: Uint8Array.of(0x52), recipients: [] };

  test('is one for a connection: a second login may bring another name only', () => {
    const harness = createSessionHarness({
      login: (userName) => ({
        ok: true,
        workerName: userName,
        payout: userName === 'other.rig' ? OTHER : PAYOUT,
      }),
    });
    harness.logIn();
    harness.ask('{"id":3,"method":"mining.authorize","params":["other.rig","x"]}');
    assert.equal(harness.reply(3)?.error[0], 24);
    assert.equal(harness.session.workerName, 'address.worker');
    harness.ask('{"id":4,"method":"mining.authorize","params":["address.rig2","x"]}');
    assert.equal(harness.reply(4)?.result, true);
    assert.equal(harness.session.workerName, 'address.rig2');
  });

  test('is changed by a job that pays so, and who cannot be paid any more has to go', async () => {
    const harness = createSessionHarness();
    harness.logIn();
    const { headerHash } = harness.lastNotify();
    harness.session.usePayout((userName) => (userName === 'address.worker' ? OTHER : undefined));
    await harness.clock.advance(NOTIFY_GAP_MS);
    assert.equal(harness.notifies().length, 2);
    assert.notEqual(harness.lastNotify().headerHash, headerHash);
    assert.equal(harness.lastNotify().cleanJobs, false);
    harness.session.usePayout(() => undefined);
    assert.deepEqual(harness.closes, ['not-payable']);
  });
});
