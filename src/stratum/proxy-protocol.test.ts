import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { looksLikeProxyHeader, type ProxyHeader, ProxyHeaderReader } from './proxy-protocol.ts';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const V2 = '0d0a0d0a000d0a515549540a';
const LINE = bytesOf('{"id":1,"method":"mining.subscribe"}\n');

/** @returns the answer to the last chunk that was needed */
function read(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]): ProxyHeader {
  const reader = new ProxyHeaderReader();
  let answer: ProxyHeader = { kind: 'more' };
  let start = 0;
  for (let i = 0; answer.kind === 'more' && start < bytes.length; i++) {
    const size = sizes[i] ?? bytes.length;
    answer = reader.push(bytes.subarray(start, start + size));
    start += size;
  }
  if (answer.kind !== 'header' && answer.kind !== 'none') return answer;
  return { ...answer, rest: Uint8Array.from([...answer.rest, ...bytes.subarray(start)]) };
}

const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

const good: [string, Uint8Array, { address: string; port: number } | undefined][] = [
  ['v1 TCP4', bytesOf('PROXY TCP4 192.0.2.7 10.0.0.1 56324 3333\r\n'), { address: '192.0.2.7', port: 56324 }],
  ['v1 TCP6', bytesOf('PROXY TCP6 2001:DB8::7 fd00::1 1 65535\r\n'), { address: '2001:db8::7', port: 1 }],
  ['v1 mapped', bytesOf('PROXY TCP6 ::ffff:192.0.2.7 ::1 0 3333\r\n'), { address: '192.0.2.7', port: 0 }],
  ['v1 UNKNOWN', bytesOf('PROXY UNKNOWN\r\n'), undefined],
  ['v1 UNKNOWN with more', bytesOf('PROXY UNKNOWN ffff::1 ffff::1 65535 65535\r\n'), undefined],
  [
    'v1 at its longest',
    bytesOf(`PROXY UNKNOWN ${Array(2).fill(Array(8).fill('ffff').join(':')).join(' ')} 65535 65535\r\n`),
    undefined,
  ],
  ['v2 TCP4', hex(`${V2} 21 11 000c c0000207 0a000001 dc04 0d05`), { address: '192.0.2.7', port: 56324 }],
  [
    'v2 TCP6',
    hex(`${V2} 21 21 0024 20010db8000000000000000000000007 fd000000000000000000000000000001 dc04 0d05`),
    { address: '2001:db8::7', port: 56324 },
  ],
  [
    'v2 TCP4 with a TLV, which says who spoke to the proxy',
    hex(`${V2} 21 11 0013 c0000207 0a000001 dc04 0d05 02 0004 74657374`),
    { address: '192.0.2.7', port: 56324 },
  ],
  ['v2 LOCAL', hex(`${V2} 20 00 0000`), undefined],
  ['v2 LOCAL with addresses', hex(`${V2} 20 11 000c c0000207 0a000001 dc04 0d05`), undefined],
  ['v2 unspecified', hex(`${V2} 21 00 0000`), undefined],
  ['v2 from a Unix socket', hex(`${V2} 21 31 00d8 ${'00'.repeat(216)}`), undefined],
];

describe('a header tells where its connection comes from, and the rest is the connection’s own', () => {
  for (const [name, header, peer] of good) {
    test(name, () => {
      const answer = read(join(header, LINE));
      assert.deepEqual(answer, { kind: 'header', peer, rest: LINE });
    });
  }
});

const longV2 = join(hex(`${V2} 20 00 0ff0`), new Uint8Array(4_080));
const bad: [string, Uint8Array][] = [
  ['v1 without an end', bytesOf(`PROXY UNKNOWN ${'x'.repeat(200)}`)],
  ['v1 that ends a byte late', bytesOf(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`)],
  ['v1 with a bare newline', bytesOf('PROXY TCP4 192.0.2.7 10.0.0.1 56324 3333\n')],
  ['v1 of another family', bytesOf('PROXY UDP4 192.0.2.7 10.0.0.1 56324 3333\r\n')],
  ['v1 with nothing in it', bytesOf('PROXY \r\n')],
  ['v1 TCP4 with IPv6', bytesOf('PROXY TCP4 ::1 10.0.0.1 56324 3333\r\n')],
  ['v1 TCP6 with IPv4', bytesOf('PROXY TCP6 192.0.2.7 ::1 56324 3333\r\n')],
  ['v1 with a zone', bytesOf('PROXY TCP6 fe80::1%eth0 ::1 56324 3333\r\n')],
  ['v1 with two spaces', bytesOf('PROXY TCP4  192.0.2.7 10.0.0.1 56324 3333\r\n')],
  ['v1 with too much', bytesOf('PROXY TCP4 192.0.2.7 10.0.0.1 56324 3333 1\r\n')],
  ['v1 without ports', bytesOf('PROXY TCP4 192.0.2.7 10.0.0.1\r\n')],
  ['v1 with a port too high', bytesOf('PROXY TCP4 192.0.2.7 10.0.0.1 65536 3333\r\n')],
  ['v1 with a port of no decimal', bytesOf('PROXY TCP4 192.0.2.7 10.0.0.1 0x10 3333\r\n')],
  ['v2 of version 1', hex(`${V2} 11 11 000c c0000207 0a000001 dc04 0d05`)],
  ['v2 with an unknown command', hex(`${V2} 22 11 000c c0000207 0a000001 dc04 0d05`)],
  ['v2 with an unknown family', hex(`${V2} 21 41 000c c0000207 0a000001 dc04 0d05`)],
  ['v2 too short for its addresses', hex(`${V2} 21 21 000c c0000207 0a000001 dc04 0d05`)],
  ['v2 a byte too short for its addresses', hex(`${V2} 21 11 000b c0000207 0a000001 dc04 0d`)],
  ['v2 with a length beyond all reason', hex(`${V2} 21 11 ffff`)],
];

describe('what only begins like a header is refused with the reason', () => {
  for (const [name, bytes] of bad) {
    test(name, () => {
      const answer = read(bytes);
      assert.equal(answer.kind, 'malformed');
      assert.deepEqual(
        read(
          bytes,
          [...bytes].map(() => 1),
        ),
        answer,
      );
    });
  }
});

test('the longest header of version 2 is taken', () => {
  assert.deepEqual(read(join(longV2, LINE)), { kind: 'header', peer: undefined, rest: LINE });
  const oneMore = join(hex(`${V2} 20 00 0ff1`), new Uint8Array(4_081));
  assert.equal(read(oneMore).kind, 'malformed');
});

test('what is no header is given back as it came, byte by byte, too', () => {
  const starts = ['{"id":1}\n', '\r\n{"id":1}\n', 'PING\n', 'P', 'GET / HTTP/1.1\r\n', '\x16\x03\x01'].map(
    bytesOf,
  );
  for (const bytes of starts.filter(({ length }) => length > 1)) {
    const inBytes = [...bytes].map(() => 1);
    assert.deepEqual(read(bytes), { kind: 'none', rest: bytes });
    assert.deepEqual(read(bytes, inBytes), { kind: 'none', rest: bytes });
  }
});

test('chunks make no difference', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.constantFrom(...good), sizes, ([, header, peer], cuts) => {
      assert.deepEqual(read(join(header, LINE), cuts), { kind: 'header', peer, rest: LINE });
    }),
  );
});

test('any bytes end in an answer, and none keeps more than 4 KiB', () => {
  const start = fc.constantFrom(new Uint8Array(0), bytesOf('PROXY '), hex(V2), hex(`${V2}2111`));
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 200 }), (first, more) => {
      const answer = read(join(first, more, new Uint8Array(4_200)));
      assert.notEqual(answer.kind, 'more');
    }),
  );
});

test('a header is told from what miners send', () => {
  assert.equal(looksLikeProxyHeader(bytesOf('PROXY TCP4 1')), true);
  assert.equal(looksLikeProxyHeader(hex(V2)), true);
  for (const other of ['{"id":1}', '\r\n', '\r\n{"', '\r\n\r\n', 'P', '', 'GET / HTTP']) {
    assert.equal(looksLikeProxyHeader(bytesOf(other)), false, other);
  }
});
