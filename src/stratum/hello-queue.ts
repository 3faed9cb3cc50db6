/** Header of a TLS record: its kind, a version, and the length of what follows (RFC 8446, 5.1). */
const RECORD_HEADER_BYTES = 5;
const HANDSHAKE_RECORD = 0x16;
/** A record's content is no longer than this; a hello with all that is known today has 2 KiB. */
const RECORD_BYTES_MAX = 16 * 1024;
/** Header of a message of the handshake: its kind and its length (RFC 8446, 4). */
const MESSAGE_HEADER_BYTES = 4;
const CLIENT_HELLO = 1;

/**
 * How much of a client's hello is there.
 * @param bytes the first ones of a connection, at least one
 * @returns `plain`: this is no TLS; `broken`: it begins like TLS, and is none that a miner sends: those put their hello into
 *   one record
 */
export function readHello(bytes: Uint8Array): 'whole' | 'more' | 'plain' | 'broken' {
  if (bytes[0] !== HANDSHAKE_RECORD) return 'plain';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < RECORD_HEADER_BYTES) return 'more';
  const recordBytes = view.getUint16(RECORD_HEADER_BYTES - 2);
  if (recordBytes < MESSAGE_HEADER_BYTES || recordBytes > RECORD_BYTES_MAX) return 'broken';
  if (bytes.length < RECORD_HEADER_BYTES + MESSAGE_HEADER_BYTES) return 'more';
  const message = view.getUint32(RECORD_HEADER_BYTES);
  const messageBytes = MESSAGE_HEADER_BYTES + (message & 0xffffff);
  if (message >>> 24 !== CLIENT_HELLO || messageBytes > recordBytes) return 'broken';
  return bytes.length < RECORD_HEADER_BYTES + recordBytes ? 'more' : 'whole';
}

/**
 * Hellos that wait for their answer. Each costs the server a signature, one to three milliseconds in which nobody else is
 * served: so there is one to a turn of the event loop, and of those who have many waiting each gets one in turn. Holds no
 * more than there are connections.
 */
export class HelloQueue {
  /** By whom it waits for, the next one's first. */
  readonly #waiting = new Map<string, (() => boolean)[]>();
  #isRunning = false;

  /**
   * @param owner whose turn it takes
   * @param answer later, in a turn of its own; false when there was nothing to answer any more
   */
  add(owner: string, answer: () => boolean): void {
    const waiting = this.#waiting.get(owner);
    if (waiting === undefined) this.#waiting.set(owner, [answer]);
    else waiting.push(answer);
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    for (const [owner, waiting] of this.#waiting) {
      const answer = waiting.shift();
      this.#waiting.delete(owner);
      if (waiting.length > 0) this.#waiting.set(owner, waiting);
      if (answer?.() === true) {
        setImmediate(() => this.#turn());
        return;
      }
    }
    this.#isRunning = false;
  }
}
