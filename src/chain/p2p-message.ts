import { ByteReader } from './byte-reader.ts';
import { compactSize, concatBytes, int32Le, lengthPrefixed, uint32Le, uint64Le } from './bytes.ts';
import { HEADER_BYTES } from './header.ts';
import type { Frame } from './p2p-frame.ts';

/** What this program claims to speak: as Ravencoin Core 4.6.1. Below 70026 a node with KawPoW hangs up. */
export const PROTOCOL_VERSION = 70028;
/** Inventory type of a block, and of one with its witnesses. */
export const BLOCK_ITEM = 2;
export const WITNESS_BLOCK_ITEM = 0x40000002;
/** Ravencoin Core's own limits: nobody who keeps to the protocol sends more in one message. */
const ITEMS_MAX = 50_000;
export const HEADERS_MAX = 2_000;
/** A locator names ten blocks and then ever fewer, about 32 for a chain of millions; Bitcoin Core takes up to 101. */
const LOCATOR_HASHES_MAX = 101;
/** As Ravencoin Core limits them (MAX_SUBVERSION_LENGTH, MAX_REJECT_MESSAGE_LENGTH). */
const USER_AGENT_BYTES_MAX = 256;
const REJECT_TEXT_BYTES_MAX = 111;
/** Services, IPv6 address, port. */
const ADDRESS_BYTES = 26;
const HASH_BYTES = 32;

export interface InventoryItem {
  readonly type: number;
  /** 32 bytes, internal order. */
  readonly hashInternal: Uint8Array;
}

/** A message that this program sends or understands. Hashes are in internal order, as on the wire. */
export type P2pMessage =
  | {
      readonly kind: 'version';
      readonly protocol: number;
      readonly services: bigint;
      readonly timeS: bigint;
      /** Makes out a connection to oneself. */
      readonly nonce: bigint;
      readonly userAgent: string;
      readonly startHeight: number;
      /** Whether transactions are wanted. */
      readonly relay: boolean;
    }
  | { readonly kind: 'verack' | 'sendheaders' }
  | { readonly kind: 'ping' | 'pong'; readonly nonce: bigint }
  | { readonly kind: 'inv' | 'getdata' | 'notfound'; readonly items: readonly InventoryItem[] }
  | {
      readonly kind: 'getheaders';
      readonly protocol: number;
      readonly locator: readonly Uint8Array[];
      readonly stopHash: Uint8Array;
    }
  /** 120 bytes each. */
  | { readonly kind: 'headers'; readonly headers: readonly Uint8Array[] }
  | { readonly kind: 'sendcmpct'; readonly announces: boolean; readonly version: bigint }
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  | { readonly kind: 'reject'; readonly rejected: string; readonly code: number; readonly reason: string };

/** Read only: the header is all that counts, and the rest is left alone. */
interface CompactBlock {
  readonly kind: 'cmpctblock';
  readonly header: Uint8Array;
}

/** What a frame can hold. */
export type ReceivedMessage = P2pMessage | CompactBlock;

type Decoded =
  | { readonly ok: true; readonly message: ReceivedMessage }
  /** `unknown`: a command that is none of ours, to be passed over; `garbage`: one of ours that cannot be read. */
  | { readonly ok: false; readonly reason: 'unknown' | 'garbage' };

/** Reads a frame's payload; what follows behind the known fields is passed over, as nodes do. Never throws. */
export function decodeMessage({ command, payload }: Frame): Decoded {
  try {
    const message = read(command, new ByteReader(payload), payload);
    return message === undefined ? { ok: false, reason: 'unknown' } : { ok: true, message };
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, reason: 'garbage' };
    throw error;
  }
}

/** @returns the payload; the command is the message's kind */
export function encodePayload(message: P2pMessage): Uint8Array {
  switch (message.kind) {
    case 'version':
      return encodeVersion(message);
    case 'verack':
    case 'sendheaders':
      return new Uint8Array(0);
    case 'ping':
    case 'pong':
      return uint64Le(message.nonce);
    case 'inv':
    case 'getdata':
    case 'notfound':
      return listOf(message.items, (item) => concatBytes(uint32Le(item.type), item.hashInternal));
    case 'getheaders':
      return concatBytes(
        int32Le(message.protocol),
        listOf(message.locator, (hash) => hash),
        message.stopHash,
      );
    case 'headers':
      // Behind each header stands the count of its transactions, always 0.
      return listOf(message.headers, (header) => concatBytes(header, Uint8Array.of(0)));
    case 'sendcmpct':
      return concatBytes(Uint8Array.of(message.announces ? 1 : 0), uint64Le(message.version));
    case 'block':
      return message.bytes;
    case 'reject':
      return concatBytes(text(message.rejected), Uint8Array.of(message.code), text(message.reason));
  }
}

function read(command: string, reader: ByteReader, payload: Uint8Array): ReceivedMessage | undefined {
  switch (command) {
    case 'version':
      return readVersion(reader);
    case 'verack':
    case 'sendheaders':
      return { kind: command };
    case 'ping':
    case 'pong':
      return { kind: command, nonce: reader.uint64() };
    case 'inv':
    case 'getdata':
    case 'notfound':
      return { kind: command, items: readList(reader, ITEMS_MAX, readItem) };
    case 'getheaders':
      return {
        kind: command,
        protocol: reader.int32(),
        locator: readList(reader, LOCATOR_HASHES_MAX, readHash),
        stopHash: readHash(reader),
      };
    case 'headers':
      return { kind: command, headers: readList(reader, HEADERS_MAX, readHeader) };
    case 'sendcmpct':
      return { kind: command, announces: reader.uint8() !== 0, version: reader.uint64() };
    case 'cmpctblock':
      return { kind: command, header: reader.take(HEADER_BYTES) };
    case 'block':
      return { kind: command, bytes: payload };
    case 'reject':
      return {
        kind: command,
        rejected: readText(reader, REJECT_TEXT_BYTES_MAX),
        code: reader.uint8(),
        reason: readText(reader, REJECT_TEXT_BYTES_MAX),
      };
    default:
      return undefined;
  }
}

function encodeVersion(message: P2pMessage & { kind: 'version' }): Uint8Array {
  const { services } = message;
  return concatBytes(
    int32Le(message.protocol),
    uint64Le(services),
    uint64Le(message.timeS),
    // The receiver's address and our own: zeros are of no interest to a node, and right whatever stands between.
    new Uint8Array(ADDRESS_BYTES),
    concatBytes(uint64Le(services), new Uint8Array(ADDRESS_BYTES - 8)),
    uint64Le(message.nonce),
    text(message.userAgent),
    int32Le(message.startHeight),
    Uint8Array.of(message.relay ? 1 : 0),
  );
}

function readVersion(reader: ByteReader): P2pMessage {
  const protocol = reader.int32();
  const services = reader.uint64();
  const timeS = reader.uint64();
  reader.take(2 * ADDRESS_BYTES);
  return {
    kind: 'version',
    protocol,
    services,
    timeS,
    nonce: reader.uint64(),
    userAgent: readText(reader, USER_AGENT_BYTES_MAX),
    startHeight: reader.int32(),
    // Left out by the very old, which want everything.
    relay: reader.remaining === 0 || reader.uint8() !== 0,
  };
}

function readItem(reader: ByteReader): InventoryItem {
  return { type: reader.uint32(), hashInternal: readHash(reader) };
}

function readHeader(reader: ByteReader): Uint8Array {
  const header = reader.take(HEADER_BYTES);
  reader.compactSize();
  return header;
}

function readHash(reader: ByteReader): Uint8Array {
  return reader.take(HASH_BYTES);
}

function readList<Item>(
  reader: ByteReader,
  countMax: number,
  readOne: (reader: ByteReader) => Item,
): readonly Item[] {
  const count = reader.compactSize();
  if (count > countMax) throw new RangeError(`${count} items, more than ${countMax}`);
  return Array.from({ length: count }, () => readOne(reader));
}

/** A stranger's: whatever cannot be printed comes out as `?`, so that it can stand in a log line. */
function readText(reader: ByteReader, bytesMax: number): string {
  const length = reader.compactSize();
  if (length > bytesMax) throw new RangeError(`a text of ${length} bytes, more than ${bytesMax}`);
  return String.fromCharCode(...reader.take(length)).replaceAll(/[^ -~]/g, '?');
}

function text(characters: string): Uint8Array {
  return lengthPrefixed(new TextEncoder().encode(characters));
}

function listOf<Item>(items: readonly Item[], encode: (item: Item) => Uint8Array): Uint8Array {
  return concatBytes(compactSize(items.length), ...items.map(encode));
}
