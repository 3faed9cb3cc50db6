import { concatBytes, equalBytes, uint32Le } from './bytes.ts';
import { sha256d } from './hash.ts';

/** Magic (4) · command (12, filled with zeros) · length of the payload (4, little-endian) · checksum (4). */
const FRAME_HEADER_BYTES = 24;
const COMMAND_BYTES = 12;
const CHECKSUM_BYTES = 4;
/** Ravencoin Core's own limit (MAX_PROTOCOL_MESSAGE_LENGTH): its largest block, and nobody sends more. */
export const PAYLOAD_BYTES_MAX = 8_000_000;
/** What is kept between two frames, so that small ones need no new memory: most are under 100 bytes. */
const IDLE_BUFFER_BYTES = 4 * 1024;

/** One P2P message as it stands on the wire, its checksum right. */
export interface Frame {
  /** Up to 12 printable characters. */
  readonly command: string;
  /** Its own memory, not the socket's. */
  readonly payload: Uint8Array;
}

/** Why a connection's bytes make no sense any more; nothing after it can be read. */
export type FrameFault = 'wrong-magic' | 'no-command' | 'too-long' | 'wrong-checksum';

/**
 * The 24 bytes before a payload.
 * @param magic the network's 4 bytes
 * @param command 1 to 12 characters
 * @param payloadHash sha256d of the payload, of which the first 4 bytes count
 * @throws RangeError on a command or magic of another length
 * Source: Bitcoin's P2P protocol, which Ravencoin Core kept
 */
export function frameHeader(
  magic: Uint8Array,
  command: string,
  payloadBytes: number,
  payloadHash: Uint8Array,
): Uint8Array {
  const name = new TextEncoder().encode(command);
  if (magic.length !== 4) throw new RangeError('a magic has 4 bytes');
  if (name.length < 1 || name.length > COMMAND_BYTES) throw new RangeError(`no command: ${command}`);
  const filler = new Uint8Array(COMMAND_BYTES - name.length);
  return concatBytes(magic, name, filler, uint32Le(payloadBytes), payloadHash.subarray(0, CHECKSUM_BYTES));
}

/** A whole frame. For payloads of megabytes see frameHeader, which takes a hash that was made faster. */
export function encodeFrame(magic: Uint8Array, command: string, payload: Uint8Array): Uint8Array {
  return concatBytes(frameHeader(magic, command, payload.length, sha256d(payload)), payload);
}

interface SplitterOptions {
  /** The network's 4 bytes. */
  readonly magic: Uint8Array;
  /** PAYLOAD_BYTES_MAX, or less where less is ever asked for. */
  readonly payloadBytesMax: number;
}

/**
 * Cuts a connection's bytes into frames, whatever chunks they come in. Never throws. Its memory grows with what really
 * came, never with what a header promises, up to twice the largest frame.
 */
export class FrameSplitter {
  readonly #options: SplitterOptions;
  #buffer = new Uint8Array(IDLE_BUFFER_BYTES);
  #filled = 0;
  #fault: FrameFault | undefined;

  constructor(options: SplitterOptions) {
    this.#options = options;
  }

  /** @returns the frames that are whole now, in order, and what ends the connection after them, once and for all */
  push(chunk: Uint8Array): { readonly frames: readonly Frame[]; readonly fault: FrameFault | undefined } {
    const frames: Frame[] = [];
    if (this.#fault !== undefined) return { frames, fault: this.#fault };
    this.#append(chunk);
    let start = 0;
    while (this.#fault === undefined) {
      const bytes = this.#buffer.subarray(start, this.#filled);
      const end = this.#judge(bytes);
      if (end === undefined || bytes.length < end) break;
      const frame = this.#frameOf(bytes.subarray(0, end));
      if (frame !== undefined) frames.push(frame);
      start += end;
    }
    this.#drop(start);
    return { frames, fault: this.#fault };
  }

  /** @returns where the frame at the front ends, once its header is whole */
  #judge(bytes: Uint8Array): number | undefined {
    const { magic, payloadBytesMax } = this.#options;
    const magicSeen = bytes.subarray(0, magic.length);
    // From the first byte on: a stranger that speaks another protocol may wait for an answer before it says more.
    if (!equalBytes(magicSeen, magic.subarray(0, magicSeen.length))) return this.#fail('wrong-magic');
    if (bytes.length < FRAME_HEADER_BYTES) return undefined;
    if (commandOf(bytes) === undefined) return this.#fail('no-command');
    const payloadBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(
      magic.length + COMMAND_BYTES,
      true,
    );
    if (payloadBytes > payloadBytesMax) return this.#fail('too-long');
    return FRAME_HEADER_BYTES + payloadBytes;
  }

  #frameOf(bytes: Uint8Array): Frame | undefined {
    const payload = bytes.slice(FRAME_HEADER_BYTES);
    const checksum = bytes.subarray(FRAME_HEADER_BYTES - CHECKSUM_BYTES, FRAME_HEADER_BYTES);
    if (!equalBytes(checksum, sha256d(payload).subarray(0, CHECKSUM_BYTES)))
      return this.#fail('wrong-checksum');
    return { command: commandOf(bytes) as string, payload };
  }

  #fail(fault: FrameFault): undefined {
    this.#fault = fault;
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#filled + chunk.length;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      grown.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = grown;
    }
    this.#buffer.set(chunk, this.#filled);
    this.#filled = needed;
  }

  #drop(count: number): void {
    if (this.#fault !== undefined) this.#filled = 0;
    else if (count > 0) {
      this.#buffer.copyWithin(0, count, this.#filled);
      this.#filled -= count;
    }
    if (this.#filled === 0 && this.#buffer.length > IDLE_BUFFER_BYTES)
      this.#buffer = new Uint8Array(IDLE_BUFFER_BYTES);
  }
}

/** @returns undefined unless printable characters, then zeros only */
function commandOf(frame: Uint8Array): string | undefined {
  const name = String.fromCharCode(...frame.subarray(4, 4 + COMMAND_BYTES));
  return /^([!-~]+)\0*$/.exec(name)?.[1];
}
