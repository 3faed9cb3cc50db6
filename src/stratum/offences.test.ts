import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { BanList } from './bans.ts';
import { type BanningRules, DEFAULT_BANNING } from './limits.ts';
import { Offences } from './offences.ts';
import type { RejectReason } from './rejections.ts';
import type { ShareResult } from './share-desk.ts';

const BAD = '192.0.2.1';
const share = {} as Extract<ShareResult, { kind: 'accepted' }>['share'];
const ACCEPTED: ShareResult = { kind: 'accepted', verified: true, share };
const rejected = (reason: RejectReason): ShareResult => ({ kind: 'rejected', reason, share: undefined });

function create(rules: Partial<BanningRules> = {}) {
  const clock = createVirtualClock();
  const bans = new BanList({}, { clock });
  const offences = new Offences({ ...DEFAULT_BANNING, ...rules }, { clock, bans });
  const shares = (result: ShareResult, times: number): void => {
    for (let i = 0; i < times; i++) offences.share(BAD, result);
  };
  return { clock, bans, offences, shares };
}

test('ten refused logins within the ban’s time shut an address out for that time', async () => {
  const { clock, bans, offences } = create();
  for (let i = 0; i < 9; i++) assert.equal(offences.failedLogin(BAD), undefined);
  offences.failedLogin('192.0.2.2');
  const ban = offences.failedLogin(BAD);
  assert.deepEqual([ban?.reason, (ban?.untilMs ?? 0) - clock.nowMs()], ['failed-logins', 600_000]);
  assert.equal(bans.isBanned(BAD), true);
  assert.equal(bans.isBanned('192.0.2.2'), false);
});

test('those of long ago do not count, nor those before the last ban', async () => {
  const { clock, offences } = create({ failedLoginsMax: 3 });
  offences.failedLogin(BAD);
  offences.failedLogin(BAD);
  await clock.advance(600_000);
  assert.equal(offences.failedLogin(BAD), undefined);
  assert.equal(offences.failedLogin(BAD), undefined);
  assert.notEqual(offences.failedLogin(BAD), undefined);
  assert.equal(offences.failedLogin(BAD), undefined);
});

test('three connections closed for wrong mix hashes or garbage, for what the last one did', () => {
  const { offences } = create();
  assert.equal(offences.forger(BAD, 'garbage'), undefined);
  assert.equal(offences.forger(BAD, 'garbage'), undefined);
  assert.equal(offences.forger(BAD, 'wrong-mix')?.reason, 'wrong-mix');
});

test('who forges a few times and comes again is shut out, be each connection closed or not', () => {
  const { bans, shares } = create();
  shares(rejected('wrong-mix'), 11);
  assert.equal(bans.isBanned(BAD), false);
  shares(rejected('wrong-mix'), 1);
  assert.deepEqual(
    bans.list().map(({ reason }) => reason),
    ['wrong-mix'],
  );
});

test('a farm with a bad card is not: good shares make up for it, unless nobody looked at them', () => {
  const { bans, shares } = create({ checkThreshold: 1_000_000 });
  for (let i = 0; i < 1_000; i++) {
    shares(ACCEPTED, 99);
    shares(rejected('wrong-mix'), 1);
  }
  assert.equal(bans.isBanned(BAD), false);
  for (let i = 0; i < 12; i++) {
    shares({ kind: 'accepted', verified: false, share }, 99);
    shares(rejected('wrong-mix'), 1);
  }
  assert.equal(bans.isBanned(BAD), true);
});

test('half of 500 shares invalid is too much, less is not', () => {
  for (const [invalid, isBanned] of [
    [250, true],
    [249, false],
  ] as const) {
    const { bans, shares } = create();
    shares(rejected('duplicate'), invalid);
    shares(ACCEPTED, 499 - invalid);
    assert.equal(bans.isBanned(BAD), false);
    shares(ACCEPTED, 1);
    assert.equal(bans.isBanned(BAD), isBanned);
  }
});

test('each 500 shares are judged by themselves', () => {
  const { bans, shares } = create();
  shares(rejected('low-difficulty'), 1);
  shares(ACCEPTED, 499);
  shares(rejected('low-difficulty'), 499);
  assert.equal(bans.isBanned(BAD), false);
  shares(rejected('low-difficulty'), 1);
  assert.equal(bans.isBanned(BAD), true);
});

test('late shares, jobs long gone and missing logins are nobody’s fault', () => {
  const { bans, shares } = create();
  for (const reason of [
    'stale',
    'unknown-job',
    'unauthorized',
    'not-subscribed',
    'too-many-shares',
  ] as const) {
    shares(rejected(reason), 1_000);
  }
  shares(ACCEPTED, 1_000);
  assert.equal(bans.isBanned(BAD), false);
});

test('a share that was taken on trust and was false counts once, as invalid', () => {
  const { bans, shares } = create({ checkThreshold: 4, invalidPercent: 50 });
  shares(rejected('wrong-prefix'), 1);
  shares(ACCEPTED, 2);
  shares({ kind: 'revoked', reason: 'broken-trust', share }, 1);
  assert.equal(bans.isBanned(BAD), false);
  shares(ACCEPTED, 1);
  assert.equal(bans.isBanned(BAD), true);
});

test('where banning is off, nobody is', () => {
  const { bans, offences, shares } = create({ isEnabled: false });
  for (let i = 0; i < 100; i++) {
    offences.failedLogin(BAD);
    offences.forger(BAD, 'wrong-mix');
  }
  shares(rejected('duplicate'), 1_000);
  assert.deepEqual(bans.list(), []);
});
