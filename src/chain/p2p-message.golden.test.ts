import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listGolden, readGolden } from '../../test/support/golden.ts';
import { finalHash } from '../kawpow/final-hash.ts';
import { KAWPOW } from '../kawpow/params.ts';
import { bytesToHex, hexToBytes, reversed } from './bytes.ts';
import { decodeHeader } from './header.ts';
import { encodeFrame, FrameSplitter, PAYLOAD_BYTES_MAX } from './p2p-frame.ts';
import { decodeMessage, encodePayload, type ReceivedMessage } from './p2p-message.ts';

interface RecordedLine {
  readonly dir?: string;
  readonly command?: string;
  readonly hex?: string;
}

interface Recording {
  readonly magic: string;
  readonly blocks?: readonly string[];
  readonly log: readonly RecordedLine[];
}

const recordings = listGolden('ravend/p2p').map((name) => ({
  name,
  recording: readGolden(`ravend/p2p/${name}`) as Recording,
}));

/** All that ravend sent, read as one stream. */
function messagesOf({ magic, log }: Recording, sender: string): { hex: string; message: ReceivedMessage }[] {
  const splitter = new FrameSplitter({ magic: hexToBytes(magic), payloadBytesMax: PAYLOAD_BYTES_MAX });
  return log
    .filter((line) => line.dir === sender)
    .flatMap(({ hex = '' }) => {
      const { frames, fault } = splitter.push(hexToBytes(hex));
      assert.equal(fault, undefined);
      return frames.flatMap((frame) => {
        const decoded = decodeMessage(frame);
        assert(decoded.ok || decoded.reason === 'unknown', `${frame.command} cannot be read`);
        return decoded.ok ? [{ hex, message: decoded.message }] : [];
      });
    });
}

for (const { name, recording } of recordings) {
  test(`what ravend and its client sent is read, and written again is the same: ${name}`, () => {
    for (const sender of ['ravend->client', 'client->ravend']) {
      const messages = messagesOf(recording, sender);
      const sent = recording.log.filter((line) => line.dir === sender && line.command !== 'feefilter');
      assert.deepEqual(
        messages.map(({ message }) => message.kind),
        sent.map((line) => line.command),
      );
      for (const { hex, message } of messages) {
        // The client's version names addresses, which this program leaves zero as ravend does.
        if (message.kind === 'version' && sender === 'client->ravend') continue;
        // Only read, and only in part.
        if (message.kind === 'cmpctblock') continue;
        const frame = encodeFrame(hexToBytes(recording.magic), message.kind, encodePayload(message));
        assert.equal(bytesToHex(frame), hex);
      }
    }
  });
}

test("each way of announcing gives the block's hash as RPC showed it", () => {
  const hashOf = (header: Uint8Array): string => {
    const { headerHash, nonce, mixHash } = decodeHeader(header);
    return bytesToHex(finalHash(headerHash, nonce, mixHash, KAWPOW));
  };
  const ways = new Set<string>();
  for (const { recording } of recordings) {
    const announced = messagesOf(recording, 'ravend->client').flatMap(({ message }) => {
      if (message.kind === 'inv') return message.items.map((item) => bytesToHex(reversed(item.hashInternal)));
      if (message.kind === 'headers') return message.headers.map(hashOf);
      return message.kind === 'cmpctblock' ? [hashOf(message.header)] : [];
    });
    for (const { message } of messagesOf(recording, 'ravend->client')) ways.add(message.kind);
    for (const block of recording.blocks ?? []) assert(announced.includes(block), block);
  }
  for (const way of ['inv', 'headers', 'cmpctblock']) assert(ways.has(way), way);
});

test('what ravend says of itself is understood', () => {
  const { recording } = recordings.find((r) => r.name.startsWith('handshake')) as { recording: Recording };
  const [version] = messagesOf(recording, 'ravend->client');
  assert(version?.message.kind === 'version');
  assert.equal(version.message.protocol, 70028);
  assert.equal(version.message.userAgent, '/Ravencoin:4.6.1/');
  assert.equal(version.message.startHeight, 483);
  assert.equal(version.message.relay, true);
});
