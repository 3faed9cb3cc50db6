import type { Clock } from '../mining/ports.ts';
import type { Ban, BanList, BanReason } from './bans.ts';
import type { BanningRules } from './limits.ts';
import { DEMERITS_MAX, REJECTIONS, type RejectReason } from './rejections.ts';
import type { ShareResult } from './share-desk.ts';

/**
 * Whose offences are remembered at once, at 200 bytes each. Who has more addresses than this is held off by the limits on
 * connections; the one that offended first is forgotten first.
 */
const OFFENDERS_MAX = 10_000;

/** What no working miner sends. Stale shares and those of jobs long gone are nobody's fault. */
const INVALID: ReadonlySet<RejectReason> = new Set([
  'duplicate',
  'low-difficulty',
  'malformed',
  'wrong-prefix',
  'wrong-header',
  'wrong-mix',
  'broken-trust',
]);

interface Offender {
  /** From here on they count together, for as long as a ban lasts. */
  readonly sinceMs: number;
  failedLogins: number;
  forgers: number;
  /** For wrong mix hashes, of all connections, less what good shares made up for. */
  forgedDemerits: number;
}

interface ShareRecord {
  shares: number;
  invalid: number;
}

/**
 * What is held against an address, over all of its connections: a program that offends and comes again is one offender.
 * Addresses are what a ban is laid on (peer-address.ts).
 */
export class Offences {
  #rules: BanningRules;
  readonly #clock: Clock;
  readonly #bans: BanList;
  readonly #offenders = new Map<string, Offender>();
  /** From an address's first invalid share on: most never have one. */
  readonly #shares = new Map<string, ShareRecord>();

  constructor(rules: BanningRules, { clock, bans }: { readonly clock: Clock; readonly bans: BanList }) {
    this.#rules = rules;
    this.#clock = clock;
    this.#bans = bans;
  }

  /** Other rules from now on; what was held against somebody still is. */
  useRules(rules: BanningRules): void {
    this.#rules = rules;
  }

  /** @returns the ban that this was one too many for */
  failedLogin(address: string): Ban | undefined {
    if (!this.#rules.isEnabled) return undefined;
    const offender = this.#offender(address);
    offender.failedLogins += 1;
    return offender.failedLogins >= this.#rules.failedLoginsMax
      ? this.#ban(address, 'failed-logins')
      : undefined;
  }

  /** A connection was closed for false mix hashes, or for garbage. */
  forger(address: string, reason: 'wrong-mix' | 'garbage'): Ban | undefined {
    if (!this.#rules.isEnabled) return undefined;
    const offender = this.#offender(address);
    offender.forgers += 1;
    return offender.forgers >= this.#rules.forgersMax ? this.#ban(address, reason) : undefined;
  }

  share(address: string, result: ShareResult): Ban | undefined {
    if (!this.#rules.isEnabled) return undefined;
    return this.#weighForged(address, result) ?? this.#countInvalid(address, result);
  }

  /**
   * As on one connection, on all together, so that nobody forges three times and comes again: as many wrong mix hashes as
   * close `forgersMax` connections. A farm with a bad share in a hundred never gets there.
   */
  #weighForged(address: string, result: ShareResult): Ban | undefined {
    if (result.kind === 'accepted') {
      const known = this.#offenders.get(address);
      if (known !== undefined && result.verified)
        known.forgedDemerits = Math.max(known.forgedDemerits - 1, 0);
      return undefined;
    }
    const { reason } = result;
    if (reason !== 'wrong-mix' && reason !== 'broken-trust') return undefined;
    const offender = this.#offender(address);
    offender.forgedDemerits += REJECTIONS[reason].demerits;
    const isEnough = offender.forgedDemerits >= this.#rules.forgersMax * DEMERITS_MAX;
    return isEnough ? this.#ban(address, 'wrong-mix') : undefined;
  }

  #countInvalid(address: string, result: ShareResult): Ban | undefined {
    const isInvalid = result.kind !== 'accepted' && INVALID.has(result.reason);
    let record = this.#shares.get(address);
    if (!isInvalid && (record === undefined || result.kind !== 'accepted')) return undefined;
    if (record === undefined) {
      record = { shares: 0, invalid: 0 };
      this.#shares.set(address, record);
      dropFirst(this.#shares);
    }
    // A revoked share was counted as a good one before.
    if (result.kind !== 'revoked') record.shares += 1;
    if (isInvalid) record.invalid += 1;
    const { checkThreshold, invalidPercent } = this.#rules;
    if (record.shares < checkThreshold) return undefined;
    this.#shares.delete(address);
    return record.invalid * 100 >= record.shares * invalidPercent
      ? this.#ban(address, 'invalid-shares')
      : undefined;
  }

  #ban(address: string, reason: BanReason): Ban {
    this.#offenders.delete(address);
    this.#shares.delete(address);
    return this.#bans.add(address, reason, this.#rules.timeMs);
  }

  #offender(address: string): Offender {
    const known = this.#offenders.get(address);
    const nowMs = this.#clock.nowMs();
    if (known !== undefined && nowMs - known.sinceMs < this.#rules.timeMs) return known;
    const offender = { sinceMs: nowMs, failedLogins: 0, forgers: 0, forgedDemerits: 0 };
    this.#offenders.delete(address);
    this.#offenders.set(address, offender);
    dropFirst(this.#offenders);
    return offender;
  }
}

function dropFirst(offenders: Map<string, unknown>): void {
  const [first] = offenders.keys();
  if (offenders.size > OFFENDERS_MAX && first !== undefined) offenders.delete(first);
}
