import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { hexToBytes } from '../../src/chain/bytes.ts';
import { findNetwork } from '../../src/chain/coins.ts';
import { encodeFrame, FrameSplitter, PAYLOAD_BYTES_MAX } from '../../src/chain/p2p-frame.ts';
import {
  decodeMessage,
  encodePayload,
  type P2pMessage,
  type ReceivedMessage,
} from '../../src/chain/p2p-message.ts';
import { until } from './scripted-stratum.ts';

const regtest = findNetwork('ravencoin', 'regtest');
assert(regtest?.magicHex !== undefined);
/** Ravencoin's regtest, whose magic is known. */
export const P2P_NETWORK = { ...regtest, magicHex: regtest.magicHex };
const MAGIC = hexToBytes(P2P_NETWORK.magicHex);

/** What a node says of itself, as ravend does. */
export const VERSION_MESSAGE: P2pMessage = {
  kind: 'version',
  protocol: 70028,
  services: 13n,
  timeS: 1_700_000_000n,
  nonce: 7n,
  userAgent: '/Ravencoin:4.6.1/',
  startHeight: 483,
  relay: true,
};

/** One side of a P2P connection that does what a test says. */
export class ScriptedP2pSocket {
  readonly socket: Socket;
  readonly received: ReceivedMessage[] = [];
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    const splitter = new FrameSplitter({ magic: MAGIC, payloadBytesMax: PAYLOAD_BYTES_MAX });
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('data', (chunk) => {
      const { frames, fault } = splitter.push(chunk);
      assert.equal(fault, undefined, 'bytes that are no message');
      for (const frame of frames) {
        const decoded = decodeMessage(frame);
        if (decoded.ok) this.received.push(decoded.message);
      }
    });
  }

  send(...messages: readonly P2pMessage[]): void {
    for (const message of messages) this.sendFrame(message.kind, encodePayload(message));
  }

  sendFrame(command: string, payload: Uint8Array): void {
    this.sendRaw(encodeFrame(MAGIC, command, payload));
  }

  sendRaw(bytes: Uint8Array | string): void {
    if (!this.closed) this.socket.write(bytes);
  }

  /** What came of one kind, once there are so many of it. */
  async got<Kind extends ReceivedMessage['kind']>(
    kind: Kind,
    count = 1,
  ): Promise<(ReceivedMessage & { kind: Kind })[]> {
    const found = () =>
      this.received.filter((message): message is ReceivedMessage & { kind: Kind } => message.kind === kind);
    await until(() => found().length >= count, `${kind} (${count})`);
    return found();
  }
}

/** A node's P2P port that does what a test says; without a script it shakes hands as ravend does. */
export class ScriptedP2p {
  readonly connections: ScriptedP2pSocket[] = [];
  /** What happens on each new connection. */
  welcome: (connection: ScriptedP2pSocket) => void = shakeHands;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      const connection = new ScriptedP2pSocket(socket);
      this.connections.push(connection);
      this.welcome(connection);
    });
  }

  static async listen(): Promise<ScriptedP2p> {
    const scripted = new ScriptedP2p();
    await scripted.open(0);
    return scripted;
  }

  async open(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async connection(index = 0): Promise<ScriptedP2pSocket> {
    await until(() => this.connections.length > index, `connection ${index}`);
    return this.connections[index] as ScriptedP2pSocket;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    for (const { socket } of this.connections) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** As ravend: its version once it has seen the other's, and what it says once it has seen the verack. */
function shakeHands(connection: ScriptedP2pSocket): void {
  connection.socket.once('data', () => connection.send(VERSION_MESSAGE, { kind: 'verack' }));
  connection.got('verack').then(
    () => connection.send({ kind: 'sendheaders' }),
    () => undefined,
  );
}
