import type { Payout } from '../../src/chain/payout.ts';
import type { GateTurns } from '../../src/stratum/candidate-gate.ts';
import { Connection } from '../../src/stratum/connection.ts';
import { LINE_BYTES_MAX } from '../../src/stratum/lines.ts';
import type { ParsedRequest } from '../../src/stratum/messages.ts';
import type { StratumServerModules } from '../../src/stratum/server.ts';
import { Session, type SessionOptions } from '../../src/stratum/session.ts';
import type { CloseReason, Handled } from '../../src/stratum/wire.ts';
import type { Invariants } from './invariants.ts';
import type { SeededRandom } from './random.ts';
import type { OwnedClock } from './sim-clock.ts';
import type { SimRequest } from './sim-miner.ts';
import { SimSocket } from './sim-socket.ts';

/** Lines of one connection in one turn, as stratum/connection.ts has it. */
const LINES_PER_TURN_MAX = 100;
/** What one turn's replies and a job can add to a backlog before it is looked at. */
const ONE_TURN_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/** It may wait for a login before it, and then has five seconds to read. */
const TOO_LONG_WITHIN_MS = 10_000;
/** Who said goodbye gets five seconds to read; before, a flood may have to rest for a few. */
const GONE_WITHIN_MS = 15_000;
/** A login's answer is waited for until its time is up, which a sweep finds every five seconds; then come these seven. */
const LOGIN_LOOK_MS = 5_000;

/** Whoever is at the other end of a connection. */
export interface SimPeer {
  readonly name: string;
  /** It does nothing wrong, so nothing may happen to it. */
  readonly isHonest: boolean;
  /** It takes what is sent to it. */
  readonly isReading: boolean;
  /** Which of the ports; any number. */
  readonly port: number;
  received(link: SimLink, text: string): void;
  closed(link: SimLink): void;
}

export interface SimServerModules extends StratumServerModules {
  /** The world's: what was sent arrives even when the sender is gone. */
  readonly network: OwnedClock;
  /** Of the process. */
  readonly clock: OwnedClock;
  readonly random: SeededRandom;
  readonly invariants: Invariants;
  /** Who is paid for a login, where that is changed. */
  paid(userName: string, usual: (userName: string) => Payout | undefined): Payout | undefined;
}

interface SimLinkModules extends SimServerModules {
  readonly miner: SimPeer;
  readonly gateTurns: GateTurns;
  readonly onGone: () => void;
}

/** The real session, looked at before and after each line. */
class WatchedSession extends Session {
  link: SimLink | undefined;

  override handle(parsed: ParsedRequest): Handled {
    // What waited for a login may be handled after the end, to no effect.
    if (this.link?.isOpen !== true) return super.handle(parsed);
    this.link.before(parsed);
    const handled = super.handle(parsed);
    this.link.after(parsed, handled);
    return handled;
  }
}

/** One connection: bytes in chunks of any size and in order to the real connection, lines in order to the miner. */
export class SimLink {
  readonly session: WatchedSession;
  readonly miner: SimPeer;
  /** What the miner sent, by id. */
  readonly requests = new Map<number, SimRequest>();
  /** Lines that want a reply each, and replies that came back. */
  handledCount = 0;
  replyCount = 0;
  /** Of requests that are no shares: the id of the last that was answered. */
  lastPlainReply = 0;
  readonly #modules: SimLinkModules;
  readonly #options: SessionOptions;
  readonly #socket: SimSocket;
  readonly #latencyMs: number;
  readonly #gone: Promise<void>;
  #isOpen = true;
  #goodbyeMs: number | undefined;
  #loginsWaiting = 0;
  #linesOfTurn = 0;
  /** Of a line that has no end yet, and since when it has been too long. */
  #lineBytes = 0;
  #tooLongMs: number | undefined;

  constructor(options: SessionOptions, modules: SimLinkModules) {
    const { miner, random, clock, invariants } = modules;
    this.miner = miner;
    this.#modules = modules;
    this.#options = options;
    this.#latencyMs = random.pick([0, 1, 5, 40]);
    this.#socket = new SimSocket({
      clock,
      isRead: miner.isReading,
      deliver: (text) => this.#toMiner(() => miner.received(this, text)),
    });
    const onFault = (error: unknown) =>
      invariants.fail('no fault within', error instanceof Error ? `${error.stack}` : String(error));
    let gone: () => void;
    this.#gone = new Promise((resolve) => {
      gone = resolve;
    });
    const onClosed = (reason: CloseReason | undefined): void => {
      this.#isOpen = false;
      modules.onGone();
      gone();
      invariants.closed(this, reason);
      this.#toMiner(() => miner.closed(this));
    };
    const { limits } = options;
    const connection = new Connection(this.#socket.asSocket(), { clock, limits, onClosed, onFault });
    this.session = new WatchedSession(options, { ...modules, wire: connection, onFault });
    this.session.link = this;
    connection.start(this.session);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** From the miner. */
  transmit(text: string | Uint8Array): void {
    const { network, random } = this.#modules;
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    const cut = random.chance(0.2) ? random.int(0, bytes.length) : bytes.length;
    for (const chunk of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      if (chunk.length > 0) network.setTimer(this.#latencyMs, () => this.#arrive(chunk));
    }
  }

  /** From the miner: it hangs up. What it sent before still arrives. */
  hangUp(): void {
    this.#modules.network.setTimer(this.#latencyMs, () => {
      this.#goodbyeMs = this.#modules.network.nowMs();
      this.#arrive(undefined);
    });
  }

  /** The server stops. @returns when it is closed */
  shut(): Promise<void> {
    this.#socket.destroySoon();
    return this.#gone;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The server's process is gone. */
  cut(): void {
    this.#isOpen = false;
    this.#toMiner(() => this.miner.closed(this));
  }

  before(parsed: ParsedRequest): void {
    const { invariants, jobs } = this.#modules;
    if (this.#linesOfTurn === 0) {
      queueMicrotask(() => {
        this.#linesOfTurn = 0;
      });
    }
    this.#linesOfTurn += 1;
    if (this.#linesOfTurn > LINES_PER_TURN_MAX)
      invariants.fail('a flood leaves others their turn', `${this.miner.name} got more lines into one`);
    if (this.#loginsWaiting > 0) invariants.fail('lines wait for a login before them', this.miner.name);
    if (!parsed.ok || parsed.request.method !== 'none') this.handledCount += 1;
    invariants.beforeHandling(this, parsed, jobs);
  }

  after(parsed: ParsedRequest, handled: Handled): void {
    this.#modules.invariants.afterHandling(this, parsed, handled === 'new-turn');
    if (!(handled instanceof Promise)) return;
    this.#loginsWaiting += 1;
    void handled.then(() => {
      this.#loginsWaiting -= 1;
    });
  }

  /** Looks whether what this connection can make grow is within its bounds. */
  checkBounds(): void {
    const { invariants, network } = this.#modules;
    const { limits } = this.#options;
    const waiting = this.#socket.writableLength;
    if (waiting > limits.backlogBytesMax + ONE_TURN_BYTES)
      invariants.fail('sizes are bounded', `${waiting} bytes wait for ${this.miner.name}`);
    if (this.#tooLongMs !== undefined && network.nowMs() - this.#tooLongMs > TOO_LONG_WITHIN_MS)
      invariants.fail('a line without end is not listened to', this.miner.name);
    if (this.#goodbyeMs === undefined) return;
    const loginMs = this.#loginsWaiting > 0 ? limits.loginTimeoutMs + LOGIN_LOOK_MS : 0;
    if (network.nowMs() - this.#goodbyeMs > GONE_WITHIN_MS + loginMs)
      invariants.fail('who left is let go', `${this.miner.name} left long ago`);
  }

  #arrive(chunk: Uint8Array | undefined): void {
    if (!this.#isOpen) return;
    const end = chunk?.lastIndexOf(NEWLINE) ?? -1;
    this.#lineBytes = (end < 0 ? this.#lineBytes : -end - 1) + (chunk?.length ?? 0);
    if (this.#lineBytes > LINE_BYTES_MAX) this.#tooLongMs ??= this.#modules.network.nowMs();
    this.#socket.arrive(chunk);
  }

  #toMiner(what: () => void): void {
    this.#modules.network.setTimer(this.#latencyMs, what);
  }
}
