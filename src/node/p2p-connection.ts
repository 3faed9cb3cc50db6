import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { bytesToHex, reversed } from '../chain/bytes.ts';
import { decodeHeader } from '../chain/header.ts';
import {
  encodeFrame,
  type FrameFault,
  FrameSplitter,
  frameHeader,
  PAYLOAD_BYTES_MAX,
} from '../chain/p2p-frame.ts';
import {
  BLOCK_ITEM,
  decodeMessage,
  encodePayload,
  type P2pMessage,
  PROTOCOL_VERSION,
  type ReceivedMessage,
  WITNESS_BLOCK_ITEM,
} from '../chain/p2p-message.ts';
import type { Clock, RandomSource, Timer } from '../mining/ports.ts';

/** A node answers in milliseconds, through a tunnel in a second; one that is starting takes a while. */
const OPEN_WITHIN_MS = 15_000;
/** A router forgets an idle connection after some minutes; a dead one is to be noticed well before the next block. */
const PING_EVERY_MS = 20_000;
/**
 * Nothing understood came for so long: the connection is dead. A node answers pings in the thread that also takes in
 * blocks, and while it writes its cache to a slow disk nothing comes for half a minute.
 */
const SILENCE_MS_MAX = 90_000;
/**
 * Nothing that is sent unasked is longer: 50 000 inventory items have 1.8 MB, a compact block with all its short ids
 * and its coinbase less than 1 MB. Whole blocks are never asked for.
 */
const INCOMING_PAYLOAD_BYTES_MAX = 2_000_000;
/**
 * What is read of a node goes at this pace in the long run, as bytes a millisecond: news of blocks are some bytes a second.
 * 64 KiB of pings alone take 40 ms to answer, in which no miner is.
 */
const INCOMING_BYTES_PER_MS = 256;
/** What a frame costs however short it is, as bytes: two checksums, its object, its answer. */
const FRAME_BYTES = 1024;
/** So far ahead of that pace it may be, 4 MB: twice the longest message. */
const AHEAD_MS_MAX = 16_000;
/** Two of the largest blocks: whoever has read nothing of the first when the third is due never will. */
const BACKLOG_BYTES_MAX = 2 * PAYLOAD_BYTES_MAX;

/** Why a connection is over, or never came to be. */
export type ConnectionEnd =
  /** No connection: refused, no route, nobody of that name. */
  | { readonly kind: 'unreachable'; readonly code: string }
  /** Connected, or not even that, but no handshake in time. */
  | { readonly kind: 'no-answer' }
  /** The node hung up: with `wasOn` after the handshake, else without a word, or with the reason it gave. */
  | { readonly kind: 'hung-up'; readonly wasOn: boolean; readonly reason: string | undefined }
  | { readonly kind: 'silent' | 'not-reading' }
  | { readonly kind: 'garbage'; readonly fault: FrameFault | 'message' };

interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** The network's 4 bytes. */
  readonly magic: Uint8Array;
  /** `/KPSS:0.1.0/` */
  readonly userAgent: string;
}

export interface ConnectionModules {
  readonly clock: Clock;
  readonly random: RandomSource;
  /** The block hash of a header, by the nonce and mix hash it claims: 32 bytes, display order. */
  readonly hashOfHeader: (header: ReturnType<typeof decodeHeader>) => Uint8Array;
}

interface ConnectionEvents {
  /** The handshake is done on both sides: from now on blocks are announced. @param userAgent what the node calls itself: printable, at most 256 characters */
  onOpen(userAgent: string): void;
  /** @param hashHex display order */
  onTip(hashHex: string): void;
  /** The node would not have something that was sent: both texts printable and at most 111 characters. */
  onReject(rejected: string, reason: string): void;
  /** Once; nothing comes after it. */
  onEnd(end: ConnectionEnd): void;
}

/**
 * One P2P connection to a node, from the handshake to its end. It asks for nothing: ravend then announces each new tip
 * as an `inv`, sent once the block is connected, so that an RPC call which it sets off is answered with the new tip.
 * (`sendheaders` would bring the same news at the same time, and only while ravend knows what we have; compact blocks
 * may come before the block is checked, when RPC still names the old tip.) All three are understood.
 */
export class P2pConnection {
  readonly #options: ConnectionOptions;
  readonly #modules: ConnectionModules;
  readonly #events: ConnectionEvents;
  readonly #socket: Socket;
  readonly #splitter: FrameSplitter;
  #state: 'opening' | 'open' | 'ended' = 'opening';
  #isConnected = false;
  /** Version and verack went both ways. */
  #isGreeted = false;
  #userAgent: string | undefined;
  #rejection: string | undefined;
  #heardAtMs: number;
  #timer: Timer;
  /** When what was read would have been read at the pace of INCOMING_BYTES_PER_MS. */
  #paidUntilMs = 0;
  #resume: Timer | undefined;

  constructor(options: ConnectionOptions, modules: ConnectionModules, events: ConnectionEvents) {
    this.#options = options;
    this.#modules = modules;
    this.#events = events;
    const { host, port, magic } = options;
    this.#splitter = new FrameSplitter({ magic, payloadBytesMax: INCOMING_PAYLOAD_BYTES_MAX });
    this.#heardAtMs = modules.clock.nowMs();
    this.#timer = modules.clock.setTimer(OPEN_WITHIN_MS, () => this.#end({ kind: 'no-answer' }));
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on('connect', () => this.#greet());
    this.#socket.on('data', (chunk) => this.#read(chunk));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#hungUp(error.code));
    this.#socket.on('close', () => this.#hungUp(undefined));
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Ends it without an event; resolves when the socket is gone. */
  async close(): Promise<void> {
    this.#state = 'ended';
    this.#timer.cancel();
    this.#resume?.cancel();
    if (this.#socket.closed) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.destroy();
    await closed;
  }

  /**
   * Sends a block in this very tick.
   *
   * A block of 20 kB takes 0.3 ms, one of 2 MB 5 ms: 2.9 ms to make bytes of hex, 1.4 ms for the checksum by Node's own
   * SHA-256 (in JavaScript 8 ms), the rest to write. So whoever has other ways for it goes those first.
   * @returns whether it was written; false where the connection is not open, or is given up since the node reads nothing
   */
  sendBlock(blockHex: string): boolean {
    if (this.#state !== 'open') return false;
    const payload = Buffer.from(blockHex, 'hex');
    const header = frameHeader(this.#options.magic, 'block', payload.length, nativeSha256d(payload));
    return this.#write(header, payload);
  }

  #greet(): void {
    const { clock, random } = this.#modules;
    this.#isConnected = true;
    this.#send({
      kind: 'version',
      protocol: PROTOCOL_VERSION,
      // Nothing is served and no transaction wanted: ravend neither asks us for blocks nor tells others of us.
      services: 0n,
      relay: false,
      startHeight: 0,
      timeS: BigInt(Math.floor(clock.nowMs() / 1000)),
      nonce: nonceFrom(random),
      userAgent: this.#options.userAgent,
    });
  }

  #read(chunk: Uint8Array): void {
    if (this.#state === 'ended') return;
    const { frames, fault } = this.#splitter.push(chunk);
    this.#slowDown(chunk.length + frames.length * FRAME_BYTES);
    for (const frame of frames) {
      this.#heardAtMs = this.#modules.clock.nowMs();
      if (this.#isGreeted) this.#open();
      const decoded = decodeMessage(frame);
      if (decoded.ok) this.#handle(decoded.message);
      else if (decoded.reason === 'garbage') this.#end({ kind: 'garbage', fault: 'message' });
      if (this.#isEnded) return;
    }
    if (fault !== undefined) this.#end({ kind: 'garbage', fault });
  }

  /** Of a node that floods, the rest waits in the system's buffers and in its own; the polling goes on. */
  #slowDown(costBytes: number): void {
    const { clock } = this.#modules;
    const nowMs = clock.nowMs();
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs) + costBytes / INCOMING_BYTES_PER_MS;
    const waitMs = this.#paidUntilMs - AHEAD_MS_MAX - nowMs;
    if (waitMs <= 0) return;
    this.#socket.pause();
    this.#resume?.cancel();
    this.#resume = clock.setTimer(waitMs, () => this.#socket.resume());
  }

  /** Asked after calls that may have changed it. */
  get #isEnded(): boolean {
    return this.#state === 'ended';
  }

  #handle(message: ReceivedMessage): void {
    switch (message.kind) {
      case 'version':
        if (this.#userAgent !== undefined) return;
        this.#userAgent = message.userAgent;
        this.#send({ kind: 'verack' });
        return;
      case 'verack':
        this.#greeted();
        return;
      case 'ping':
        // Before the handshake is done a node has no reason to ask, and we none to talk to it.
        if (this.isOpen) this.#send({ kind: 'pong', nonce: message.nonce });
        return;
      case 'inv':
        this.#tip(message.items.findLast(isBlock)?.hashInternal, reversed);
        return;
      case 'headers':
        this.#tip(message.headers.at(-1), (header) => this.#hashOf(header));
        return;
      case 'cmpctblock':
        this.#tip(message.header, (header) => this.#hashOf(header));
        return;
      case 'reject':
        this.#rejection = message.reason;
        this.#events.onReject(message.rejected, message.reason);
        return;
      default:
        // Whatever else there is asks for what we do not have, or is of no use here.
        return;
    }
  }

  /** What the node says from here on, it says after it took our verack: a pong at the latest. */
  #greeted(): void {
    if (this.#isGreeted || this.#userAgent === undefined) return;
    this.#isGreeted = true;
    this.#sendPing();
  }

  #open(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'open';
    this.#timer.cancel();
    this.#pingLater();
    this.#events.onOpen(this.#userAgent ?? '');
  }

  /** Of several blocks in one message the last is the newest. */
  #tip(found: Uint8Array | undefined, hashOf: (found: Uint8Array) => Uint8Array): void {
    if (found !== undefined && this.isOpen) this.#events.onTip(bytesToHex(hashOf(found)));
  }

  #hashOf(header: Uint8Array): Uint8Array {
    return this.#modules.hashOfHeader(decodeHeader(header));
  }

  #pingLater(): void {
    const { clock } = this.#modules;
    this.#timer = clock.setTimer(PING_EVERY_MS, () => {
      if (clock.nowMs() - this.#heardAtMs >= SILENCE_MS_MAX) return this.#end({ kind: 'silent' });
      this.#sendPing();
      if (this.isOpen) this.#pingLater();
    });
  }

  #sendPing(): void {
    this.#send({ kind: 'ping', nonce: nonceFrom(this.#modules.random) });
  }

  #send(message: P2pMessage): void {
    this.#write(encodeFrame(this.#options.magic, message.kind, encodePayload(message)));
  }

  #write(...parts: readonly Uint8Array[]): boolean {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (this.#socket.writableLength + bytes > BACKLOG_BYTES_MAX) {
      this.#end({ kind: 'not-reading' });
      return false;
    }
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
    return true;
  }

  #hungUp(code: string | undefined): void {
    if (!this.#isConnected) this.#end({ kind: 'unreachable', code: code ?? 'closed' });
    else this.#end({ kind: 'hung-up', wasOn: this.isOpen, reason: this.#rejection });
  }

  #end(end: ConnectionEnd): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#timer.cancel();
    this.#resume?.cancel();
    this.#socket.destroy();
    this.#events.onEnd(end);
  }
}

function isBlock({ type }: { readonly type: number }): boolean {
  return type === BLOCK_ITEM || type === WITNESS_BLOCK_ITEM;
}

function nonceFrom(random: RandomSource): bigint {
  const bytes = random.bytes(8);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
}

function nativeSha256d(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();
}
