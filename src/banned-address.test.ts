import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBanned } from './banned-address.ts';

const BANNED = ['192.0.2.1', '2001:db8:0:7::/64', '198.51.100.0/24'];

test('a ban is found by what somebody types for it', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['192.0.2.1', '192.0.2.1'],
    [' 192.0.2.1 ', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.11', undefined],
    ['2001:db8:0:7::/64', '2001:db8:0:7::/64'],
    ['2001:DB8:0:7::1', '2001:db8:0:7::/64'],
    ['2001:0db8:0000:0007:ffff::', '2001:db8:0:7::/64'],
    ['2001:db8:0:8::1', undefined],
    ['2001:db8::/32', undefined],
    ['198.51.100.77', '198.51.100.0/24'],
    ['rig1', undefined],
    ['', undefined],
  ];
  for (const [typed, found] of cases) assert.equal(findBanned(typed, BANNED), found, typed);
});
