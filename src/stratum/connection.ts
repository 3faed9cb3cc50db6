import type { Socket } from 'node:net';
import type { Clock, Timer } from '../mining/ports.ts';
import { TokenBucket } from '../mining/token-bucket.ts';
import type { StratumLimits } from './limits.ts';
import { LineSplitter } from './lines.ts';
import { parseRequest } from './messages.ts';
import { looksLikeProxyHeader } from './proxy-protocol.ts';
import type { Session } from './session.ts';
import type { CloseReason, Handled, Wire } from './wire.ts';

/** Dead peers, whose router forgot them, are found by the system in a few minutes. */
const KEEP_ALIVE_MS = 60_000;
/** Whoever is closed, or said goodbye, gets this long to read what was written. */
const DRAIN_WITHIN_MS = 5_000;
/** Lines of one connection that are handled before others get their turn: a millisecond or two. */
const LINES_PER_TURN_MAX = 100;
/** A miner that was away sends what it has found at once: lines for so long pass unhindered. */
const LINE_BURST_S = 2;
/**
 * Whose chunk of 64 KiB was nothing but line ends owes two minutes. While nobody reads it, nobody sees that it has left,
 * so another chunk is taken after so long; what it owes, it still owes.
 */
const REST_MS_MAX = 10_000;
/** First byte of a TLS handshake. */
const TLS_HANDSHAKE = 0x16;

export interface ConnectionModules {
  readonly clock: Clock;
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
  /** It waits for an answer about a login, and nothing is handled before that. */
  #isAsking = false;
  #outgoing = '';
  #outgoingJob = '';
  #flushing = false;
  #closeReason: CloseReason | undefined;
  #sawFirstByte = false;
  /** Of lines; made for the first ones. */
  #pace: TokenBucket | undefined;
  /** It sent too many lines: the rest is read later. */
  #rest: Timer | undefined;
  #draining: Timer | undefined;

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
      this.#rest?.cancel();
      this.#draining?.cancel();
      if (!this.#isAsking) this.#handleLeftBehind();
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

  /**
   * A peer that does not read would otherwise keep its socket, and its prefix, for ever; so would, if this were a timeout
   * of the socket's, one that goes on sending.
   */
  #drain(): void {
    this.#draining ??= this.#modules.clock.setTimer(DRAIN_WITHIN_MS, () => this.#socket.destroy());
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
      // A proxy that is not trusted, or a liar; what follows would be somebody's we do not know.
      if (looksLikeProxyHeader(chunk)) {
        this.close('unknown-proxy');
        return;
      }
    }
    const { lines, ended, overflow } = this.#lines.push(chunk);
    this.#keepPace(ended);
    for (const line of lines) this.#waiting.push(line);
    this.#overflow = overflow;
    if (!this.#isBusy) this.#work();
  }

  /** Who sends faster than allowed is not closed, but read later: the system's buffers fill, and it has to wait. */
  #keepPace(lines: number): void {
    const { clock, limits } = this.#modules;
    const perS = limits.linesPerSMax;
    this.#pace ??= new TokenBucket({ tokensMax: perS * LINE_BURST_S, perS }, clock.nowMs());
    const waitMs = this.#pace.spend(lines, clock.nowMs());
    if (waitMs === 0 || this.#rest !== undefined) return;
    this.#socket.pause();
    this.#rest = clock.setTimer(Math.min(waitMs, REST_MS_MAX), () => {
      this.#rest = undefined;
      if (!this.#isBusy) this.#socket.resume();
    });
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

  /** A found block may be among what a miner sent before it went: a turn's worth of it is handled, though no reply leaves. */
  #handleLeftBehind(): void {
    for (
      let handled = 0;
      handled < LINES_PER_TURN_MAX && this.#nextWaiting < this.#waiting.length;
      handled++
    ) {
      if (this.#closeReason !== undefined) break;
      this.#handleNext();
    }
    this.#waiting = [];
    this.#nextWaiting = 0;
  }

  /** Nothing of this connection is read or handled until then. */
  #goOnAfter(next: Exclude<Handled, 'next'>): void {
    this.#socket.pause();
    const goOn = (): void => {
      this.#isBusy = false;
      this.#isAsking = false;
      if (this.#rest === undefined) this.#socket.resume();
      this.#work();
    };
    this.#isBusy = true;
    this.#isAsking = next !== 'new-turn';
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
