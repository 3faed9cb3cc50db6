import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { hexToBytes } from '../chain/bytes.ts';
import { KpssError } from '../error.ts';
import { DEVNET_HOST } from './http.ts';
import { DevnetPeer, type PeerModules } from './p2p-peer.ts';

/** Tests and a server of ours need a handful; ravend takes 117 by default. */
const PEERS_MAX = 32;

/** The devnet's P2P port: announces new blocks and takes them, as ravend does. Can leave its port and return. */
export class DevnetP2p {
  readonly #magic: Uint8Array;
  readonly #modules: PeerModules;
  readonly #peers = new Map<Socket, DevnetPeer>();
  #server: Server | undefined;
  #port = 0;

  /** @param options the network's first four bytes of every message */
  constructor(options: { readonly magicHex: string }, modules: PeerModules) {
    this.#magic = hexToBytes(options.magicHex);
    this.#modules = modules;
    modules.chain.onTipChange(({ connected }) => {
      for (const peer of this.#peers.values()) peer.announce(connected);
    });
  }

  get port(): number {
    return this.#port;
  }

  get isListening(): boolean {
    return this.#server !== undefined;
  }

  /**
   * @param port 0 for any that is free; the one it had, to come back
   * @throws KpssError KPSS_DEVNET_LISTEN when the port cannot be had
   */
  async listen(port: number): Promise<void> {
    const server = createServer((socket) => this.#welcome(socket));
    await new Promise<void>((resolve, reject) => {
      server.on('error', (cause) => {
        const message = `the devnet cannot listen on ${DEVNET_HOST}:${port} for P2P: ${cause.message}`;
        reject(new KpssError('KPSS_DEVNET_LISTEN', message, { context: { host: DEVNET_HOST, port }, cause }));
      });
      server.listen(port, DEVNET_HOST, resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Refuses new connections and cuts those there are. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of this.#peers.keys()) socket.destroy();
    });
  }

  #welcome(socket: Socket): void {
    if (this.#peers.size >= PEERS_MAX) {
      socket.destroy();
      return;
    }
    this.#peers.set(socket, new DevnetPeer(socket, this.#magic, this.#modules));
    socket.on('close', () => this.#peers.delete(socket));
  }
}
