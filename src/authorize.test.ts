import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAYOUT } from '../test/support/mining.ts';
import { createKeptLog } from '../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../test/support/virtual-clock.ts';
import { type Authorize, LoginQuestions } from './authorize.ts';

const LOGIN = { ok: true, workerName: 'rig', payout: PAYOUT } as const;
const REQUEST = { instance: 'a', workerName: 'rig', userName: 'rig', password: 'x' };
const QUESTION = { ...REQUEST, remoteAddress: '192.0.2.1', port: 3333 };

function asker(authorize: unknown) {
  const [clock, log] = [createVirtualClock(), createKeptLog()];
  const questions = new LoginQuestions(authorize as Authorize, { clock, log });
  return { clock, log, ask: () => questions.ask(LOGIN, QUESTION) };
}

const GARBAGE: readonly unknown[] = [
  ...[undefined, null, 0, 1, Number.NaN, {}, [], () => true, Symbol('true'), { workerName: 7 }, new Date()],
  {
    get workerName() {
      throw new Error('a trap');
    },
  },
];

test('what is no answer refuses, at once and with a line that says so', async () => {
  for (const garbage of GARBAGE) {
    const { ask, log } = asker(() => garbage);
    const login = await ask();
    const text = 'your login could not be checked; try again later';
    assert.deepEqual(login, { ok: false, text, isOurFault: true });
    assert.match(
      log.lines.map(({ message }) => message).join(),
      /^authorize answered with something else than true/,
    );
  }
});

test('a page of an error is cut to a sentence, and a name to what a name may be', async () => {
  const page = await asker(() => 'x'.repeat(1e6)).ask();
  assert.ok(!page.ok && page.text.length === 200);
  const empty = await asker(() => '').ask();
  assert.ok(!empty.ok && empty.text === 'this login may not mine here');
  const renamed = await asker(async () => ({ workerName: `a b\n${'c'.repeat(1e6)}` })).ask();
  assert.ok(renamed.ok && /^a_b_c+$/.test(renamed.workerName) && renamed.workerName.length < 200);
});

test('what throws or rejects refuses; what never settles does in time, and is not waited for without end', async () => {
  for (const broken of [
    () => {
      throw new Error('no');
    },
    () => Promise.reject(new Error('no')),
  ]) {
    assert.equal((await asker(broken).ask()).ok, false);
  }
  const { ask, clock, log } = asker(() => new Promise(() => {}));
  const all = Array.from({ length: 1_000 }, () => ask());
  await clock.advance(1_500);
  for (const login of await Promise.all(all)) assert.equal(login.ok, false);
  assert.match(log.lines.map(({ message }) => message).join(), /gave no answer in time/);
  await clock.advance(10_000);
  const tooMany = await ask();
  assert.ok(!tooMany.ok && /too many log in at once/.test(tooMany.text));
  assert.match(log.lines.at(-1)?.message ?? '', /^authorize owes 1000 answers, and is asked no more/);
});
