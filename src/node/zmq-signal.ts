import { bytesToHex } from '../chain/bytes.ts';
import type { Clock, Log, Timer } from '../mining/ports.ts';
import { TokenBucket } from '../mining/token-bucket.ts';
import type { SignalReport, TipSignal, TipSignalHandlers } from './tip-signal.ts';
import type { ZmqSubscribe, ZmqSubscription } from './zmq-subscriber.ts';

export interface ZmqSignalOptions extends TipSignalHandlers {
  /** The node's name. */
  readonly node: string;
  /** As raven.conf has it in zmqpubhashblock: `tcp://127.0.0.1:28332`. */
  readonly endpoint: string;
}

interface ZmqSignalModules {
  readonly clock: Pick<Clock, 'nowMs' | 'setTimer'>;
  readonly log: Pick<Log, 'warn'>;
  readonly subscribe: ZmqSubscribe;
}

const TOPIC = 'hashblock';
const HASH_BYTES = 32;
const COUNTER_BYTES = 4;
/** A subscription that broke, which no outage of the node does, is opened again after this long. */
const OPEN_AGAIN_MS = 5_000;
/**
 * Not connected for so long, it is opened anew: the package itself never comes back to an endpoint where something spoke
 * another protocol, as a tunnel or another program may for a moment. Its own attempts have had a dozen goes by then.
 */
const GIVE_UP_MS = 15_000;
/** ravend's: topic, hash, counter. One of hundreds of frames is another program's, and costs more than a look. */
const FRAMES_MAX = 3;
/** ravend sends a block a minute, and some dozens a second while it catches up with a few hundred. */
const MESSAGES = { tokensMax: 1_200, perS: 50 };
/** What floods is another program, or a mistake: nothing is lost by not listening to it. */
const FLOOD_PAUSE_MS = 60_000;
/** What publishes there may miscount in every message, hundreds of times a second. */
const MISSED_TOLD_EVERY_MS = 60_000;

/**
 * ravend's ZMQ announcements of new tips: topic, block hash in display order, and a counter per topic from 0 at the
 * node's start, by which gaps are seen. Connections are made again by the package.
 * Source: Ravencoin Core, src/zmq/zmqpublishnotifier.cpp; recorded messages
 */
export function createZmqSignal(options: ZmqSignalOptions, modules: ZmqSignalModules): TipSignal {
  return new ZmqSignal(options, modules);
}

class ZmqSignal implements TipSignal {
  readonly #options: ZmqSignalOptions;
  readonly #modules: ZmqSignalModules;
  readonly #messages: TokenBucket;
  #report: SignalReport;
  #subscription: ZmqSubscription | undefined;
  #openAgain: Timer | undefined;
  /** Runs while it is open. */
  #giveUp: Timer | undefined;
  #opening: Promise<void> = Promise.resolve();
  #stopped = false;
  /** It worked before: then nothing is missing in raven.conf. */
  #wasOn = false;
  #lastCounter: number | undefined;
  #missed = 0;
  #missedTold = 0;
  #missedToldAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ZmqSignalOptions, modules: ZmqSignalModules) {
    this.#options = options;
    this.#modules = modules;
    this.#messages = new TokenBucket(MESSAGES, modules.clock.nowMs());
    const sentence = `Connecting to ${options.endpoint}.`;
    this.#report = { signal: 'zmq', node: options.node, state: 'connecting', sentence };
  }

  start(): void {
    this.#opening = this.#open();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#openAgain?.cancel();
    await this.#opening;
    this.#giveUp?.cancel();
    this.#subscription?.close();
  }

  report(): SignalReport {
    return this.#report;
  }

  async #open(): Promise<void> {
    const { endpoint } = this.#options;
    try {
      const subscription = await this.#modules.subscribe(endpoint, TOPIC, {
        onConnected: () => this.#set('on', this.#listening()),
        onDisconnected: () => {
          // A restarted node counts from 0 again; the first message decides.
          this.#lastCounter = undefined;
          this.#set('failed', lost(endpoint));
        },
        onRefused: () => this.#set('failed', this.#wasOn ? gone(endpoint) : refused(endpoint)),
        onMessage: (frames) => {
          if (!this.#messages.take(this.#modules.clock.nowMs())) this.#flooded();
          else if (frames.length <= FRAMES_MAX) this.#take(frames);
        },
        onBroken: (error) => this.#broken(error),
      });
      this.#subscription = subscription;
      this.#watch();
    } catch (error) {
      if (this.#stopped) return;
      if (isMissing(error)) {
        this.#set(
          'off',
          'The optional package zeromq is not installed or does not run on this system. The command npm install zeromq adds it; without it the other signals do the work.',
        );
        return;
      }
      const why = error instanceof Error ? error.message : String(error);
      this.#set(
        'failed',
        `${endpoint} cannot be used: ${why}. Set zmq to what raven.conf has in zmqpubhashblock.`,
      );
      // Perhaps only for now, as with too many open files.
      this.#openAgain = this.#modules.clock.setTimer(OPEN_AGAIN_MS, () => {
        this.#opening = this.#open();
      });
    }
  }

  #watch(): void {
    this.#giveUp = this.#modules.clock.setTimer(GIVE_UP_MS, () => {
      if (this.#report.state === 'on') {
        this.#watch();
        return;
      }
      this.#subscription?.close();
      this.#subscription = undefined;
      this.#opening = this.#open();
    });
  }

  /** Not an outage, which the package deals with by itself. */
  #broken(error: unknown): void {
    if (this.#stopped) return;
    const why = error instanceof Error ? error.message : String(error);
    this.#set('failed', `Listening to ${this.#options.endpoint} failed: ${why}. KPSS tries again.`);
    this.#pause(OPEN_AGAIN_MS);
  }

  #flooded(): void {
    this.#set(
      'failed',
      `${this.#options.endpoint} sends more messages than a node does. KPSS listens again in a minute; see that zmq names the node's zmqpubhashblock.`,
    );
    this.#pause(FLOOD_PAUSE_MS);
  }

  #pause(pauseMs: number): void {
    this.#giveUp?.cancel();
    this.#subscription?.close();
    this.#subscription = undefined;
    this.#openAgain?.cancel();
    this.#openAgain = this.#modules.clock.setTimer(pauseMs, () => {
      this.#opening = this.#open();
    });
  }

  /** Frames that are not ravend's are passed over: another program may publish there. */
  #take([topic, hash, counter]: readonly Uint8Array[]): void {
    if (topic === undefined || new TextDecoder().decode(topic) !== TOPIC || hash?.length !== HASH_BYTES)
      return;
    if (counter?.length === COUNTER_BYTES) this.#count(counter);
    if (this.#report.state !== 'on') this.#set('on', this.#listening());
    this.#options.onTip(bytesToHex(hash));
  }

  /** What was missed needs no catching up: the newest hash is the tip, and polling sees it too. It is worth a word. */
  #count(frame: Uint8Array): void {
    const counter = new DataView(frame.buffer, frame.byteOffset, COUNTER_BYTES).getUint32(0, true);
    const expected = this.#lastCounter === undefined ? counter : (this.#lastCounter + 1) >>> 0;
    this.#lastCounter = counter;
    // Fewer than expected: the node was started again.
    if (counter <= expected) return;
    this.#missed += counter - expected;
    const nowMs = this.#modules.clock.nowMs();
    if (nowMs - this.#missedToldAtMs < MISSED_TOLD_EVERY_MS) return;
    const missed = this.#missed - this.#missedTold;
    this.#missedTold = this.#missed;
    this.#missedToldAtMs = nowMs;
    const { node, endpoint } = this.#options;
    this.#modules.log.warn({ node, endpoint, missed }, `${missed} ZMQ announcements of ${node} were missed`);
    this.#set('on', this.#listening());
  }

  #listening(): string {
    const missed = this.#missed === 0 ? '' : ` ${this.#missed} announcements were missed so far.`;
    return `Listens to ${this.#options.endpoint}.${missed}`;
  }

  #set(state: SignalReport['state'], sentence: string): void {
    if (this.#stopped || (state === this.#report.state && sentence === this.#report.sentence)) return;
    if (state === 'on') this.#wasOn = true;
    this.#report = { ...this.#report, state, sentence };
    this.#options.onReport(this.#report);
  }
}

function refused(endpoint: string): string {
  return `${endpoint} does not answer. Put zmqpubhashblock=${endpoint} into raven.conf, with an address that this machine can reach, and restart the node. KPSS keeps trying.`;
}

function gone(endpoint: string): string {
  return `${endpoint} does not answer any more; the node may be restarting. KPSS keeps trying, and learns of new blocks in other ways meanwhile.`;
}

function lost(endpoint: string): string {
  return `${endpoint} closed the connection. If this lasts, see that raven.conf has zmqpubhashblock=${endpoint}, and where a tunnel leads there, that it leads to the right port. KPSS keeps trying.`;
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  // A native part that this system cannot load throws a plain error on import.
  return (
    code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED' || /native|addon/i.test(String(error))
  );
}
