import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LINE_BYTES_MAX, LineSplitter } from './lines.ts';

function splitAll(chunks: readonly Uint8Array[]): { lines: string[]; overflow: boolean } {
  const splitter = new LineSplitter();
  const results = chunks.map((chunk) => splitter.push(chunk));
  return { lines: results.flatMap((r) => r.lines), overflow: results.some((r) => r.overflow) };
}

test('lines come out the same whatever chunks they came in', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll(/[\r\n]/g, ' '));
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 30 })),
      (lines, cuts) => {
        const bytes = new TextEncoder().encode(lines.map((l) => `${l}\n`).join(''));
        const chunks: Uint8Array[] = [];
        let start = 0;
        for (const cut of [...cuts, bytes.length]) {
          chunks.push(bytes.subarray(start, start + cut));
          start += cut;
        }
        const expected = lines.map((l) => l.trim()).filter((l) => l.length > 0);
        assert.deepEqual(splitAll(chunks), { lines: expected, overflow: false });
      },
    ),
  );
});

test('\\r\\n and empty lines are no matter', () => {
  assert.deepEqual(splitAll([new TextEncoder().encode('\r\n{"a":1}\r\n\n{"b":2}\n{"c"')]).lines, [
    '{"a":1}',
    '{"b":2}',
  ]);
});

test('the longest line is taken, one byte more is not, in one chunk or byte by byte', () => {
  const longest = new TextEncoder().encode(`${'x'.repeat(LINE_BYTES_MAX)}\n`);
  assert.equal(splitAll([longest]).lines[0]?.length, LINE_BYTES_MAX);
  const tooLong = new TextEncoder().encode('x'.repeat(LINE_BYTES_MAX + 1));
  assert.deepEqual(splitAll([tooLong]), { lines: [], overflow: true });
  assert.equal(splitAll([...tooLong].map((byte) => Uint8Array.of(byte))).overflow, true);
});

test('after a line that is too long nothing comes any more, but what came before does', () => {
  const bytes = new TextEncoder().encode(`{"ok":1}\n${'x'.repeat(LINE_BYTES_MAX + 1)}\n{"late":1}\n`);
  assert.deepEqual(splitAll([bytes, bytes]), { lines: ['{"ok":1}'], overflow: true });
});

test('a chunk’s memory may be used again', () => {
  const splitter = new LineSplitter();
  const chunk = new TextEncoder().encode('{"id"');
  splitter.push(chunk);
  chunk.fill(0x78);
  assert.deepEqual(splitter.push(new TextEncoder().encode(':1}\n')).lines, ['{"id":1}']);
});

test('what is kept of half a line holds nothing of the chunk it came in', () => {
  const splitter = new LineSplitter();
  // Sockets bring Buffers.
  const chunk = Buffer.from(`{"a":1}\n{"b":`);
  assert.deepEqual(splitter.push(chunk).lines, ['{"a":1}']);
  chunk.fill(0x78);
  assert.deepEqual(splitter.push(Buffer.from('2}\n')).lines, ['{"b":2}']);
});
