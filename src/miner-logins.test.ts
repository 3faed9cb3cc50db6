import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '../test/support/virtual-clock.ts';
import type { Authorize } from './authorize.ts';
import { decodeAddress } from './chain/address.ts';
import { findNetwork } from './chain/coins.ts';
import { MinerLogins } from './miner-logins.ts';
import type { LoginRules } from './mining/login.ts';

const network = findNetwork('ravencoin', 'regtest');
assert(network);
const OWN = 'mufpGCucKyxh1ahcaCAqp6URzhdTnoJaas';
const OTHER = '2N9tQdniA7UxgJxrZY15CwDANWUHA1nHcnR';

function createLogins(rules: LoginRules = {}, authorize?: Authorize) {
  assert(network);
  const decoded = decodeAddress(OWN, network);
  assert(decoded.ok);
  const lines: string[] = [];
  const note = (_fields: object, message: string) => lines.push(message);
  const clock = createVirtualClock();
  const log = { debug: note, info: note, warn: note, error: note };
  const policy = { network, mainScript: decoded.script, recipients: [], ...rules };
  return { clock, lines, logins: new MinerLogins(policy, { clock, log, authorize }), policy };
}

test('an address that is not paid is told to the owner once', () => {
  const { logins, lines } = createLogins();
  logins.login('rig1', 'x');
  logins.login(`${OWN}.rig2`, 'x');
  assert.deepEqual(lines, []);
  logins.login(`${OTHER}.rig3`, 'x');
  logins.login(`${OTHER}.rig4`, 'x');
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', new RegExp(`a miner logged in as ${OTHER}, .* is not paid`));
});

test('refused logins are told once in ten seconds, with how many there were', async () => {
  const { logins, lines, clock } = createLogins({ password: 'hush' });
  for (let i = 0; i < 5; i++) logins.login('rig', `guess ${i}`);
  assert.deepEqual(lines, ['a login was refused: wrong password']);
  await clock.advance(10_000);
  logins.login('rig', 'guess');
  assert.deepEqual(lines.slice(1), ['5 logins were refused: wrong password']);
});

test('whoever logs in while the payout is changed is paid by the new rules', async () => {
  const answered = Promise.withResolvers<boolean>();
  const { logins, policy } = createLogins({}, () => answered.promise);
  const login = logins.login('rig', 'x');
  assert(network);
  const other = decodeAddress(OTHER, network);
  assert(other.ok);
  logins.usePolicy({ ...policy, mainScript: other.script });
  answered.resolve(true);
  const paid = await login;
  assert.ok(paid.ok);
  assert.equal(paid.payout, logins.fixedPayout);
  assert.deepEqual(paid.payout.mainScript, other.script);
});

test('an owner’s function that fails refuses, holds it against nobody, and is told once in ten seconds', async () => {
  const { logins, lines, clock } = createLogins({}, () => Promise.reject(new Error('the database is away')));
  const answers = await Promise.all([1, 2, 3].map((i) => logins.login(`rig${i}`, 'x')));
  for (const answer of answers) {
    assert.ok(!answer.ok);
    assert.equal(answer.isOurFault, true);
  }
  assert.equal(lines.filter((line) => line.startsWith('authorize failed')).length, 1);
  await clock.advance(10_000);
  await logins.login('rig', 'x');
  assert.ok(lines.includes('authorize failed: 3 logins were refused since the last line'));
});

test('an owner’s function that is late, or is asked by too many, holds it against nobody', async () => {
  const { logins, clock } = createLogins({}, () => new Promise(() => {}));
  const late = Array.from({ length: 1_000 }, () => logins.login('rig', 'x'));
  const oneTooMany = await logins.login('rig', 'x');
  await clock.advance(1_500);
  for (const answer of [...(await Promise.all(late)), oneTooMany]) {
    assert.ok(!answer.ok);
    assert.equal(answer.isOurFault, true);
  }
});

test('what an owner’s function refuses is held against the miner', async () => {
  const { logins } = createLogins({}, () => 'not you');
  assert.deepEqual(await logins.login('rig', 'x'), { ok: false, text: 'not you' });
});

test('other rules for logins leave who is paid as it is, so that a miner may log in again', async () => {
  const { logins, policy } = createLogins();
  const before = await logins.login('rig', 'x');
  logins.usePolicy({ ...policy, password: 'hush' });
  assert.equal((await logins.login('rig', 'x')).ok, false);
  const again = await logins.login('rig', 'hush');
  assert.ok(before.ok && again.ok);
  assert.equal(again.payout, before.payout);
});
