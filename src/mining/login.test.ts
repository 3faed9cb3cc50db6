import assert from 'node:assert/strict';
import { test } from 'node:test';
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
    const login = desk.login(userName);
    assert(login.ok);
    assert.equal(login.workerName, expected);
    return login.payout;
  });
  assert.equal(new Set(payouts).size, 1);
});

test('without one, each address is paid by one payout, whoever logs in with it', () => {
  const desk = new LoginDesk({ network, mainScript: undefined, recipients: [] });
  const [first, again, other] = [`${ADDRESS}.rig1`, ADDRESS, `${OTHER}.rig1`].map((name) => desk.login(name));
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
    const login = desk.login(userName);
    assert(!login.ok, userName);
    assert.match(login.text, reason);
  }
});

test('names that are shown hold nothing that a terminal or page would obey', () => {
  const desk = new LoginDesk({ network, mainScript: Uint8Array.of(1), recipients: [] });
  const login = desk.login(`x.\u001b[31m<script>é\n${'y'.repeat(100)}`);
  assert(login.ok);
  assert.match(login.workerName, /^[\w.-]{64}$/);
});
