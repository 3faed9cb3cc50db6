import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compactSize, concatBytes, hexToBytes, lengthPrefixed } from './bytes.ts';
import { decodeMessage, encodePayload, type P2pMessage } from './p2p-message.ts';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const text = (maxLength: number) =>
  fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)), maxLength });

const message: fc.Arbitrary<P2pMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('version' as const),
    protocol: int32,
    services: uint64,
    timeS: uint64,
    nonce: uint64,
    userAgent: text(256),
    startHeight: int32,
    relay: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('verack' as const, 'sendheaders' as const) }),
  fc.record({ kind: fc.constantFrom('ping' as const, 'pong' as const), nonce: uint64 }),
  fc.record({
    kind: fc.constantFrom('inv' as const, 'getdata' as const, 'notfound' as const),
    items: fc.array(fc.record({ type: uint32, hashInternal: hash })),
  }),
  fc.record({
    kind: fc.constant('getheaders' as const),
    protocol: int32,
    locator: fc.array(hash, { maxLength: 101 }),
    stopHash: hash,
  }),
  fc.record({
    kind: fc.constant('headers' as const),
    headers: fc.array(fc.uint8Array({ minLength: 120, maxLength: 120 })),
  }),
  fc.record({ kind: fc.constant('sendcmpct' as const), announces: fc.boolean(), version: uint64 }),
  fc.record({ kind: fc.constant('block' as const), bytes: fc.uint8Array() }),
  fc.record({
    kind: fc.constant('reject' as const),
    rejected: text(12),
    code: fc.integer({ min: 0, max: 255 }),
    reason: text(111),
  }),
);

test('every message is read as it was written', () => {
  fc.assert(
    fc.property(message, (written) => {
      const decoded = decodeMessage({ command: written.kind, payload: encodePayload(written) });
      assert.deepEqual(decoded, { ok: true, message: structuredClone(written) });
    }),
  );
});

test('any bytes under any command are a message, garbage or unknown, and never an exception', () => {
  const command = fc.constantFrom(
    ...['version', 'verack', 'ping', 'inv', 'getdata', 'getheaders', 'headers', 'sendcmpct', 'cmpctblock'],
    ...['block', 'reject', 'constructor', 'feefilter', 'tx'],
  );
  fc.assert(
    fc.property(command, fc.uint8Array({ maxLength: 300 }), (name, payload) => {
      const decoded = decodeMessage({ command: name, payload });
      assert(decoded.ok || ['unknown', 'garbage'].includes(decoded.reason));
    }),
  );
});

test('a message that ends too early is garbage', () => {
  fc.assert(
    fc.property(message, fc.nat(), (written, cut) => {
      const payload = encodePayload(written);
      // Any bytes may be a block, and a version without its last byte is one of old.
      if (payload.length === 0 || written.kind === 'block') return;
      const shorter = payload.subarray(0, cut % (payload.length - (written.kind === 'version' ? 1 : 0)));
      assert.deepEqual(decodeMessage({ command: written.kind, payload: shorter }), {
        ok: false,
        reason: 'garbage',
      });
    }),
  );
});

for (const [command, count] of [
  ['inv', 50_001],
  ['getdata', 0xffffffff],
  ['headers', 2_001],
  ['getheaders', Number.MAX_SAFE_INTEGER],
] as const) {
  test(`a count of ${count} in ${command} is garbage, and takes no memory`, () => {
    const payload = concatBytes(
      command === 'getheaders' ? new Uint8Array(4) : new Uint8Array(0),
      compactSize(count),
      new Uint8Array(400),
    );
    assert.deepEqual(decodeMessage({ command, payload }), { ok: false, reason: 'garbage' });
  });
}

test('a name that would spoil a log line is made printable', () => {
  const start = hexToBytes('00'.repeat(80));
  const name = lengthPrefixed(new TextEncoder().encode('\u001b[31mred\n'));
  const decoded = decodeMessage({ command: 'version', payload: concatBytes(start, name, new Uint8Array(5)) });
  assert(decoded.ok && decoded.message.kind === 'version');
  assert.equal(decoded.message.userAgent, '?[31mred?');
});
