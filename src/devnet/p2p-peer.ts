import type { Socket } from 'node:net';
import { bytesToHex, compactSize, concatBytes, hexToBytes, reversed } from '../chain/bytes.ts';
import { encodeFrame, FrameSplitter, PAYLOAD_BYTES_MAX } from '../chain/p2p-frame.ts';
import {
  BLOCK_ITEM,
  decodeMessage,
  encodePayload,
  HEADERS_MAX,
  type InventoryItem,
  type P2pMessage,
  PROTOCOL_VERSION,
  type ReceivedMessage,
  WITNESS_BLOCK_ITEM,
} from '../chain/p2p-message.ts';
import type { Clock, RandomSource, Timer } from '../mining/ports.ts';
import type { BlockEntry, Chain } from './chain.ts';
import { RpcFailure } from './rpc-failure.ts';
import { NODE_SUBVERSION } from './rpc-info.ts';
import type { BlockGate } from './submit.ts';

/** Below the first nothing is understood, below the second KawPoW headers are not; ravend tells the two apart. */
const PROTOCOL_MIN = 70025;
const KAWPOW_PROTOCOL_MIN = 70026;
/** Services of a node with the whole chain that knows witnesses and compact blocks, as ravend announces them. */
const SERVICES = 13n;
/** ravend's ping interval; whoever has not shaken hands by then never will. */
const PING_EVERY_MS = 120_000;
/** As ravend: nothing heard for so long, and the peer is gone. */
const SILENCE_MS_MAX = 20 * 60_000;
/** ravend's: more new blocks at once are announced by the newest alone. */
const HEADERS_ANNOUNCED_MAX = 8;
/** Two of the largest blocks wait for a peer; more, and it does not read. */
const BACKLOG_BYTES_MAX = 2 * PAYLOAD_BYTES_MAX;
/** Codes of `reject`: a version that is too old, a block that breaks a rule. */
const OBSOLETE = 0x11;
const INVALID = 0x10;
/** No faults of a block, so that ravend answers nothing: it has it, or has it beside its best chain, or knows no parent. */
const UNANSWERED = ['duplicate', 'duplicate-inconclusive', 'inconclusive', 'prev-blk-not-found'];
/** What a peer is not to blame for; for anything else ravend drops it. */
const FORGIVEN = ['time-too-new'];

export interface PeerModules {
  readonly chain: Chain;
  readonly gate: BlockGate;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** One who connected to the devnet's P2P port. A peer that breaks the protocol loses its connection, nothing else. */
export class DevnetPeer {
  readonly #socket: Socket;
  readonly #magic: Uint8Array;
  readonly #modules: PeerModules;
  readonly #splitter: FrameSplitter;
  #greeted = false;
  #ready = false;
  #wantsHeaders = false;
  /** The newest block whose header the peer has, as far as we can tell. */
  #known: BlockEntry | undefined;
  #heardAtMs: number;
  #timer: Timer;

  constructor(socket: Socket, magic: Uint8Array, modules: PeerModules) {
    this.#socket = socket;
    this.#magic = magic;
    this.#modules = modules;
    this.#splitter = new FrameSplitter({ magic, payloadBytesMax: PAYLOAD_BYTES_MAX });
    this.#heardAtMs = modules.clock.nowMs();
    this.#timer = this.#watchLater();
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    // An error is always followed by close.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#timer.cancel());
  }

  /** Tells of new blocks: their headers where the peer asked for that and has what they build on, else the tip. */
  announce(connected: readonly BlockEntry[]): void {
    const [first] = connected;
    const tip = connected.at(-1);
    if (!this.#ready || first === undefined || tip === undefined) return;
    const parent = first.parent;
    const canTakeHeaders = connected.length <= HEADERS_ANNOUNCED_MAX && parent && this.#has(parent);
    if (this.#wantsHeaders && canTakeHeaders) {
      this.#known = tip;
      this.#send({ kind: 'headers', headers: connected.map((entry) => entry.headerBytes) });
    } else this.#send({ kind: 'inv', items: [{ type: BLOCK_ITEM, hashInternal: internal(tip) }] });
  }

  #read(chunk: Uint8Array): void {
    const { frames, fault } = this.#splitter.push(chunk);
    for (const frame of frames) {
      if (!this.#socket.writable) return;
      this.#heardAtMs = this.#modules.clock.nowMs();
      const decoded = decodeMessage(frame);
      if (decoded.ok) this.#handle(decoded.message);
      else if (decoded.reason === 'garbage') this.#socket.destroy();
    }
    if (fault !== undefined) this.#socket.destroy();
  }

  #handle(message: ReceivedMessage): void {
    if (message.kind === 'version') this.#greet(message.protocol);
    if (!this.#greeted) return;
    switch (message.kind) {
      case 'verack':
        this.#shakeHands();
        break;
      case 'ping':
        this.#send({ kind: 'pong', nonce: message.nonce });
        break;
      case 'sendheaders':
        this.#wantsHeaders = true;
        break;
      case 'getheaders':
        this.#sendHeaders(message.locator, message.stopHash);
        break;
      case 'getdata':
        this.#sendBlocks(message.items);
        break;
      case 'block':
        this.#take(message.bytes).catch(() => this.#socket.destroy());
        break;
      default:
    }
  }

  #greet(protocol: number): void {
    if (this.#greeted) return;
    if (protocol < KAWPOW_PROTOCOL_MIN) {
      const needed = protocol < PROTOCOL_MIN ? PROTOCOL_MIN : KAWPOW_PROTOCOL_MIN;
      const reason = `Version must be ${needed} or greater`;
      this.#send({ kind: 'reject', rejected: 'version', code: OBSOLETE, reason });
      this.#socket.destroySoon();
      return;
    }
    this.#greeted = true;
    this.#send({
      kind: 'version',
      protocol: PROTOCOL_VERSION,
      services: SERVICES,
      timeS: BigInt(Math.floor(this.#modules.clock.nowMs() / 1000)),
      nonce: this.#nonce(),
      userAgent: NODE_SUBVERSION,
      startHeight: this.#modules.chain.tip.height,
      relay: true,
    });
    this.#send({ kind: 'verack' });
  }

  #shakeHands(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#send({ kind: 'sendheaders' });
    this.#send({ kind: 'ping', nonce: this.#nonce() });
  }

  /** Those after the first of the locator that is in the active chain, or after block 0; ravend's ProcessMessage. */
  #sendHeaders(locator: readonly Uint8Array[], stopHash: Uint8Array): void {
    const { chain } = this.#modules;
    const found = locator.map((hash) => chain.find(display(hash)));
    const fork = found.find((entry) => entry !== undefined && chain.isActive(entry));
    const stop = display(stopHash);
    const headers: Uint8Array[] = [];
    let last = chain.tip;
    for (let height = (fork?.height ?? 0) + 1; headers.length < HEADERS_MAX; height++) {
      const entry = chain.at(height);
      if (entry === undefined) break;
      headers.push(entry.headerBytes);
      last = entry;
      if (entry.hash === stop) break;
    }
    this.#known = last;
    this.#send({ kind: 'headers', headers });
  }

  #sendBlocks(items: readonly InventoryItem[]): void {
    const missing: InventoryItem[] = [];
    for (const item of items) {
      if (!this.#socket.writable) return;
      const entry = this.#modules.chain.find(display(item.hashInternal));
      const bytes = entry && blockBytesOf(entry, item.type);
      if (bytes === undefined) missing.push(item);
      else this.#send({ kind: 'block', bytes });
    }
    if (missing.length > 0) this.#send({ kind: 'notfound', items: missing });
  }

  /** Nothing more is read until the block is judged: so a peer cannot fill the memory with blocks that wait. */
  async #take(bytes: Uint8Array): Promise<void> {
    this.#socket.pause();
    const refusal = await this.#judge(bytes);
    this.#socket.resume();
    if (refusal === undefined || UNANSWERED.includes(refusal)) return;
    this.#send({ kind: 'reject', rejected: 'block', code: INVALID, reason: refusal });
    if (!FORGIVEN.includes(refusal)) this.#socket.destroySoon();
  }

  async #judge(bytes: Uint8Array): Promise<string | undefined> {
    try {
      return (await this.#modules.gate.submit(bytesToHex(bytes))) ?? undefined;
    } catch (error) {
      if (error instanceof RpcFailure) return error.message;
      throw error;
    }
  }

  #watchLater(): Timer {
    const { clock } = this.#modules;
    return clock.setTimer(PING_EVERY_MS, () => {
      if (!this.#ready || clock.nowMs() - this.#heardAtMs >= SILENCE_MS_MAX) {
        this.#socket.destroy();
        return;
      }
      this.#send({ kind: 'ping', nonce: this.#nonce() });
      this.#timer = this.#watchLater();
    });
  }

  #has(entry: BlockEntry): boolean {
    let block = this.#known;
    while (block && block.height > entry.height) block = block.parent;
    return block === entry;
  }

  #send(message: P2pMessage): void {
    if (!this.#socket.writable) return;
    this.#socket.write(encodeFrame(this.#magic, message.kind, encodePayload(message)));
    if (this.#socket.writableLength > BACKLOG_BYTES_MAX) this.#socket.destroy();
  }

  #nonce(): bigint {
    return BigInt(`0x${bytesToHex(this.#modules.random.bytes(8))}`);
  }
}

/** @returns undefined for other kinds of items, and where only the header is there */
function blockBytesOf({ body, headerBytes }: BlockEntry, type: number): Uint8Array | undefined {
  if (body === undefined) return undefined;
  if (type === WITNESS_BLOCK_ITEM) return body.bytes;
  if (type !== BLOCK_ITEM) return undefined;
  const transactions = body.transactions.map((tx) => tx.stripped);
  return concatBytes(headerBytes, compactSize(transactions.length), ...transactions);
}

function display(hashInternal: Uint8Array): string {
  return bytesToHex(reversed(hashInternal));
}

function internal({ hash }: BlockEntry): Uint8Array {
  return hexToBytes(hash).reverse();
}
