import type { Socket } from 'node:net';
import type { PrefixAllocator } from '../mining/extranonce.ts';
import type { JobBook } from '../mining/job-book.ts';
import type { Clock, Log, Timer } from '../mining/ports.ts';
import type { BanList } from './bans.ts';
import { GateTurns } from './candidate-gate.ts';
import { Connection } from './connection.ts';
import { type DoorReport, Entrance } from './entrance.ts';
import type { BanningRules, StratumLimits } from './limits.ts';
import { type Client, Listener, type PortOptions } from './listener.ts';
import { type MinerReport, reportMiners } from './miner-report.ts';
import { banKey } from './peer-address.ts';
import { Session, type SessionModules } from './session.ts';
import type { ReadTls } from './tls-stage.ts';
import { HELD_MAX } from './waiting-room.ts';
import type { CloseReason } from './wire.ts';

/**
 * A new job goes to this many sessions before the event loop gets a turn: 4 ms of work, nearly all of it the system's
 * for a write of each, so that no turn takes 20 ms on a machine four times as slow or as busy.
 */
const FAN_OUT_SLICE = 200;
/** How often sessions are looked after. */
const SWEEP_INTERVAL_MS = 5_000;

export interface StratumServerOptions {
  /** At least one. */
  readonly ports: readonly PortOptions[];
  readonly limits: StratumLimits;
  readonly banning: BanningRules;
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
  /** Who is shut out; those who deserve it are added. */
  readonly bans: BanList;
  /** Needed by ports with TLS. */
  readonly readTls?: ReadTls | undefined;
}

/** What an instance needs of its miners' side. A simulation brings one without sockets. */
export interface MinersServer {
  /** @returns the ports, in order */
  listen(): Promise<number[]>;
  announceJob(): void;
  close(): Promise<void>;
  /** Of the ports in their order: SHA-256 of the certificate, undefined for a plain one. Known once they listen. */
  readonly fingerprints?: readonly (string | undefined)[];
  /**
   * Has new connections get the certificates that are on the disk now.
   * @throws KpssError KPSS_TLS_CERTIFICATE; ports whose certificate cannot be used keep the one they have
   */
  readCertificates?(): Promise<void>;
  readonly minerCount: number;
  /** The fastest miners, the fastest first. */
  miners(): MinerReport[];
  /** What goes on at the ports' door; left out where there is none. */
  doorReport?(): DoorReport;
}

/** A session's place: its socket, and who sits there. */
interface Seat {
  readonly socket: Socket;
  readonly connection: Connection;
  readonly client: Client;
  /** What a ban of it would be laid on. */
  readonly banKey: string | undefined;
}

/** An instance's ports: takes connections, gives each a session, and hands every new job to all of them. */
export class StratumServer implements MinersServer {
  readonly #options: StratumServerOptions;
  readonly #modules: StratumServerModules;
  readonly #listeners: readonly Listener[];
  readonly #entrance: Entrance;
  readonly #sessions = new Map<Session, Seat>();
  readonly #gateTurns = new GateTurns();
  #nextSessionId = 1;
  #fanOut: Iterator<Session> | undefined;
  #sweepTimer: Timer | undefined;

  constructor(options: StratumServerOptions, modules: StratumServerModules) {
    this.#options = options;
    this.#modules = modules;
    const { limits, banning, ports } = options;
    const { connectionsMax, handshakeTimeoutMs } = limits;
    this.#entrance = new Entrance(
      { limits, banning, proxies: ports.flatMap(({ proxies = [] }) => proxies) },
      { ...modules, onBan: (key) => this.#closeAllOf(key) },
    );
    this.#listeners = options.ports.map((port) => {
      const listener: Listener = new Listener(port, {
        clock: modules.clock,
        log: modules.log,
        readTls: modules.readTls,
        socketsMax: connectionsMax + HELD_MAX,
        handshakeTimeoutMs,
        admit: (socket, client) => this.#entrance.admit(socket, client),
        onSocket: (socket, client) => this.#accept(socket, client, port),
        onBadProxy: (proxy, text) => {
          modules.log.debug({ proxy }, `a proxy's header was refused: ${text}`);
          this.#entrance.noteBadProxy(proxy);
        },
        onDropped: (remote) => this.#entrance.noteDropped(remote),
        // Accepting fails when file descriptors run out; those connected mine on, and later ones get through again.
        onTrouble: (error) => modules.log.error({ err: error }, 'stratum port'),
      });
      return listener;
    });
  }

  get fingerprints(): readonly (string | undefined)[] {
    return this.#listeners.map(({ fingerprint }) => fingerprint);
  }

  async readCertificates(): Promise<void> {
    const read = await Promise.allSettled(this.#listeners.map((listener) => listener.readCertificate()));
    for (const result of read) if (result.status === 'rejected') throw result.reason;
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

  miners(): MinerReport[] {
    return reportMiners(this.#sessions.keys(), this.#modules.clock.nowMs());
  }

  doorReport(): DoorReport {
    return this.#entrance.report();
  }

  /**
   * @returns the ports it listens on, in the order of the options
   * @throws KpssError KPSS_PORT_UNAVAILABLE when one is taken or not allowed, KPSS_TLS_CERTIFICATE; the others are
   * closed again
   */
  async listen(): Promise<number[]> {
    const ports: number[] = [];
    try {
      for (const listener of this.#listeners) ports.push(await listener.listen());
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#scheduleSweep();
    return ports;
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
    const closed = Promise.all(this.#listeners.map((listener) => listener.close()));
    this.#entrance.close();
    for (const { socket } of this.#sessions.values()) socket.destroySoon();
    // Whoever does not read gets no more than a moment.
    const hurry = this.#modules.clock.setTimer(1_000, () => {
      for (const { socket } of this.#sessions.values()) socket.destroy();
    });
    await closed;
    hurry.cancel();
    this.#gateTurns.end();
  }

  #accept(socket: Socket, client: Client, { vardiff }: PortOptions): void {
    const { limits } = this.#options;
    const remote = remoteOf(client);
    const id = String(this.#nextSessionId);
    this.#nextSessionId += 1;
    const connection = new Connection(socket, {
      clock: this.#modules.clock,
      limits,
      onClosed: (reason) => {
        this.#sessions.delete(session);
        this.#logClosed(session, remote, reason);
        this.#entrance.noteClosed(client, reason);
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
    const { clock } = this.#modules;
    const arrival = { address: client.address, port: socket.localPort ?? 0, connectedMs: clock.nowMs() };
    const session = new Session(
      { id, vardiff, limits, arrival },
      {
        ...this.#modules,
        gateTurns: this.#gateTurns,
        wire: connection,
        onFault,
        onResult: (result, from) => {
          this.#modules.onResult(result, from);
          this.#entrance.noteResult(client, result);
        },
        onFailedLogin: () => this.#entrance.noteFailedLogin(client),
      },
    );
    this.#sessions.set(session, { socket, connection, client, banKey: banKey(client.address) });
    connection.start(session);
    this.#modules.log.debug({ session: id, remote }, 'connected');
  }

  #closeAllOf(key: string): void {
    for (const seat of this.#sessions.values()) if (seat.banKey === key) seat.connection.close('banned');
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
      this.#entrance.sweep();
      this.#scheduleSweep();
    });
  }
}

/** For the log: `192.0.2.7:56324`, `[2001:db8::7]:56324 by way of 10.0.0.1`. */
function remoteOf({ address, port, proxy }: Client): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return proxy === undefined ? `${host}:${port}` : `${host}:${port} by way of ${proxy}`;
}
