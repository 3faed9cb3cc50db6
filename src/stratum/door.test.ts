import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { BanList } from './bans.ts';
import { Doorkeeper } from './door.ts';
import { DEFAULT_LIMITS, type StratumLimits } from './limits.ts';

function create(limits: Partial<StratumLimits> = {}) {
  const clock = createVirtualClock();
  const bans = new BanList({}, { clock });
  const isExempt = (address: string): boolean => address === '10.0.0.1';
  const door = new Doorkeeper({ limits: { ...DEFAULT_LIMITS, ...limits }, isExempt }, { clock, bans });
  const enterTimes = (address: string, times: number): (string | undefined)[] =>
    Array.from({ length: times }, () => door.enter(address));
  return { clock, bans, door, enterTimes };
}

const INSIDE = undefined;

test('in all, so many and no more; who leaves makes room', () => {
  const { door } = create({ connectionsMax: 2 });
  assert.equal(door.enter('192.0.2.1'), INSIDE);
  assert.equal(door.enter('198.51.100.1'), INSIDE);
  assert.equal(door.enter('203.0.113.1'), 'full');
  door.leave('192.0.2.1');
  assert.equal(door.enter('203.0.113.1'), INSIDE);
  assert.equal(door.inside, 2);
});

test('of one address, so many; its neighbour is another', () => {
  const { door, enterTimes } = create({ connectionsPerAddressMax: 2 });
  assert.deepEqual(enterTimes('192.0.2.1', 3), [INSIDE, INSIDE, 'address-full']);
  assert.equal(door.enter('192.0.2.2'), INSIDE);
  door.leave('192.0.2.1');
  assert.deepEqual(enterTimes('192.0.2.1', 2), [INSIDE, 'address-full']);
});

test('of one IPv4 /24 or IPv6 /64, so many', () => {
  const { door } = create({ connectionsPerSubnetMax: 2 });
  for (const [first, second, third, other] of [
    ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.3.1'],
    ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:ffff::3', '2001:db8:0:1::1'],
  ] as const) {
    assert.equal(door.enter(first), INSIDE);
    assert.equal(door.enter(second), INSIDE);
    assert.equal(door.enter(third), 'subnet-full');
    assert.equal(door.enter(other), INSIDE);
    door.leave(first);
    assert.equal(door.enter(third), INSIDE);
  }
});

test('a farm may come at once, a storm only at its pace, however many IPv6 addresses it has', async () => {
  const { clock, door } = create({ connectionsPerAddressMax: 100, connectsPerSMax: 10 });
  const storm = (address: (i: number) => string): number => {
    let entered = 0;
    for (let i = 0; i < 1_000; i++) {
      if (door.enter(address(i)) !== INSIDE) continue;
      entered += 1;
      door.leave(address(i));
    }
    return entered;
  };
  assert.equal(
    storm(() => '192.0.2.1'),
    100,
  );
  assert.equal(
    storm((i) => `2001:db8::${i.toString(16)}`),
    100,
  );
  await clock.advance(1_000);
  assert.equal(
    storm(() => '192.0.2.1'),
    10,
  );
  assert.equal(
    storm((i) => `2001:db8::${i.toString(16)}`),
    10,
  );
  assert.equal(door.enter('192.0.2.2'), INSIDE);
  assert.equal(door.refused['too-hasty'], 900 + 900 + 990 + 990);
  await clock.advance(60_000);
  assert.equal(
    storm(() => '192.0.2.1'),
    100,
  );
});

test('many addresses of one subnet come at four times the pace of one, and hold no other subnet up', async () => {
  const { clock, door } = create({
    connectionsPerAddressMax: 10,
    connectionsPerSubnetMax: 100,
    connectsPerSMax: 5,
  });
  const storm = (subnet: string): number => {
    let entered = 0;
    for (let i = 0; i < 2_000; i++) {
      const address = `${subnet}.${i % 200}`;
      if (door.enter(address) !== INSIDE) continue;
      entered += 1;
      door.leave(address);
    }
    return entered;
  };
  assert.equal(storm('192.0.2'), 100);
  assert.equal(storm('198.51.100'), 100);
  await clock.advance(1_000);
  assert.equal(storm('192.0.2'), 20);
});

test('who storms alone leaves its neighbours their turn', () => {
  const { enterTimes } = create({
    connectionsPerAddressMax: 10,
    connectionsPerSubnetMax: 20,
    connectsPerSMax: 1,
  });
  enterTimes('192.0.2.1', 1_000);
  assert.equal(enterTimes('192.0.2.2', 10).filter((refusal) => refusal === INSIDE).length, 10);
});

test('who is banned stays out until the ban ends, with the whole IPv6 network', async () => {
  const { clock, bans, door } = create();
  bans.add('192.0.2.1', 'garbage', 60_000);
  bans.add('2001:db8::/64', 'wrong-mix', 60_000);
  assert.equal(door.enter('192.0.2.1'), 'banned');
  assert.equal(door.enter('2001:db8::77'), 'banned');
  assert.equal(door.enter('192.0.2.2'), INSIDE);
  await clock.advance(60_000);
  assert.equal(door.enter('192.0.2.1'), INSIDE);
  assert.deepEqual(
    { ...door.refused },
    { banned: 2, full: 0, 'address-full': 0, 'subnet-full': 0, 'too-hasty': 0 },
  );
});

test('a proxy’s own address is neither counted nor shut out, but in all there is no more room for it either', () => {
  const { bans, enterTimes } = create({ connectionsPerAddressMax: 1, connectsPerSMax: 1, connectionsMax: 5 });
  bans.add('10.0.0.1', 'garbage', 60_000);
  assert.deepEqual(enterTimes('10.0.0.1', 6), [...Array(5).fill(INSIDE), 'full']);
});

test('a million addresses, each here once, are forgotten and let nobody in who stormed a moment ago', () => {
  const { door } = create({
    connectionsPerAddressMax: 1,
    connectsPerSMax: 1,
    connectionsPerSubnetMax: 20_000,
  });
  for (let i = 0; i < 100_000; i++) {
    const address = `10.${(i >> 16) + 1}.${(i >> 8) & 255}.${i & 255}`;
    assert.equal(door.enter(address), INSIDE);
    door.leave(address);
  }
  assert.equal(door.enter('10.2.134.159'), 'too-hasty');
  assert.equal(door.inside, 0);
});
