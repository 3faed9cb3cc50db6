import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, hexToBytes } from './bytes.ts';
import { encodeFrame, type Frame, type FrameFault, FrameSplitter } from './p2p-frame.ts';

const MAGIC = hexToBytes('43524f57');
const PAYLOAD_BYTES_MAX = 1_000;

function splitAll(chunks: readonly Uint8Array[]): { frames: Frame[]; fault: FrameFault | undefined } {
  const splitter = new FrameSplitter({ magic: MAGIC, payloadBytesMax: PAYLOAD_BYTES_MAX });
  const frames: Frame[] = [];
  let fault: FrameFault | undefined;
  for (const chunk of chunks) {
    const split = splitter.push(chunk);
    // Whoever reads into one piece of memory again and again must not change what came out before.
    frames.push(...split.frames);
    chunk.fill(0xee);
    fault = split.fault;
  }
  return { frames, fault };
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let start = 0;
  for (const size of [...sizes, bytes.length]) {
    chunks.push(bytes.slice(start, start + size));
    start += size;
  }
  return chunks;
}

const frame = fc.record({
  command: fc.constantFrom('inv', 'ping', 'verack', 'sendheaders', 'cmpctblock', 'twelve-chars'),
  payload: fc.uint8Array({ maxLength: PAYLOAD_BYTES_MAX }),
});

test('frames come out the same whatever chunks they came in', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 700 })),
      (frames, cuts) => {
        const bytes = concatBytes(...frames.map((f) => encodeFrame(MAGIC, f.command, f.payload)));
        assert.deepEqual(splitAll(cut(bytes, cuts)), { frames: structuredClone(frames), fault: undefined });
      },
    ),
  );
});

test('byte by byte, too', () => {
  const frames = [
    { command: 'ping', payload: new Uint8Array(8) },
    { command: 'inv', payload: new Uint8Array(PAYLOAD_BYTES_MAX).fill(7) },
    { command: 'verack', payload: new Uint8Array(0) },
  ];
  const bytes = concatBytes(...frames.map((f) => encodeFrame(MAGIC, f.command, f.payload)));
  const chunks = cut(
    bytes,
    Array.from(bytes, () => 1),
  );
  assert.deepEqual(splitAll(chunks), { frames, fault: undefined });
});

test('any bytes whatever end in a fault or in waiting, and after a fault nothing comes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (chunks) => {
      const start = encodeFrame(MAGIC, 'ping', new Uint8Array(8));
      const { frames, fault } = splitAll([start, ...chunks.map((chunk) => chunk.slice())]);
      assert.equal(frames.length, 1);
      const bytes = concatBytes(...chunks);
      // No random bytes hold a frame with its checksum right; at most the beginning of a magic is waited for.
      if (fault === undefined) assert.deepEqual(bytes, MAGIC.slice(0, bytes.length));
    }),
  );
});

const good = encodeFrame(MAGIC, 'ping', new Uint8Array(8));
const FAULTS: readonly [string, FrameFault, (bytes: Uint8Array) => void][] = [
  ['of another network', 'wrong-magic', (bytes) => bytes.set(hexToBytes('52564e54'), 0)],
  ['whose command has no character', 'no-command', (bytes) => bytes.fill(0, 4, 16)],
  ['whose command goes on after a zero', 'no-command', (bytes) => bytes.fill(0x41, 10, 11)],
  ['whose command cannot be printed', 'no-command', (bytes) => bytes.fill(0x0a, 5, 6)],
  ['whose payload is longer than allowed', 'too-long', (bytes) => bytes.set([0xe9, 3], 16)],
  ['that promises four gigabytes', 'too-long', (bytes) => bytes.fill(0xff, 16, 20)],
  ['whose payload was changed on its way', 'wrong-checksum', (bytes) => bytes.fill(1, 31)],
];
for (const [name, fault, spoil] of FAULTS) {
  test(`a frame ${name} ends the connection, and those before it count`, () => {
    const bad = good.slice();
    spoil(bad);
    const { frames, fault: found } = splitAll([concatBytes(good, bad, good)]);
    assert.deepEqual([frames.length, found], [1, fault]);
  });
}

test('a server of another kind is known by its first byte', () => {
  assert.equal(splitAll([new TextEncoder().encode('H')]).fault, 'wrong-magic');
});

test('a header that promises much costs nothing until it comes', () => {
  const header = encodeFrame(MAGIC, 'block', new Uint8Array(7_999_999)).slice(0, 24);
  const splitters = Array.from({ length: 200 }, () => {
    const splitter = new FrameSplitter({ magic: MAGIC, payloadBytesMax: 8_000_000 });
    splitter.push(header);
    return splitter;
  });
  // 1.6 GB, if they were believed; ArrayBuffers are outside the heap.
  assert(process.memoryUsage().arrayBuffers < 400_000_000, 'memory was set aside');
  assert.equal(splitters[0]?.push(new Uint8Array(1)).fault, undefined);
});
