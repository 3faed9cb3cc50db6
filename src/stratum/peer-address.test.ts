import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressRanges, banKey, peerAddress, rangeTrouble, subnetKey } from './peer-address.ts';

test('an address has one text, however it comes', () => {
  const texts: [string | undefined, string | undefined][] = [
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::FFFF:7f00:1', '127.0.0.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    [undefined, undefined],
    ['', undefined],
    ['10', undefined],
    ['0x7f.1', undefined],
    ['010.0.0.1', undefined],
    ['1.2.3.256', undefined],
    ['1.2.3.4.5', undefined],
    ['example.com', undefined],
    ['1::2::3', undefined],
  ];
  for (const [text, expected] of texts) assert.equal(peerAddress(text), expected, text);
});

test('a ban is laid on an IPv4 address, or on the /64 of an IPv6 one', () => {
  assert.equal(banKey('192.0.2.7'), '192.0.2.7');
  assert.equal(banKey('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(banKey('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(banKey('2001:db8:1:2::/64'), '2001:db8:1:2::/64');
  assert.equal(banKey('192.0.2.7/64'), undefined);
  assert.equal(banKey('2001:db8::/48'), undefined);
  assert.equal(banKey('rig1'), undefined);
});

test('a neighbourhood is an IPv4 /24, or an IPv6 /64', () => {
  assert.equal(subnetKey('192.0.2.7'), '192.0.2.0/24');
  assert.equal(subnetKey('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
});

test('ranges hold what lies in them, and nothing of the other family', () => {
  const ranges = new AddressRanges(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::ffff:172.16.0.0/108']);
  for (const address of ['10.0.0.0', '10.255.255.255', '192.0.2.7', '2001:db8:9::1', '172.31.0.1']) {
    assert.equal(ranges.has(address), true, address);
  }
  for (const address of ['11.0.0.0', '192.0.2.8', '2001:db9::1', '172.32.0.1', 'nobody', '']) {
    assert.equal(ranges.has(address), false, address);
  }
  assert.equal(new AddressRanges([]).has('10.0.0.1'), false);
});

test('a range that cannot be meant is refused', () => {
  for (const good of ['10.0.0.0/8', '10.1.2.3/8', '::1', 'fd00::/8', '127.0.0.1/32']) {
    assert.equal(rangeTrouble(good), undefined, good);
  }
  for (const bad of [
    '10/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::/129',
    '::ffff:1.2.3.4/95',
    'lan',
    '',
  ]) {
    assert.match(rangeTrouble(bad) ?? '', /^expected an address or a network/, bad);
  }
  for (const all of ['0.0.0.0/0', '::/0', '::ffff:0.0.0.0/96']) {
    assert.match(rangeTrouble(all) ?? '', /whole world/, all);
  }
  assert.equal(new AddressRanges(['0.0.0.0/0']).has('192.0.2.7'), false);
});

test('addresses of one /64 share its ban, and its own text is another spelling of it', () => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
  const half = fc.tuple(group, group, group, group).map((groups) => groups.join(':'));
  fc.assert(
    fc.property(half, half, half, (network, a, b) => {
      // ::ffff:0:0/96 is IPv4.
      fc.pre(!/^0:0:0:0$/.test(network));
      const key = banKey(`${network}:${a}`);
      assert.equal(key, banKey(`${network}:${b}`));
      assert.equal(key, banKey(key ?? ''));
      assert.equal(peerAddress(`${network}:${a}`), peerAddress(peerAddress(`${network}:${a}`)));
    }),
  );
});
