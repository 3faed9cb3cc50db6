import type { Socket } from 'node:net';
import type { Payout } from '../chain/payout.ts';
import type { PrefixAllocator } from '../mining/extranonce.ts';
import type { JobBook } from '../mining/job-book.ts';
import type { Login } from '../mining/login.ts';
import type { Clock, Log, Timer } from '../mining/ports.ts';
import type { BanList } from './bans.ts';
import { GateTurns } from './candidate-gate.ts';
import { Connection } from './connection.ts';
import { type DoorReport, Entrance, type EntranceOptions } from './entrance.ts';
import type { BanningRules, StratumLimits } from './limits.ts';
import { type Client, Listener, type PortOptions } from './listener.ts';
import { MinerLog } from './miner-log.ts';
import { type Arrival, type MinerReport, reportMiners } from './miner-report.ts';
import { type Opening, Openings, type OpenPort } from './openings.ts';
import { banKey } from './peer-address.ts';
import { Session } from './session.ts';
import type { SessionModules } from './session-modules.ts';
import { Slices } from './slices.ts';
import type { ReadTls } from './tls-stage.ts';
import { HELD_MAX } from './waiting-room.ts';

/**
 * So many sessions get a new job before the event loop gets a turn: 4 ms of work, nearly all of it the system's
 * for a write of each, so that no turn takes 20 ms on a machine four times as slow or as busy.
 */
const SLICE = 200;
/** For another payout each gets a header of its own to work on, which is twice the work of all the rest. */
const PAYOUT_SLICE = 50;
/** At the end, what is being verified is waited for: its answer comes within 2 s, or nobody waits for it any more. */
const ANSWERS_WITHIN_MS = 2_000;
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
    'onLogin' | 'judge' | 'onCandidate' | 'onWaitingCandidate' | 'onResult' | 'onEnd'
  > {
  /** See Session. @param from where the miner comes in */
  login(userName: string, password: string, from?: Arrival): Login | Promise<Login>;
  readonly clock: Clock;
  readonly log: Log;
  readonly prefixes: PrefixAllocator;
  readonly jobs: JobBook;
  /** Who is shut out; those who deserve it are added. */
  readonly bans: BanList;
  /** Needed by ports with TLS. */
  readonly readTls?: ReadTls | undefined;
  /** A port is open from now on: at the start once all are. */
  onOpened?(opened: OpenPort): void;
}

/** What an instance needs of its miners' side. A simulation brings one without sockets. */
export interface MinersServer {
  /** @returns the ports, in order */
  listen(): Promise<number[]>;
  announceJob(): void;
  /**
   * Other rules, while the miners of ports that stay mine on: of a port with the same address, number and encryption its
   * miners get the new difficulty, and all else counts for who comes from now on. Ports that are not among these are
   * closed with their miners. None is opened.
   */
  release(options: StratumServerOptions): void;
  /**
   * The same, and opens those that are not open yet.
   * @throws KpssError KPSS_PORT_UNAVAILABLE, KPSS_TLS_CERTIFICATE of a new port; all else is as it should be, and a later
   *   call tries again
   */
  apply(options: StratumServerOptions): Promise<void>;
  /** Who is paid was changed; see Session. */
  usePayout(payoutFor: (userName: string) => Payout | undefined): void;
  close(): Promise<void>;
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
  readonly opening: Opening;
}

/** An instance's ports: takes connections, gives each a session, and hands every new job to all of them. */
export class StratumServer implements MinersServer {
  #options: StratumServerOptions;
  readonly #modules: StratumServerModules;
  readonly #openings: Openings;
  /** Shares that are being judged. */
  #judging = 0;
  #whenJudged: (() => void) | undefined;
  readonly #entrance: Entrance;
  readonly #minerLog: MinerLog;
  readonly #sessions = new Map<Session, Seat>();
  readonly #gateTurns = new GateTurns();
  #nextSessionId = 1;
  readonly #fanOut = this.#slices((session) => session.offerJob());
  /** While the node is away, all of them may get their work again in the same one. */
  readonly #sweep = this.#slices((session) => session.sweep());
  /** Whoever has not had its turn is paid as before by its present job, and by one that it gets meanwhile. */
  readonly #repay = this.#slices((session) => session.usePayout(this.#payoutFor), PAYOUT_SLICE);
  #payoutFor: (userName: string) => Payout | undefined = () => undefined;
  #sweepTimer: Timer | undefined;

  constructor(options: StratumServerOptions, modules: StratumServerModules) {
    this.#options = options;
    this.#modules = modules;
    this.#minerLog = new MinerLog(modules);
    this.#entrance = new Entrance(entranceOptions(options), {
      ...modules,
      onBan: (key) => this.#closeAllOf(key),
    });
    this.#openings = new Openings(options.ports, {
      log: modules.log,
      create: (port) => this.#createOpening(port),
      onOpened: (opened) => modules.onOpened?.(opened),
      onShut: (opening) => {
        for (const session of this.#sessionsOf(opening)) session.dismiss('port-closed');
      },
      onVardiff: (opening) => {
        for (const session of this.#sessionsOf(opening)) session.useVardiff(opening.port.vardiff);
      },
    });
  }

  readCertificates(): Promise<void> {
    return this.#openings.readCertificates();
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
    try {
      const ports = await this.#openings.open();
      this.#scheduleSweep();
      return ports;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** There is a new template: every session gets a job of it, in slices so that shares are answered in between. */
  announceJob(): void {
    // Where one is under way, those who had the template before get the new one instead: it begins anew.
    this.#fanOut.start();
  }

  release(options: StratumServerOptions): void {
    this.#options = options;
    const { limits, ports } = options;
    this.#entrance.useRules(entranceOptions(options));
    this.#openings.keepOnly(ports);
    const { handshakeTimeoutMs } = limits;
    const socketsMax = limits.connectionsMax + HELD_MAX;
    for (const { listener, port } of this.#openings.list) {
      listener.useRules({ proxies: port.proxies, socketsMax, handshakeTimeoutMs });
    }
  }

  async apply(options: StratumServerOptions): Promise<void> {
    this.release(options);
    await this.#openings.openMissing();
  }

  usePayout(payoutFor: (userName: string) => Payout | undefined): void {
    this.#payoutFor = payoutFor;
    this.#repay.start();
  }

  /** Stops accepting and reading, answers what is being verified, closes every connection. */
  async close(): Promise<void> {
    this.#sweepTimer?.cancel();
    this.#fanOut.stop();
    this.#sweep.stop();
    this.#repay.stop();
    const closed = this.#openings.close();
    this.#entrance.close();
    for (const { socket } of this.#sessions.values()) socket.pause();
    await this.#untilJudged();
    for (const { socket } of this.#sessions.values()) socket.destroySoon();
    // Whoever does not read gets no more than a moment.
    const hurry = this.#modules.clock.setTimer(1_000, () => {
      for (const { socket } of this.#sessions.values()) socket.destroy();
    });
    await closed;
    hurry.cancel();
    this.#gateTurns.end();
  }

  async #untilJudged(): Promise<void> {
    if (this.#judging === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenJudged = resolve;
    const enough = this.#modules.clock.setTimer(ANSWERS_WITHIN_MS, resolve);
    await promise;
    enough.cancel();
    // A verdict becomes a reply, and a reply a write, in the steps that follow it in this turn of the event loop.
    await new Promise((done) => setImmediate(done));
  }

  /** Counts what is under way. */
  #judge: StratumServerModules['judge'] = (share, sessionId, onLateVerdict) => {
    this.#judging += 1;
    return this.#modules.judge(share, sessionId, onLateVerdict).finally(() => {
      this.#judging -= 1;
      if (this.#judging === 0) this.#whenJudged?.();
    });
  };

  #createOpening(port: PortOptions): Opening {
    const { connectionsMax, handshakeTimeoutMs } = this.#options.limits;
    const listener = new Listener(port, {
      log: this.#modules.log,
      readTls: this.#modules.readTls,
      clock: this.#modules.clock,
      socketsMax: connectionsMax + HELD_MAX,
      handshakeTimeoutMs,
      admit: (socket, client) => this.#entrance.admit(socket, client),
      onSocket: (socket, client) => this.#accept(socket, client, opening),
      onBadProxy: (proxy, text) => {
        this.#modules.log.debug({ proxy }, `a proxy's header was refused: ${text}`);
        this.#entrance.noteBadProxy(proxy);
      },
      onDropped: (remote) => this.#entrance.noteDropped(remote),
      // Accepting fails when file descriptors run out; those connected mine on, and later ones get through again.
      onTrouble: (error) => this.#modules.log.error({ err: error }, 'stratum port'),
    });
    const opening: Opening = { port, listener, isOpen: false };
    return opening;
  }

  #accept(socket: Socket, client: Client, opening: Opening): void {
    const { limits } = this.#options;
    const { vardiff } = opening.port;
    const remote = remoteOf(client);
    const id = String(this.#nextSessionId);
    this.#nextSessionId += 1;
    const connection = new Connection(socket, {
      clock: this.#modules.clock,
      limits,
      onClosed: (reason) => {
        this.#sessions.delete(session);
        this.#minerLog.left(session, remote, reason);
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
        login: (userName, password) => this.#modules.login(userName, password, arrival),
        judge: this.#judge,
        gateTurns: this.#gateTurns,
        wire: connection,
        onFault,
        onLogin: (miner) => {
          this.#minerLog.joined(miner);
          this.#modules.onLogin(miner);
        },
        onResult: (result, from) => {
          this.#modules.onResult(result, from);
          this.#entrance.noteResult(client, result);
        },
        onFailedLogin: () => this.#entrance.noteFailedLogin(client),
      },
    );
    this.#sessions.set(session, { socket, connection, client, banKey: banKey(client.address), opening });
    connection.start(session);
    this.#modules.log.debug({ session: id, remote }, 'connected');
  }

  *#sessionsOf(opening: Opening): Iterable<Session> {
    for (const [session, seat] of this.#sessions) if (seat.opening === opening) yield session;
  }

  #closeAllOf(key: string): void {
    for (const { client, connection, banKey: itsKey } of this.#sessions.values())
      if (itsKey === key && !this.#entrance.isProxy(client)) connection.close('banned');
  }

  #slices(act: (session: Session) => void, size = SLICE): Slices<Session> {
    const all = () => this.#sessions.keys();
    return new Slices({ size, all, act, nextTurn: (goOn) => void setImmediate(goOn) });
  }

  #scheduleSweep(): void {
    this.#sweepTimer = this.#modules.clock.setTimer(SWEEP_INTERVAL_MS, () => {
      this.#sweep.start();
      this.#entrance.sweep();
      this.#minerLog.sweep();
      this.#scheduleSweep();
    });
  }
}

function entranceOptions({ limits, banning, ports }: StratumServerOptions): EntranceOptions {
  return { limits, banning, proxies: ports.flatMap(({ proxies = [] }) => proxies) };
}

/** For the log: `192.0.2.7:56324`, `[2001:db8::7]:56324 by way of 10.0.0.1`. */
function remoteOf({ address, port, proxy }: Client): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return proxy === undefined ? `${host}:${port}` : `${host}:${port} by way of ${proxy}`;
}
