import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BANS_MAX, type Ban } from '../stratum/bans.ts';
import { decodeBans, encodeBans } from './ban-records.ts';

const NOW_MS = Date.parse('2026-01-31T12:00:00Z');
const MINUTE = 60_000;

function ban(address: string, changes: Partial<Ban> = {}): Ban {
  return { address, reason: 'garbage', sinceMs: NOW_MS - MINUTE, untilMs: NOW_MS + MINUTE, ...changes };
}

function textOf(...bans: readonly object[]): string {
  return JSON.stringify({ version: 1, bans });
}

test('what is written is read again, a line for each ban', () => {
  const bans = [
    ban('192.0.2.1'),
    ban('2001:db8::/64', { reason: 'wrong-mix', untilMs: NOW_MS + 2 * MINUTE }),
  ];
  const text = encodeBans(bans);
  assert.equal(text.split('\n').filter((line) => line.includes('address')).length, 2);
  assert.deepEqual(decodeBans(text, NOW_MS), { bans, isDamaged: false });
  assert.deepEqual(decodeBans(encodeBans([]), NOW_MS), { bans: [], isDamaged: false });
});

test('what is over is left out, and the one that ends first is in front', () => {
  const bans = [
    ban('192.0.2.1', { untilMs: NOW_MS + 2 }),
    ban('192.0.2.2', { untilMs: NOW_MS }),
    ban('192.0.2.3', { untilMs: NOW_MS + 1 }),
  ];
  const { bans: read, isDamaged } = decodeBans(encodeBans(bans), NOW_MS);
  assert.deepEqual(
    read.map(({ address }) => address),
    ['192.0.2.3', '192.0.2.1'],
  );
  assert.equal(isDamaged, false);
});

test('of more than there may be, those that last longest stay', () => {
  const bans = Array.from({ length: BANS_MAX + 1 }, (_, i) =>
    ban(`10.0.${i >> 8}.${i & 255}`, { untilMs: NOW_MS + 1 + i }),
  );
  const read = decodeBans(encodeBans(bans), NOW_MS).bans;
  assert.equal(read.length, BANS_MAX);
  assert.equal(read[0]?.address, '10.0.0.1');
});

test('a clock that was set back keeps nobody out longer than he was banned for', () => {
  const later = ban('192.0.2.1', { sinceMs: NOW_MS + 1e12, untilMs: NOW_MS + 1e12 + MINUTE });
  const [read] = decodeBans(encodeBans([later]), NOW_MS).bans;
  assert.deepEqual([read?.sinceMs, read?.untilMs], [NOW_MS, NOW_MS + MINUTE]);
});

test('a ban that its owner wrote for ever lasts', () => {
  const until = '+275760-09-13T00:00:00.000Z';
  const text = textOf({ address: '192.0.2.1', reason: 'garbage', since: '2026-01-01', until });
  const [read] = decodeBans(text, NOW_MS).bans;
  assert.ok(read);
  assert.deepEqual(decodeBans(encodeBans([read]), NOW_MS).bans, [read]);
});

test('garbage harms nobody, and what is whole beside it counts', () => {
  const whole = {
    address: '192.0.2.1',
    reason: 'garbage',
    since: '2026-01-31T11:00Z',
    until: '2026-01-31T13:00Z',
  };
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '7',
    '{"version":2,"bans":[]}',
    '{"version":1,"bans":{}}',
    '\0\0\0',
  ]) {
    assert.deepEqual(decodeBans(text, NOW_MS), { bans: [], isDamaged: true }, JSON.stringify(text));
  }
  const broken: readonly object[] = [
    { ...whole, address: 7 },
    { ...whole, address: '' },
    { ...whole, address: 'a\u001b[2J' },
    { ...whole, address: '1'.repeat(65) },
    { ...whole, reason: 'dislike' },
    { ...whole, since: 'yesterday' },
    { ...whole, until: undefined },
    { ...whole, until: '2026-01-31T10:00Z' },
  ];
  for (const entry of [...broken, null as unknown as object]) {
    const { bans, isDamaged } = decodeBans(textOf(entry, whole), NOW_MS);
    assert.deepEqual([bans.length, isDamaged], [1, true], JSON.stringify(entry));
  }
});
