import { bytesToHex, hexToBytes } from '../../src/chain/bytes.ts';
import type { Invariants } from './invariants.ts';
import { PEST_ACTS, PEST_SETTINGS, type PestKind } from './pest-acts.ts';
import type { SeededRandom } from './random.ts';
import type { OwnedClock } from './sim-clock.ts';
import type { SimLink, SimPeer } from './sim-link.ts';
import type { Reply } from './sim-miner.ts';
import { findShare, type MinerJob, readJob, type ShareKind, type SimShare } from './sim-share.ts';

const KEPT_JOBS = 6;
const KEPT_SHARES = 20;
/** A login that it wants to change its payout by; sim-kpss.ts pays it elsewhere. */
const OTHER_ACCOUNT = 'other';

interface SimPestOptions {
  readonly name: string;
  readonly kind: PestKind;
  readonly port: number;
}

interface SimPestModules {
  readonly clock: OwnedClock;
  readonly random: SeededRandom;
  readonly invariants: Invariants;
  readonly connect: (peer: SimPeer) => SimLink | undefined;
  /** Jobs and prefixes of the honest ones, which it overheard. */
  readonly others: () => readonly {
    readonly job: MinerJob | undefined;
    readonly prefixHex: string | undefined;
  }[];
}

/** Somebody who means no good: it speaks stratum as far as it serves it, and does what its kind does. */
export class SimPest implements SimPeer {
  readonly name: string;
  readonly kind: PestKind;
  readonly port: number;
  readonly isHonest = false;
  readonly random: SeededRandom;
  readonly #modules: SimPestModules;
  #link: SimLink | undefined;
  #isGone = false;
  #nextId = 1;
  #shareTarget: Uint8Array = new Uint8Array(32);
  #account: string | undefined;
  readonly #asked = new Map<number, string>();
  jobs: MinerJob[] = [];
  shares: SimShare[] = [];
  prefixHex: string | undefined;
  /** Of this connection: refusals of what is no request. */
  #garbageCount = 0;

  constructor({ name, kind, port }: SimPestOptions, modules: SimPestModules) {
    this.name = name;
    this.kind = kind;
    this.port = port;
    this.random = modules.random;
    this.#modules = modules;
  }

  get isReading(): boolean {
    return this.kind !== 'never-reads';
  }

  get link(): SimLink | undefined {
    return this.#link;
  }

  start(): void {
    const { clock, random } = this.#modules;
    clock.setTimer(random.waitMs(PEST_SETTINGS[this.kind].meanMs), () => {
      if (this.#isGone) return;
      if (this.#link === undefined) this.#connect();
      else PEST_ACTS[this.kind](this);
      this.start();
    });
  }

  leave(): void {
    this.#isGone = true;
    this.hangUp();
  }

  hangUp(): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#link = undefined;
    this.#modules.invariants.left(link);
    link.hangUp();
  }

  /** Anything. */
  send(text: string | Uint8Array): void {
    this.#link?.transmit(text);
  }

  /** @param share what it submits, if it does: its verdict is looked at */
  ask(method: string, params: readonly unknown[], share?: SimShare): void {
    this.send(`${this.request(method, params, share)}\n`);
  }

  /** The same without sending it. */
  request(method: string, params: readonly unknown[], share?: SimShare): string {
    const id = this.#nextId++;
    const isAnswered = !String(params[0]).startsWith('never.');
    if (isAnswered && (share !== undefined || method === 'mining.authorize')) {
      this.#link?.requests.set(id, { id, share, handledMs: undefined, replies: 0 });
      if (share === undefined) this.#asked.set(id, String(params[0]));
    }
    return JSON.stringify({ id, method, params });
  }

  logIn(account = 'a'): void {
    this.ask('mining.subscribe', [this.kind]);
    this.ask('mining.authorize', [`${account}.${this.name}`, 'x']);
  }

  logInElsewhere(): void {
    this.ask('mining.authorize', [`${OTHER_ACCOUNT}.${this.name}`, 'x']);
  }

  find(kind: ShareKind, job: MinerJob): SimShare | undefined {
    const share = findShare(kind, job, this.prefixHex ?? '0000', this.random);
    if (share?.kind === 'honest') this.shares = [...this.shares, share].slice(-KEPT_SHARES);
    return share;
  }

  /** @param spell how its hex is written */
  submit(share: SimShare, spell: (hex: string) => string = (hex) => hex): void {
    const { job, nonce, mixHash, kind } = share;
    const id = kind === 'no-such-job' ? 'beef' : job.id;
    const header = kind === 'wrong-header' ? 'ab'.repeat(32) : job.headerHashHex;
    const nonceHex = nonce
      .toString(16)
      .padStart(16, '0')
      .slice(kind === 'malformed' ? 1 : 0);
    const fields = [nonceHex, header, bytesToHex(mixHash)].map((hex) => `0x${spell(hex)}`);
    this.ask('mining.submit', [`a.${this.name}`, spell(id), ...fields], share);
  }

  /** Of an honest miner, if there is one at work. */
  overheard(): { readonly job: MinerJob; readonly prefixHex: string } | undefined {
    for (const { job, prefixHex } of this.#modules.others()) {
      if (job !== undefined && prefixHex !== undefined) return { job, prefixHex };
    }
    return undefined;
  }

  received(link: SimLink, text: string): void {
    if (link !== this.#link) return;
    for (const line of text.split('\n')) if (line !== '') this.#take(link, JSON.parse(line));
  }

  closed(link: SimLink): void {
    if (link !== this.#link) return;
    this.#modules.invariants.left(link);
    this.#link = undefined;
  }

  #connect(): void {
    this.#link = this.#modules.connect(this);
    this.jobs = [];
    this.shares = [];
    this.prefixHex = undefined;
    this.#account = undefined;
    this.#asked.clear();
    this.#garbageCount = 0;
    if (PEST_SETTINGS[this.kind].logsIn && this.#link !== undefined)
      this.logIn(PEST_SETTINGS[this.kind].account);
  }

  #take(link: SimLink, message: { id: unknown; method?: string; params?: unknown[] }): void {
    const { invariants } = this.#modules;
    if (message.method === 'mining.set_target') {
      this.#shareTarget = hexToBytes(String(message.params?.[0]).replace('0x', ''));
    } else if (message.method === 'mining.notify') {
      const job = readJob(message.params ?? [], this.#shareTarget);
      this.jobs = [...this.jobs, job].slice(-KEPT_JOBS);
      invariants.notified(link, job, this.prefixHex ?? '');
    } else this.#takeReply(link, message.id, message as unknown as Reply);
  }

  #takeReply(link: SimLink, id: unknown, reply: Reply): void {
    const { invariants } = this.#modules;
    link.replyCount += 1;
    if (link.replyCount > link.handledCount)
      invariants.fail('one reply to each request', `${this.name} got more of them than it asked`);
    // A flooder is answered with other lists, too.
    if (Array.isArray(reply.result) && reply.result.length === 2) {
      this.prefixHex = String(reply.result[1]);
      invariants.prefixGiven(link, this.prefixHex);
    }
    if (reply.error?.[1].startsWith('not ') && reply.error[0] === 20) this.#garbageCount += 1;
    // Ten of them are a hundred demerits, and it has no share that would buy one off.
    if (this.#garbageCount > 10) invariants.fail('who sends garbage is shut out', this.name);
    if (typeof id !== 'number' || !link.requests.has(id)) return;
    invariants.replied(link, id, reply);
    const account = this.#asked.get(id)?.split('.')[0];
    if (account === undefined || reply.error !== null) return;
    if (this.#account !== undefined && this.#account !== account)
      invariants.fail('one connection pays one address', `${this.name} logged in for another`);
    this.#account = account;
  }
}
