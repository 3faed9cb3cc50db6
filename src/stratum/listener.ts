import { createServer, type Server, type Socket } from 'node:net';
import { KpssError, listenTrouble } from '../error.ts';
import type { Clock, Log } from '../mining/ports.ts';
import type { VardiffOptions } from '../mining/vardiff.ts';
import { AddressRanges, peerAddress } from './peer-address.ts';
import { readProxyHeader } from './proxy-stage.ts';
import { type PortTls, type ReadTls, TlsStage } from './tls-stage.ts';

/** How many connections the system holds for us while we are busy: a farm that comes back at once after a power cut. */
const BACKLOG = 4096;

/** One of an instance's ports. */
export interface PortOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** A fixed difficulty is a vardiff with no room. */
  readonly vardiff: VardiffOptions;
  /** Plain when left out. */
  readonly tls?: PortTls;
  /** Addresses and networks of which a PROXY header is believed; nobody when left out. */
  readonly proxies?: readonly string[] | undefined;
}

/** Who is at the other end, as far as it can be known. */
export interface Client {
  /** As peer-address.ts writes it; behind a trusted proxy, the one that the proxy names. */
  readonly address: string;
  readonly port: number;
  /** The trusted proxy between us. */
  readonly proxy?: string;
}

/** What of a port's rules can be changed while it listens. */
interface ListenerRules extends Pick<PortOptions, 'proxies'> {
  /** Sockets at once, those that are about to be refused included. */
  readonly socketsMax: number;
  readonly handshakeTimeoutMs: number;
}

export interface ListenerModules extends Omit<ListenerRules, 'proxies'> {
  readonly clock: Clock;
  readonly log: Log;
  /** Has the certificates of ports with TLS. */
  readonly readTls?: ReadTls | undefined;
  /** Whether the client may come in. The socket of one that may not is the callee's to close. */
  admit(socket: Socket, client: Client): boolean;
  /** A client that was admitted, its socket paused. */
  onSocket(socket: Socket, client: Client): void;
  /** A trusted proxy did not keep to its protocol; its socket is closed. */
  onBadProxy(proxy: string, text: string): void;
  /** A connection was refused by the system's hand, since there are too many. */
  onDropped(remoteAddress: string | undefined): void;
  /** Accepting failed, as when file descriptors run out; it goes on. */
  onTrouble(error: Error): void;
}

/**
 * One port for miners: takes connections, and hands each on when it is known where it comes from. The stages, each with a
 * paused socket: accepted, the header of a trusted proxy, admitted, encrypted, handed on.
 */
export class Listener {
  readonly #options: PortOptions;
  readonly #modules: ListenerModules;
  #proxies: AddressRanges;
  #handshakeTimeoutMs: number;
  readonly #server: Server;
  readonly #tls: TlsStage | undefined;
  #isClosed = false;
  #fingerprint: string | undefined;
  /** Between two stages. */
  readonly #arriving = new Set<Socket>();

  constructor(options: PortOptions, modules: ListenerModules) {
    this.#options = options;
    this.#modules = modules;
    this.#proxies = new AddressRanges(options.proxies ?? []);
    const { handshakeTimeoutMs } = modules;
    this.#handshakeTimeoutMs = handshakeTimeoutMs;
    this.#tls = options.tls && new TlsStage({ handshakeTimeoutMs }, modules);
    // Paused, so that what is not let in costs no more than its socket.
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = modules.socketsMax;
    this.#server.on('drop', (dropped) => modules.onDropped(dropped?.remoteAddress));
  }

  /**
   * @returns the port it listens on
   * @throws KpssError KPSS_PORT_UNAVAILABLE when the port is taken or not allowed, KPSS_TLS_CERTIFICATE
   */
  async listen(): Promise<number> {
    await this.readCertificate();
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const message = `cannot listen on ${host}:${port}: ${listenTrouble(cause)}`;
        reject(new KpssError('KPSS_PORT_UNAVAILABLE', message, { context: { host, port }, cause }));
      });
      this.#server.listen({ host, port, backlog: BACKLOG }, resolve);
    });
    this.#server.on('error', (error) => this.#modules.onTrouble(error));
    // Closed while it was about to open.
    if (this.#isClosed) this.#server.close();
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Other rules for the connections to come, while it listens on. */
  useRules({ proxies, socketsMax, handshakeTimeoutMs }: ListenerRules): void {
    this.#proxies = new AddressRanges(proxies ?? []);
    this.#server.maxConnections = socketsMax;
    this.#handshakeTimeoutMs = handshakeTimeoutMs;
    this.#tls?.useTimeout(handshakeTimeoutMs);
  }

  /** SHA-256 of its certificate, once it listens; undefined for a plain port. */
  get fingerprint(): string | undefined {
    return this.#fingerprint;
  }

  /**
   * Has new connections get the certificate that is on the disk now; a plain port has none.
   * @throws KpssError KPSS_TLS_CERTIFICATE; the one before stays in use
   */
  async readCertificate(): Promise<void> {
    const { tls } = this.#options;
    const { readTls } = this.#modules;
    if (tls === undefined) return;
    if (readTls === undefined) throw new Error('a port with TLS needs somebody who reads its certificate');
    const material = await readTls(tls);
    await this.#tls?.use(material);
    this.#fingerprint = material.fingerprint;
  }

  /** Stops accepting, and closes what is not handed on yet. Settled when the last of its connections is gone, too. */
  close(): Promise<void> {
    this.#isClosed = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#arriving) socket.destroy();
    this.#tls?.close();
    return closed;
  }

  #accept(socket: Socket): void {
    // An error is always followed by close, where whoever has the socket then cleans up.
    socket.on('error', () => {});
    const address = peerAddress(socket.remoteAddress);
    if (address === undefined) {
      // It is gone already.
      socket.destroy();
      return;
    }
    const direct: Client = { address, port: socket.remotePort ?? 0 };
    if (!this.#proxies.has(address)) {
      this.#enter(socket, direct);
      return;
    }
    const { clock, onBadProxy } = this.#modules;
    const timeoutMs = this.#handshakeTimeoutMs;
    this.#noteArriving(socket);
    readProxyHeader(socket, {
      clock,
      timeoutMs,
      onDone: (introduction) => {
        this.#arriving.delete(socket);
        if (introduction.kind === 'refused') {
          socket.destroy();
          onBadProxy(address, introduction.text);
          return;
        }
        const peer = introduction.kind === 'header' ? introduction.peer : undefined;
        this.#enter(socket, peer === undefined ? direct : { ...peer, proxy: address });
      },
    });
  }

  /** Where it comes from is known. */
  #enter(socket: Socket, client: Client): void {
    const { admit, onSocket } = this.#modules;
    if (!admit(socket, client)) return;
    if (this.#tls === undefined) onSocket(socket, client);
    else this.#tls.take(socket, client.address, (secure) => onSocket(secure, client));
  }

  /** So that it does not hold the port's end up. */
  #noteArriving(socket: Socket): void {
    this.#arriving.add(socket);
    socket.once('close', () => this.#arriving.delete(socket));
  }
}
