import { bytesToHex, hexToBytes } from '../../src/chain/bytes.ts';
import type { Invariants } from './invariants.ts';
import type { SeededRandom } from './random.ts';
import type { OwnedClock } from './sim-clock.ts';
import type { SimLink, SimPeer } from './sim-link.ts';
import { findShare, type MinerJob, readJob, type ShareKind, type SimShare } from './sim-share.ts';

/** Something that wants one answer. */
export interface SimRequest {
  readonly id: number;
  readonly share: SimShare | undefined;
  /** When the server's session was given it. */
  handledMs: number | undefined;
  replies: number;
}

interface SimMinerModules {
  readonly clock: OwnedClock;
  readonly random: SeededRandom;
  readonly invariants: Invariants;
  readonly connect: (miner: SimMiner) => SimLink | undefined;
}

interface SimMinerOptions {
  readonly name: string;
  readonly port: number;
  /** From one share to the next. */
  readonly meanShareMs: number;
  /** How often it does something that it should not. */
  readonly mischief: number;
}

const KEPT_JOBS = 4;

/** A miner that finds shares by chance, at the real final hash, and hangs up now and then. */
export class SimMiner implements SimPeer {
  readonly name: string;
  readonly #options: SimMinerOptions;
  readonly #modules: SimMinerModules;
  #link: SimLink | undefined;
  #prefixHex: string | undefined;
  #isLoggedIn = false;
  /** Newest last. */
  #jobs: MinerJob[] = [];
  #shareTarget: Uint8Array = new Uint8Array(32);
  #nextId = 1;
  #lastShare: SimShare | undefined;
  #isResting = false;
  #isGone = false;
  accepted = 0;

  constructor(options: SimMinerOptions, modules: SimMinerModules) {
    this.name = options.name;
    this.#options = options;
    this.#modules = modules;
  }

  get isHonest(): boolean {
    return this.#options.mischief === 0;
  }

  get isReading(): boolean {
    return true;
  }

  get port(): number {
    return this.#options.port;
  }

  get link(): SimLink | undefined {
    return this.#link;
  }

  get job(): MinerJob | undefined {
    return this.#jobs.at(-1);
  }

  get jobs(): readonly MinerJob[] {
    return this.#jobs;
  }

  get prefixHex(): string | undefined {
    return this.#prefixHex;
  }

  start(): void {
    this.#connect();
    this.#mineLater();
  }

  /** Keeps its connection, and finds nothing. */
  rest(isResting: boolean): void {
    this.#isResting = isResting;
  }

  leave(): void {
    this.#isGone = true;
    this.hangUp();
  }

  hangUp(): void {
    const link = this.#link;
    this.#link = undefined;
    if (link === undefined) return;
    this.#modules.invariants.left(link);
    link.hangUp();
    this.#connectLater();
  }

  received(link: SimLink, text: string): void {
    if (link !== this.#link) return;
    for (const line of text.split('\n')) if (line !== '') this.#take(link, JSON.parse(line));
  }

  closed(link: SimLink): void {
    if (link !== this.#link) return;
    this.#modules.invariants.left(link);
    this.#link = undefined;
    this.#connectLater();
  }

  #connectLater(): void {
    const { clock, random } = this.#modules;
    if (!this.#isGone) clock.setTimer(random.int(50, 3_000), () => this.#connect());
  }

  #connect(): void {
    if (this.#link !== undefined || this.#isGone) return;
    this.#link = this.#modules.connect(this);
    this.#prefixHex = undefined;
    this.#isLoggedIn = false;
    this.#jobs = [];
    if (this.#link === undefined) {
      this.#connectLater();
      return;
    }
    this.#ask('mining.subscribe', ['simulated/1.0']);
    this.#ask('mining.authorize', [`a.${this.name}`, 'x']);
    // Many send these without waiting, too.
    this.#ask('mining.extranonce.subscribe', []);
    this.#ask('eth_submitHashrate', ['0x1000', '0x01']);
  }

  #ask(method: string, params: readonly unknown[], share?: SimShare): void {
    if (this.#link === undefined) return;
    const id = this.#nextId++;
    this.#link.requests.set(id, { id, share, handledMs: undefined, replies: 0 });
    this.#link.transmit(`${JSON.stringify({ id, method, params })}\n`);
  }

  #take(
    link: SimLink,
    message: { id: number | null; method?: string; params?: unknown[]; result?: unknown },
  ) {
    const { invariants } = this.#modules;
    if (message.method === 'mining.set_target') {
      this.#shareTarget = hexToBytes(String(message.params?.[0]).replace('0x', ''));
    } else if (message.method === 'mining.notify') {
      this.#jobs.push(readJob(message.params ?? [], this.#shareTarget));
      if (this.#jobs.length > KEPT_JOBS) this.#jobs.shift();
      invariants.notified(link, this.#jobs.at(-1) as MinerJob, this.#prefixHex ?? '');
    } else if (message.id !== null) {
      this.#takeReply(link, message.id, message as unknown as Reply);
    }
  }

  #takeReply(link: SimLink, id: number, reply: Reply): void {
    const { invariants } = this.#modules;
    const request = link.requests.get(id);
    if (request?.share !== undefined && reply.error === null) this.accepted += 1;
    if (Array.isArray(reply.result)) {
      this.#prefixHex = String(reply.result[1]);
      invariants.prefixGiven(link, this.#prefixHex);
    } else if (request?.share === undefined && reply.result === true) this.#isLoggedIn = true;
    invariants.replied(link, id, reply);
  }

  #mineLater(): void {
    const { clock, random } = this.#modules;
    clock.setTimer(random.waitMs(this.#options.meanShareMs), () => {
      if (this.#isGone) return;
      if (!this.#isResting) this.#mine();
      this.#mineLater();
    });
  }

  #mine(): void {
    const { random } = this.#modules;
    if (!this.#isLoggedIn || this.#prefixHex === undefined || this.job === undefined) return;
    const mischief = random.chance(this.#options.mischief);
    if (mischief && random.chance(0.1)) {
      this.hangUp();
      return;
    }
    const job = mischief || random.chance(0.1) ? random.pick(this.#jobs) : this.job;
    const kinds = ['honest', 'repeated', 'false-mix', 'too-easy', 'wrong-prefix', 'no-such-job'] as const;
    const share = this.#find(mischief ? random.pick(kinds) : 'honest', job);
    if (share !== undefined) this.#submit(share);
  }

  #submit(share: SimShare): void {
    const { job, nonce, mixHash, kind } = share;
    if (kind === 'honest') this.#lastShare = share;
    const nonceHex = nonce.toString(16).padStart(16, '0');
    const id = kind === 'no-such-job' ? 'beef' : job.id;
    const params = [`a.${this.name}`, id, `0x${nonceHex}`, job.headerHashHex, `0x${bytesToHex(mixHash)}`];
    this.#ask('mining.submit', params, share);
  }

  #find(kind: ShareKind, job: MinerJob): SimShare | undefined {
    const { random } = this.#modules;
    if (kind === 'repeated') {
      const last = this.#lastShare;
      return last !== undefined && this.#jobs.includes(last.job) ? { ...last, kind } : undefined;
    }
    return findShare(kind, job, this.#prefixHex ?? '', random);
  }
}

export interface Reply {
  readonly result: unknown;
  readonly error: readonly [number, string, null] | null;
}
