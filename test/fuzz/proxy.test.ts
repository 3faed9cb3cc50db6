import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';
import { type ProxyHeader, ProxyHeaderReader } from '../../src/stratum/proxy-protocol.ts';
import { SeededRandom } from '../sim/random.ts';

/** Headers, most of them somewhat wrong: two seconds. */
const SEEDS = 8_000;
/** The longest header of version 2 that is taken: nobody may be asked for more beyond it. */
const HEADER_BYTES_MAX = 4_096;
const LINE = '{"id":1,"method":"mining.subscribe"}\n';
const V1 = [
  'PROXY TCP4 192.0.2.7 10.0.0.1 56324 3333\r\n',
  'PROXY TCP6 2001:db8::7 ::1 1 2\r\n',
  'PROXY UNKNOWN\r\n',
];
const V2_START = '0d0a0d0a000d0a515549540a';
const V2 = [
  `${V2_START}2111000cc00002070a000001dc040d05`,
  `${V2_START}21210024${'20010db8'.padEnd(32, '7')}${'1'.padStart(32, '0')}00010002`,
  `${V2_START}20000000`,
];
const ODD_WORDS = [
  'TCP5',
  '256.0.0.1',
  '::ffff:192.0.2.7',
  '01',
  '65536',
  '-1',
  '',
  'fe80::1%eth0',
  '\0',
  '  ',
];

function makeHeader(random: SeededRandom): Uint8Array {
  if (random.chance(0.5)) {
    const words = random.pick(V1).split(' ');
    if (random.chance(0.6)) words[random.int(1, words.length - 1)] = random.pick(ODD_WORDS);
    return Buffer.from(words.join(' ') + LINE, 'latin1');
  }
  const bytes = Buffer.concat([Buffer.from(random.pick(V2), 'hex'), Buffer.from(LINE)]);
  for (let i = random.int(0, 2); i > 0; i--) bytes[random.int(0, bytes.length - 1)] = random.int(0, 255);
  return random.chance(0.2) ? bytes.subarray(random.int(0, 4)) : bytes;
}

/** @param size of a chunk, by what was read before */
function read(bytes: Uint8Array, size: () => number): ProxyHeader {
  const reader = new ProxyHeaderReader();
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + size());
    const answer = reader.push(bytes.subarray(at, end));
    if (answer.kind === 'header' || answer.kind === 'none')
      return { ...answer, rest: new Uint8Array([...answer.rest, ...bytes.subarray(end)]) };
    if (answer.kind === 'malformed') return answer;
    assert(end < HEADER_BYTES_MAX, 'more is asked for than any header has');
    at = end;
  }
  return { kind: 'more' };
}

test('whatever a proxy sends, in whatever pieces, is one header, or none, or wrong', () => {
  const kinds = new Map<string, number>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new SeededRandom(seed, 'proxy');
    const bytes = makeHeader(random);
    const whole = read(bytes, () => bytes.length);
    kinds.set(whole.kind, (kinds.get(whole.kind) ?? 0) + 1);
    assert.deepEqual(
      read(bytes, () => random.int(1, 40)),
      whole,
      `seed ${seed}: cut otherwise, it reads otherwise`,
    );
    if (whole.kind === 'none')
      assert.deepEqual(whole.rest, new Uint8Array(bytes), `seed ${seed}: bytes are lost`);
    if (whole.kind !== 'header') continue;
    const tail = Buffer.from(whole.rest).toString('latin1');
    assert(Buffer.from(bytes).toString('latin1').endsWith(tail), `seed ${seed}: what comes behind is other`);
    const { peer } = whole;
    if (peer === undefined) continue;
    assert(isIPv4(peer.address) || isIPv6(peer.address), `seed ${seed}: ${peer.address}`);
    assert(peer.port >= 0 && peer.port <= 0xffff, `seed ${seed}: port ${peer.port}`);
  }
  for (const kind of ['header', 'none', 'malformed', 'more'])
    assert((kinds.get(kind) ?? 0) > 20, `${kind} came ${kinds.get(kind) ?? 0} times`);
});
