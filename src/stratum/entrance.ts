import type { Clock, Log } from '../mining/ports.ts';
import type { Ban, BanList, BanReason } from './bans.ts';
import { Doorkeeper, type DoorRefusal } from './door.ts';
import { FloodLog, type FloodTally } from './flood-log.ts';
import type { BanningRules, StratumLimits } from './limits.ts';
import type { Client } from './listener.ts';
import { Offences } from './offences.ts';
import { AddressRanges, banKey, peerAddress } from './peer-address.ts';
import type { ShareResult } from './share-desk.ts';
import { type HeldSocket, WaitingRoom } from './waiting-room.ts';
import type { CloseReason } from './wire.ts';

export interface EntranceOptions {
  readonly limits: StratumLimits;
  readonly banning: BanningRules;
  /** Of all ports: an address that is a proxy's at one port is not shut out of another. */
  readonly proxies: readonly string[];
}

export interface EntranceModules {
  readonly clock: Clock;
  readonly log: Log;
  readonly bans: BanList;
  /** Who has this key (peer-address.ts) is shut out from now on: its open connections are to be closed. */
  onBan(key: string): void;
}

/** What goes on at the entrance, for the status. */
export interface DoorReport {
  readonly connections: number;
  /** Refused, and not closed yet. */
  readonly held: number;
  readonly banned: number;
  /** Since the start. */
  readonly refused: Readonly<Record<DoorRefusal, number>>;
  /** Undefined when none was. */
  readonly lastRefusedMs: number | undefined;
}

const REFUSED_BECAUSE: Readonly<Record<DoorRefusal, string>> = {
  banned: 'it is banned, and will be let in again when its ban ends',
  full: 'there are as many connections as stratum.limits.connections allows',
  'address-full': 'it has as many connections as stratum.limits.connectionsPerAddress allows',
  'subnet-full': 'its neighbourhood has as many connections as stratum.limits.connectionsPerSubnet allows',
  'too-hasty': 'it connects more often than stratum.limits.connectsPerS allows',
};

const BANNED_FOR: Readonly<Record<BanReason, string>> = {
  'invalid-shares': 'too many of its shares were invalid',
  'wrong-mix': 'it sent wrong mix hashes again and again',
  garbage: 'it sent what is no stratum again and again',
  'failed-logins': 'too many of its logins were refused',
};

type ProxyTrouble = 'malformed' | 'unknown';

/** All ports' door: who may come in, who has to leave, and what the log says of it. */
export class Entrance {
  readonly #modules: EntranceModules;
  #options: EntranceOptions;
  #proxies: AddressRanges;
  readonly #keeper: Doorkeeper;
  readonly #offences: Offences;
  readonly #room: WaitingRoom;
  readonly #refusals: FloodLog<DoorRefusal>;
  readonly #newBans: FloodLog<BanReason>;
  readonly #proxyTroubles: FloodLog<ProxyTrouble>;

  constructor(options: EntranceOptions, modules: EntranceModules) {
    this.#modules = modules;
    this.#options = options;
    this.#proxies = new AddressRanges(options.proxies);
    const isExempt = (address: string): boolean => this.#proxies.has(address);
    this.#keeper = new Doorkeeper({ limits: options.limits, isExempt }, modules);
    this.#offences = new Offences(options.banning, modules);
    this.#room = new WaitingRoom(modules);
    this.#refusals = new FloodLog((tally) => this.#tellRefusals(tally));
    this.#newBans = new FloodLog((tally) => this.#tellBans(tally));
    this.#proxyTroubles = new FloodLog((tally) => this.#tellProxies(tally));
  }

  /** Other rules from now on: who is in stays in, who is banned stays banned. */
  useRules(options: EntranceOptions): void {
    const { limits } = this.#options;
    this.#options = options;
    this.#proxies = new AddressRanges(options.proxies);
    if (JSON.stringify(limits) !== JSON.stringify(options.limits)) this.#keeper.useLimits(options.limits);
    this.#offences.useRules(options.banning);
  }

  /**
   * @param socket paused; until it is closed, it counts
   * @returns false when it is not let in, and will be closed
   */
  admit(socket: HeldSocket, { address }: Client): boolean {
    const isExempt = this.#proxies.has(address);
    const refusal = this.#keeper.enter(address);
    if (refusal === undefined) {
      socket.once('close', () => this.#keeper.leave(address, isExempt));
      return true;
    }
    this.#refusals.note(refusal, address, this.#modules.clock.nowMs());
    this.#room.hold(socket);
    return false;
  }

  /** It is never blamed, nor closed with others of its network that are banned. */
  isProxy({ address }: Client): boolean {
    return this.#proxies.has(address);
  }

  /** The system refused one before it was ours. */
  noteDropped(address: string | undefined): void {
    this.#keeper.noteRefused('full');
    this.#refusals.note('full', peerAddress(address) ?? 'an unknown address', this.#modules.clock.nowMs());
  }

  noteBadProxy(proxy: string): void {
    this.#proxyTroubles.note('malformed', proxy, this.#modules.clock.nowMs());
  }

  noteFailedLogin(client: Client): void {
    this.#blame(client, (key) => this.#offences.failedLogin(key));
  }

  noteResult(client: Client, result: ShareResult): void {
    this.#blame(client, (key) => this.#offences.share(key, result));
  }

  noteClosed(client: Client, reason: CloseReason | undefined): void {
    if (reason === 'unknown-proxy') {
      this.#proxyTroubles.note('unknown', client.address, this.#modules.clock.nowMs());
    }
    const offence = reason === 'line-too-long' ? 'garbage' : reason;
    if (offence !== 'wrong-mix' && offence !== 'garbage') return;
    this.#blame(client, (key) => this.#offences.forger(key, offence));
  }

  /** Called every few seconds. */
  sweep(): void {
    const nowMs = this.#modules.clock.nowMs();
    this.#refusals.tell(nowMs);
    this.#newBans.tell(nowMs);
    this.#proxyTroubles.tell(nowMs);
  }

  report(): DoorReport {
    const { inside, refused, lastRefusedMs } = this.#keeper;
    const banned = this.#modules.bans.list().length;
    return { connections: inside, held: this.#room.size, banned, refused, lastRefusedMs };
  }

  close(): void {
    this.#room.close();
  }

  #blame(client: Client, offend: (key: string) => Ban | undefined): void {
    const key = this.isProxy(client) ? undefined : banKey(client.address);
    const ban = key === undefined ? undefined : offend(key);
    if (ban === undefined) return;
    this.#newBans.note(ban.reason, ban.address, ban.sinceMs);
    this.#modules.onBan(ban.address);
  }

  #tellRefusals({ count, kinds, kind, address, ofAddress }: FloodTally<DoorRefusal>): void {
    const text =
      count === 1
        ? `a connection from ${address} was refused: ${REFUSED_BECAUSE[kind]}`
        : `${count} connections were refused, ${ofAddress} of them from ${address}: ${REFUSED_BECAUSE[kind]}`;
    // That somebody is banned was told when it was.
    const isOld = kinds.banned === count;
    this.#modules.log[isOld ? 'info' : 'warn']({ count, kinds, address, ofAddress }, text);
  }

  #tellBans({ count, kinds, kind, address }: FloodTally<BanReason>): void {
    const forS = `${this.#options.banning.timeMs / 1000} s`;
    const text =
      count === 1
        ? `${address} is banned for ${forS}: ${BANNED_FOR[kind]}`
        : `${count} addresses were banned for ${forS}, ${address} among them; most since this: ${BANNED_FOR[kind]}`;
    this.#modules.log.warn({ count, kinds, address }, text);
  }

  #tellProxies({ count, kinds, address }: FloodTally<ProxyTrouble>): void {
    const text =
      kinds.unknown === undefined
        ? `the proxy ${address} did not send a PROXY header as it should; its connection was closed`
        : `${address} sent a PROXY header and is not in stratum.proxies, so it is not believed and was closed; if it is your proxy, name it there`;
    this.#modules.log.warn({ count, kinds, address }, text);
  }
}
