import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAddress, encodeAddress } from '../chain/address.ts';
import { findNetwork } from '../chain/coins.ts';
import { LoginDesk } from './login.ts';

const network = findNetwork('ravencoin', 'regtest');
assert(network);
const ADDRESS = 'mufpGCucKyxh1ahcaCAqp6URzhdTnoJaas';
const OTHER = '2N9tQdniA7UxgJxrZY15CwDANWUHA1nHcnR';

test('with a fixed payout any name is a label, and all are paid as one', () => {
  const desk = new LoginDesk({ network, mainScript: Uint8Array.of(1), recipients: [] });
  const names = { 'addr.rig1': 'rig1', rig2: 'rig2', 'a.b.c': 'b.c', '': 'unnamed', 'x.': 'x', '.y': 'y' };
  const payouts = Object.entries(names).map(([userName, expected]) => {
    const login = desk.login(userName, 'x');
    assert(login.ok);
    assert.equal(login.workerName, expected);
    return login.payout;
  });
  assert.equal(new Set(payouts).size, 1);
});

test('without one, each address is paid by one payout, whoever logs in with it', () => {
  const desk = new LoginDesk({ network, mainScript: undefined, recipients: [] });
  const [first, again, other] = [`${ADDRESS}.rig1`, ADDRESS, `${OTHER}.rig1`].map((name) =>
    desk.login(name, 'x'),
  );
  assert(first?.ok && again?.ok && other?.ok);
  assert.equal(first.payout, again.payout);
  assert.notEqual(first.payout, other.payout);
  assert.equal(first.workerName, `${ADDRESS}.rig1`);
});

test('without one, what is no address of the network is refused with the reason', () => {
  const desk = new LoginDesk({ network, mainScript: undefined, recipients: [] });
  const refused: [string, RegExp][] = [
    ['', /log in with your ravencoin address/],
    ['.rig1', /log in with your ravencoin address/],
    ['rig1', /must be a ravencoin regtest address to be paid: /],
    [`${ADDRESS.slice(0, -1)}t.rig1`, /checksum is wrong/],
    ['RVNAddr0OIl', /characters that no address has/],
  ];
  for (const [userName, reason] of refused) {
    const login = desk.login(userName, 'x');
    assert(!login.ok, userName);
    assert.match(login.text, reason);
  }
});

test('names that are shown hold nothing that a terminal or page would obey', () => {
  const desk = new LoginDesk({ network, mainScript: Uint8Array.of(1), recipients: [] });
  const login = desk.login(`x.\u001b[31m<script>é\n${'y'.repeat(100)}`, 'x');
  assert(login.ok);
  assert.match(login.workerName, /^[\w.-]{64}$/);
});

test('a password asks for a difficulty', () => {
  const desk = new LoginDesk({ network, mainScript: Uint8Array.of(1), recipients: [] });
  for (const [password, difficulty] of [
    ['x', undefined],
    ['c=RVN,d=0.5', 0.5],
  ] as const) {
    const login = desk.login('rig1', password);
    assert(login.ok);
    assert.equal(login.difficulty, difficulty);
  }
});

test('where a password is set, nobody mines without it', () => {
  const desk = new LoginDesk({ network, mainScript: Uint8Array.of(1), recipients: [], password: 'hush' });
  assert.equal(desk.login('rig1', 'hush').ok, true);
  assert.equal(desk.login('rig1', 'hush,d=2').ok, true);
  assert.deepEqual(desk.login('rig1', 'x'), { ok: false, text: 'wrong password' });
  assert.deepEqual(desk.login('rig1', ''), { ok: false, text: 'wrong password' });
});

test('where a list is set, only its names and addresses mine', () => {
  const fixed = new LoginDesk({
    network,
    mainScript: Uint8Array.of(1),
    recipients: [],
    allow: ['home', 'farm.rig1'],
  });
  const each = new LoginDesk({ network, mainScript: undefined, recipients: [], allow: [ADDRESS] });
  for (const name of ['home', 'home.rig7', 'farm.rig1']) assert.equal(fixed.login(name, 'x').ok, true, name);
  for (const name of [
    'farm',
    'farm.rig2',
    'farm.rig1.x',
    'Home',
    'homely',
    'x.home',
    '.home',
    '',
    'constructor',
  ])
    assert.deepEqual(fixed.login(name, 'x'), {
      ok: false,
      text: 'this name is not on the list of who may mine here',
    });
  assert.equal(each.login(`${ADDRESS}.rig`, 'x').ok, true);
  assert.equal(each.login(OTHER, 'x').ok, false);
  const nobody = new LoginDesk({ network, mainScript: undefined, recipients: [], allow: [] });
  assert.equal(nobody.login(ADDRESS, 'x').ok, false);
});

test('a login that looks like an address that is not paid is noticed where one address is paid', () => {
  const decoded = decodeAddress(ADDRESS, network);
  assert(decoded.ok);
  const desk = new LoginDesk({ network, mainScript: decoded.script, recipients: [] });
  assert.equal(desk.unpaidAddress(`${OTHER}.rig1`), OTHER);
  const ofMain = 'RVNKPSSxxxxxxxxxxxxxxxxxxxxxxxxxxx';
  const mainnet = encodeAddress(60, new Uint8Array(20));
  assert.equal(desk.unpaidAddress(mainnet), mainnet);
  for (const name of [ADDRESS, `${ADDRESS}.rig1`, 'rig1', '', ofMain])
    assert.equal(desk.unpaidAddress(name), undefined, name);
  const other = decodeAddress(OTHER, network);
  assert(other.ok);
  const recipients = [{ script: other.script, partsPerMillion: 20_000 }];
  const shared = new LoginDesk({ network, mainScript: decoded.script, recipients });
  assert.equal(shared.unpaidAddress(OTHER), undefined, 'it is paid its part');
  const each = new LoginDesk({ network, mainScript: undefined, recipients: [] });
  assert.equal(each.unpaidAddress(OTHER), undefined);
});
