import { createServer, type Server, type Socket } from 'node:net';
import { KpssError, listenTrouble } from '../error.ts';
import type { PrefixAllocator } from '../mining/extranonce.ts';
import type { JobBook } from '../mining/job-book.ts';
import type { Clock, Log, Timer } from '../mining/ports.ts';
import { GateTurns } from './candidate-gate.ts';
import { Connection } from './connection.ts';
import { type CloseReason, Session, type SessionModules, type SessionOptions } from './session.ts';

/**
 * Connections in all. Each costs about 12 KiB and a prefix of 65,536; a farm of ten thousand cards behind single
 * connections fits twice.
 */
export const CONNECTIONS_MAX = 20_000;
/** A new job goes to this many sessions before the event loop gets a turn: about 10 ms of work. */
const FAN_OUT_SLICE = 500;
/** How often sessions are looked after. */
const SWEEP_INTERVAL_MS = 5_000;

export interface StratumServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly vardiff: SessionOptions['vardiff'];
}

export interface StratumServerModules
  extends Pick<
    SessionModules,
    'login' | 'onLogin' | 'judge' | 'onCandidate' | 'onWaitingCandidate' | 'onResult' | 'onEnd'
  > {
  readonly clock: Clock;
  readonly log: Log;
  readonly prefixes: PrefixAllocator;
  readonly jobs: JobBook;
}

/** What an instance needs of its miners' side. A simulation brings one without sockets. */
export interface MinersServer {
  /** @returns the port */
  listen(): Promise<number>;
  announceJob(): void;
  close(): Promise<void>;
  readonly minerCount: number;
}

/** The miners' port: takes connections, gives each a session, and hands every new job to all of them. */
export class StratumServer implements MinersServer {
  readonly #options: StratumServerOptions;
  readonly #modules: StratumServerModules;
  readonly #server: Server;
  readonly #sessions = new Map<Session, Socket>();
  readonly #gateTurns = new GateTurns();
  #nextSessionId = 1;
  #fanOut: Iterator<Session> | undefined;
  #sweepTimer: Timer | undefined;

  constructor(options: StratumServerOptions, modules: StratumServerModules) {
    this.#options = options;
    this.#modules = modules;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('drop', (dropped) => {
      modules.log.warn(
        { remote: dropped?.remoteAddress, connectionsMax: CONNECTIONS_MAX },
        'connection refused: too many',
      );
    });
  }

  get sessions(): Iterable<Session> {
    return this.#sessions.keys();
  }

  get connectionCount(): number {
    return this.#sessions.size;
  }

  /** Connections that logged in. */
  get minerCount(): number {
    let count = 0;
    for (const session of this.#sessions.keys()) if (session.workerName !== undefined) count += 1;
    return count;
  }

  /**
   * @returns the port it listens on
   * @throws KpssError KPSS_PORT_UNAVAILABLE when the port is taken or not allowed
   */
  async listen(): Promise<number> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const message = `cannot listen on ${host}:${port}: ${listenTrouble(cause)}`;
        reject(new KpssError('KPSS_PORT_UNAVAILABLE', message, { context: { host, port }, cause }));
      });
      this.#server.listen({ host, port, backlog: 4096 }, resolve);
    });
    // Accepting fails when file descriptors run out; those connected mine on, and later ones get through again.
    this.#server.on('error', (error) => this.#modules.log.error({ err: error }, 'stratum port'));
    this.#scheduleSweep();
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** There is a new template: every session gets a job of it, in slices so that shares are answered in between. */
  announceJob(): void {
    const running = this.#fanOut !== undefined;
    // Those who had the template before from a fan-out under way get the new one instead: it starts over.
    this.#fanOut = this.#sessions.keys();
    if (!running) this.#announceSlice();
  }

  /** Stops accepting, closes every connection. */
  async close(): Promise<void> {
    this.#sweepTimer?.cancel();
    this.#fanOut = undefined;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sessions.values()) socket.destroySoon();
    // Whoever does not read gets no more than a moment.
    const hurry = this.#modules.clock.setTimer(1_000, () => {
      for (const socket of this.#sessions.values()) socket.destroy();
    });
    await closed;
    hurry.cancel();
    this.#gateTurns.end();
  }

  #accept(socket: Socket): void {
    const remote = `${socket.remoteAddress}:${socket.remotePort}`;
    const id = String(this.#nextSessionId);
    this.#nextSessionId += 1;
    const connection = new Connection(socket, {
      onClosed: (reason) => {
        this.#sessions.delete(session);
        this.#logClosed(session, remote, reason);
      },
      onFault: (error) => onFault(error),
    });
    const onFault = (error: unknown) => {
      this.#modules.log.error(
        { err: error, session: id },
        'handling a miner failed within KPSS, please report this',
      );
      connection.close('fault');
    };
    const session = new Session(
      { id, vardiff: this.#options.vardiff },
      { ...this.#modules, gateTurns: this.#gateTurns, wire: connection, onFault },
    );
    this.#sessions.set(session, socket);
    connection.start(session);
    this.#modules.log.debug({ session: id, remote }, 'connected');
  }

  #logClosed(session: Session, remote: string, reason: CloseReason | undefined): void {
    const fields = { session: session.id, remote, worker: session.workerName, agent: session.agent, reason };
    const who = session.workerName === undefined ? 'connection' : `miner ${session.workerName}`;
    const message = reason === undefined ? `${who} left` : `${who} closed: ${reason}`;
    this.#modules.log[session.workerName === undefined ? 'debug' : 'info'](fields, message);
  }

  #announceSlice(): void {
    const sessions = this.#fanOut;
    if (sessions === undefined) return;
    for (let i = 0; i < FAN_OUT_SLICE; i++) {
      const next = sessions.next();
      if (next.done) {
        this.#fanOut = undefined;
        return;
      }
      next.value.offerJob();
    }
    setImmediate(() => this.#announceSlice());
  }

  #scheduleSweep(): void {
    this.#sweepTimer = this.#modules.clock.setTimer(SWEEP_INTERVAL_MS, () => {
      for (const session of this.#sessions.keys()) session.sweep();
      this.#scheduleSweep();
    });
  }
}
