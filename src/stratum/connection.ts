import type { Socket } from 'node:net';
import { LineSplitter } from './lines.ts';
import { parseRequest } from './messages.ts';
import type { CloseReason, Session, Wire } from './session.ts';

/**
 * A miner that does not read is closed when this much waits for it: some hundred jobs, minutes of work that it has not
 * seen. Keeping more would let one stuck connection after the other fill the memory.
 */
export const BACKLOG_BYTES_MAX = 64 * 1024;
/** Dead peers, whose router forgot them, are found by the system in a few minutes. */
const KEEP_ALIVE_MS = 60_000;
/** First byte of a TLS handshake. */
const TLS_HANDSHAKE = 0x16;

/** One socket and its session: bytes to lines to requests, and lines back in one write a turn. */
export class Connection implements Wire {
  readonly #socket: Socket;
  readonly #lines = new LineSplitter();
  readonly #onClosed: (reason: CloseReason | undefined) => void;
  #session: Session | undefined;
  #outgoing = '';
  #outgoingJob = '';
  #flushing = false;
  #closeReason: CloseReason | undefined;
  #sawFirstByte = false;

  /** @param onClosed called once, with our reason or undefined when the miner went by itself */
  constructor(socket: Socket, onClosed: (reason: CloseReason | undefined) => void) {
    this.#socket = socket;
    this.#onClosed = onClosed;
  }

  /** Begins to read; the session is made with this connection as its wire, so it comes afterwards. */
  start(session: Session): void {
    this.#session = session;
    this.#socket.setNoDelay(true);
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#socket.on('data', (chunk) => this.#read(chunk));
    // An error is always followed by close, where the one clean-up happens.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      session.end();
      this.#onClosed(this.#closeReason);
    });
  }

  send(line: string): void {
    this.#outgoing += line;
    this.#flushSoon();
  }

  sendJob(lines: string): void {
    this.#outgoingJob = lines;
    this.#flushSoon();
  }

  close(reason: CloseReason): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = reason;
    this.#flush();
    // What was written still goes out, to a miner that reads; the other half of the connection is not waited for.
    this.#socket.destroySoon();
  }

  #read(chunk: Uint8Array): void {
    if (this.#session === undefined || this.#closeReason !== undefined) return;
    if (!this.#sawFirstByte) {
      this.#sawFirstByte = true;
      // Nanominer tries TLS first on any port: no fault of its, and no answer would be understood.
      if (chunk[0] === TLS_HANDSHAKE) {
        this.close('tls');
        return;
      }
    }
    const { lines, overflow } = this.#lines.push(chunk);
    for (const line of lines) {
      if (this.#closeReason !== undefined) return;
      this.#session.handle(parseRequest(line));
    }
    if (overflow) this.close('line-too-long');
    else this.#flush();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    const text = this.#outgoing + this.#outgoingJob;
    this.#outgoing = '';
    this.#outgoingJob = '';
    if (text.length === 0 || !this.#socket.writable) return;
    this.#socket.write(text);
    if (this.#socket.writableLength > BACKLOG_BYTES_MAX) {
      this.#closeReason ??= 'not-reading';
      this.#socket.destroy();
    }
  }
}
