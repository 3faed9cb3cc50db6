import type { Socket } from 'node:net';
import type { StratumLimits } from './limits.ts';
import { LineSplitter } from './lines.ts';
import { parseRequest } from './messages.ts';
import type { CloseReason, Handled, Session, Wire } from './session.ts';

/** Dead peers, whose router forgot them, are found by the system in a few minutes. */
const KEEP_ALIVE_MS = 60_000;
/** Whoever is closed, or said goodbye, gets this long to read what was written. */
const DRAIN_WITHIN_MS = 5_000;
/** Lines of one connection that are handled before others get their turn: a millisecond or two. */
const LINES_PER_TURN_MAX = 100;
/** First byte of a TLS handshake. */
const TLS_HANDSHAKE = 0x16;

export interface ConnectionModules {
  readonly limits: StratumLimits;
  /** Once, with our reason, or undefined when the miner went by itself. */
  onClosed(reason: CloseReason | undefined): void;
  /** Handling a line failed, which must not happen. */
  onFault(error: unknown): void;
}

/** One socket and its session: bytes to lines to requests, and lines back in one write a turn. */
export class Connection implements Wire {
  readonly #socket: Socket;
  readonly #lines = new LineSplitter();
  readonly #modules: ConnectionModules;
  #session: Session | undefined;
  /** Of the chunk that is being worked on; the socket is paused while there are any left over. */
  #waiting: string[] = [];
  #nextWaiting = 0;
  #overflow = false;
  /** The rest waits for its turn, or for an answer. */
  #isBusy = false;
  #outgoing = '';
  #outgoingJob = '';
  #flushing = false;
  #closeReason: CloseReason | undefined;
  #sawFirstByte = false;

  constructor(socket: Socket, modules: ConnectionModules) {
    this.#socket = socket;
    this.#modules = modules;
  }

  /** Begins to read; the session is made with this connection as its wire, so it comes afterwards. */
  start(session: Session): void {
    this.#session = session;
    this.#socket.setNoDelay(true);
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#socket.on('data', (chunk) => this.#read(chunk));
    this.#socket.on('end', () => this.#drain());
    // An error is always followed by close, where the one clean-up happens.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      session.end();
      this.#modules.onClosed(this.#closeReason);
    });
    this.#socket.resume();
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
    this.#drain();
  }

  /** A peer that does not read would otherwise keep its socket, and its prefix, for ever. */
  #drain(): void {
    this.#socket.setTimeout(DRAIN_WITHIN_MS, () => this.#socket.destroy());
  }

  #read(chunk: Uint8Array): void {
    if (this.#closeReason !== undefined) return;
    if (!this.#sawFirstByte) {
      this.#sawFirstByte = true;
      // Nanominer tries TLS first on any port: no fault of its, and no answer would be understood.
      if (chunk[0] === TLS_HANDSHAKE) {
        this.close('tls');
        return;
      }
    }
    const { lines, overflow } = this.#lines.push(chunk);
    for (const line of lines) this.#waiting.push(line);
    this.#overflow = overflow;
    if (!this.#isBusy) this.#work();
  }

  /** Handles what is waiting, in order, up to a turn's worth or a candidate; the rest comes after the others' turn. */
  #work(): void {
    for (let handled = 0; this.#nextWaiting < this.#waiting.length; handled++) {
      if (this.#closeReason !== undefined) return;
      const next = handled >= LINES_PER_TURN_MAX ? 'new-turn' : this.#handleNext();
      if (next !== 'next') {
        this.#goOnAfter(next);
        break;
      }
    }
    if (this.#nextWaiting >= this.#waiting.length) {
      this.#waiting = [];
      this.#nextWaiting = 0;
      if (this.#overflow) this.close('line-too-long');
    }
    this.#flush();
  }

  /** Nothing of this connection is read or handled until then. */
  #goOnAfter(next: Exclude<Handled, 'next'>): void {
    this.#socket.pause();
    const goOn = (): void => {
      this.#isBusy = false;
      this.#socket.resume();
      this.#work();
    };
    this.#isBusy = true;
    if (next === 'new-turn') setImmediate(goOn);
    else void next.then(goOn);
  }

  #handleNext(): Handled {
    const line = this.#waiting[this.#nextWaiting] as string;
    this.#nextWaiting += 1;
    try {
      return this.#session?.handle(parseRequest(line)) ?? 'next';
    } catch (error) {
      this.#modules.onFault(error);
      return 'next';
    }
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
    if (this.#socket.writableLength > this.#modules.limits.backlogBytesMax) {
      this.#closeReason ??= 'not-reading';
      this.#socket.destroy();
    }
  }
}
