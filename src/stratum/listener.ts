import { createServer, type Server, type Socket } from 'node:net';
import { KpssError, listenTrouble } from '../error.ts';
import type { VardiffOptions } from '../mining/vardiff.ts';

/** How many connections the system holds for us while we are busy: a farm that comes back at once after a power cut. */
const BACKLOG = 4096;

/** One of an instance's ports. */
export interface PortOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** A fixed difficulty is a vardiff with no room. */
  readonly vardiff: VardiffOptions;
}

export interface ListenerModules {
  readonly connectionsMax: number;
  onSocket(socket: Socket): void;
  /** A connection was refused by the system's hand, since there are too many. */
  onDropped(remoteAddress: string | undefined): void;
  /** Accepting failed, as when file descriptors run out; it goes on. */
  onTrouble(error: Error): void;
}

/** One port for miners: takes connections, and hands each on when it is known where it comes from. */
export class Listener {
  readonly options: PortOptions;
  readonly #modules: ListenerModules;
  readonly #server: Server;

  constructor(options: PortOptions, modules: ListenerModules) {
    this.options = options;
    this.#modules = modules;
    this.#server = createServer({ noDelay: true }, (socket) => modules.onSocket(socket));
    this.#server.maxConnections = modules.connectionsMax;
    this.#server.on('drop', (dropped) => modules.onDropped(dropped?.remoteAddress));
  }

  /**
   * @returns the port it listens on
   * @throws KpssError KPSS_PORT_UNAVAILABLE when the port is taken or not allowed
   */
  async listen(): Promise<number> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const message = `cannot listen on ${host}:${port}: ${listenTrouble(cause)}`;
        reject(new KpssError('KPSS_PORT_UNAVAILABLE', message, { context: { host, port }, cause }));
      });
      this.#server.listen({ host, port, backlog: BACKLOG }, resolve);
    });
    this.#server.on('error', (error) => this.#modules.onTrouble(error));
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Stops accepting. Settled when the last of its connections is gone, too. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
