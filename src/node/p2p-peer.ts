import { hexToBytes } from '../chain/bytes.ts';
import type { Log, Timer } from '../mining/ports.ts';
import { backoffMs } from './backoff.ts';
import { type ConnectionEnd, type ConnectionModules, P2pConnection } from './p2p-connection.ts';
import { connectionEndText } from './p2p-end-text.ts';
import type { SignalReport, TipSignal, TipSignalHandlers } from './tip-signal.ts';

/** A node that restarts is back in seconds; one that is away for long is asked at this pace. */
const FIRST_RETRY_MS = 500;
const RETRY_MS_MAX = 30_000;
/** A port that nobody promised us is looked for now and then only. */
const AUTO_RETRY_MS = 60_000;
/** A connection that held so long was a good one; the next failure counts as the first again. */
const STEADY_AFTER_MS = 60_000;

interface P2pPeerOptions {
  /** The node's name, as it is reported. */
  readonly node: string;
  readonly host: string;
  readonly port: number;
  /** Nobody asked for this port: that it does not answer is no failure. */
  readonly isAuto: boolean;
  /** With its magic; where that is not known there is no P2P. */
  readonly network: { readonly coin: string; readonly name: string; readonly magicHex: string };
  /** Of this program: `0.1.0`. */
  readonly version: string;
}

interface P2pPeerModules extends ConnectionModules {
  readonly handlers: TipSignalHandlers;
  readonly log: Log;
}

/**
 * A node's P2P port as a tip signal, and as a second way for a block. Keeps a connection standing: tries again by
 * itself, at once after a loss and then ever more seldom.
 *
 * A tip may be announced a moment before the node's RPC names it; whoever listens has to ask again then.
 */
export class P2pPeer implements TipSignal {
  readonly #options: P2pPeerOptions;
  readonly #modules: P2pPeerModules;
  readonly #at: string;
  #report: SignalReport;
  #connection: P2pConnection | undefined;
  #retry: Timer | undefined;
  #steady: Timer | undefined;
  #failures = 0;
  #wasOn = false;
  #stopped = false;

  constructor(options: P2pPeerOptions, modules: P2pPeerModules) {
    this.#options = options;
    this.#modules = modules;
    const { host, port } = options;
    this.#at = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    this.#report = this.#reportOf('connecting', `Connecting to the P2P port ${this.#at}.`);
  }

  start(): void {
    if (this.#stopped || this.#connection !== undefined || this.#retry !== undefined) return;
    this.#modules.handlers.onReport(this.#report);
    this.#connect();
  }

  /** The node is back: the next attempt, which may be a minute off, comes now. */
  wake(): void {
    if (this.#stopped || this.#retry === undefined) return;
    this.#retry.cancel();
    this.#connect();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#steady?.cancel();
    await this.#connection?.close();
  }

  report(): SignalReport {
    return this.#report;
  }

  /**
   * Writes a block to the node in this very tick, where a connection stands. An answer never comes: what the node makes
   * of it, its RPC says (`duplicate`, when this way was the faster one). ravend checks it like any block from the
   * network: one that breaks a rule, as a forged mix hash does, ends the connection, and a node on another machine bans
   * this one for a day unless its raven.conf has a whitelist line for it.
   * @param blockHex the whole block
   * @returns whether it was written
   */
  sendBlock(blockHex: string): boolean {
    return this.#connection?.sendBlock(blockHex) ?? false;
  }

  #connect(): void {
    const { host, port, network, version } = this.#options;
    this.#retry = undefined;
    this.#connection = new P2pConnection(
      { host, port, magic: hexToBytes(network.magicHex), userAgent: `/KPSS:${version}/` },
      this.#modules,
      {
        onOpen: (userAgent) => this.#opened(userAgent),
        onTip: (hashHex) => {
          if (!this.#stopped) this.#modules.handlers.onTip(hashHex);
        },
        onReject: (rejected, reason) => this.#rejected(rejected, reason),
        onEnd: (end) => this.#ended(end),
      },
    );
  }

  #opened(userAgent: string): void {
    this.#wasOn = true;
    this.#steady = this.#modules.clock.setTimer(STEADY_AFTER_MS, () => {
      this.#failures = 0;
    });
    this.#say('on', `Listens to ${userAgent || 'a node without a name'} at ${this.#at}.`);
  }

  #rejected(rejected: string, reason: string): void {
    // Most often the block came by RPC just before.
    if (rejected !== 'block' || reason === 'duplicate') return;
    const { node } = this.#options;
    this.#modules.log.warn({ node, reason }, `the node ${node} refuses a block that came by P2P: ${reason}`);
  }

  #ended(end: ConnectionEnd): void {
    if (this.#stopped) return;
    this.#steady?.cancel();
    this.#failures += 1;
    const isLookingAround = this.#options.isAuto && !this.#wasOn;
    const delayMs = isLookingAround ? AUTO_RETRY_MS : backoffMs(this.#failures, FIRST_RETRY_MS, RETRY_MS_MAX);
    this.#retry = this.#modules.clock.setTimer(delayMs, () => this.#connect());
    const { coin, name } = this.#options.network;
    if (isLookingAround && (end.kind === 'unreachable' || end.kind === 'no-answer')) {
      this.#say(
        'off',
        `No P2P port at ${this.#at}, so new blocks are learned of in other ways. It is looked for every minute.`,
      );
    } else this.#say('failed', `${connectionEndText(end, this.#at, `${coin} ${name}`)} KPSS keeps trying.`);
  }

  #say(state: SignalReport['state'], sentence: string): void {
    if (this.#report.state === state && this.#report.sentence === sentence) return;
    this.#report = this.#reportOf(state, sentence);
    this.#modules.handlers.onReport(this.#report);
  }

  #reportOf(state: SignalReport['state'], sentence: string): SignalReport {
    return { signal: 'p2p', node: this.#options.node, state, sentence };
  }
}
