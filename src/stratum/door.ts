import type { Clock } from '../mining/ports.ts';
import { TokenBucket } from '../mining/token-bucket.ts';
import type { BanList } from './bans.ts';
import type { StratumLimits } from './limits.ts';
import { banKey, subnetKey } from './peer-address.ts';

/** Why somebody is not let in; the words stand in the log and the status. */
export const DOOR_REFUSALS = ['banned', 'full', 'address-full', 'subnet-full', 'too-hasty'] as const;
export type DoorRefusal = (typeof DOOR_REFUSALS)[number];

export interface DoorkeeperOptions {
  readonly limits: StratumLimits;
  /** Proxies' own addresses, behind which there are many: neither counted nor shut out. */
  isExempt(address: string): boolean;
}

/**
 * Each address or subnet whose pace is remembered takes 200 bytes. Who has more than this is held off by the limit of
 * connections in all; the one that was here longest ago is forgotten first.
 */
const PACES_MAX = 20_000;
/** A subnet may connect so many times as often as an address: several farms or a provider's customers side by side. */
const SUBNET_PACE_FACTOR = 4;

/** Counts who is in, over all ports of an instance, and says who may come in. */
export class Doorkeeper {
  #options: DoorkeeperOptions;
  readonly #clock: Clock;
  readonly #bans: BanList;
  #inside = 0;
  readonly #perAddress = new Map<string, number>();
  readonly #perSubnet = new Map<string, number>();
  /** By what a ban would be laid on, since addresses of one IPv6 network cost nothing. */
  #paces: Paces;
  /** So that two hundred addresses of one owner are no two hundred strangers. */
  #subnetPaces: Paces;
  readonly #refused: Record<DoorRefusal, number> = {
    banned: 0,
    full: 0,
    'address-full': 0,
    'subnet-full': 0,
    'too-hasty': 0,
  };
  #lastRefusedMs: number | undefined;

  constructor(
    options: DoorkeeperOptions,
    { clock, bans }: { readonly clock: Clock; readonly bans: BanList },
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#bans = bans;
    this.#paces = addressPaces(options.limits);
    this.#subnetPaces = subnetPaces(options.limits);
  }

  /** How many are in. */
  get inside(): number {
    return this.#inside;
  }

  /** How many were not let in since the start, by reason. */
  get refused(): Readonly<Record<DoorRefusal, number>> {
    return { ...this.#refused };
  }

  /** Undefined before the first. */
  get lastRefusedMs(): number | undefined {
    return this.#lastRefusedMs;
  }

  /**
   * Lets a connection in, or says why not. Whoever was let in must `leave`, once.
   * @param address as peer-address.ts writes it
   */
  enter(address: string): DoorRefusal | undefined {
    const refusal = this.#judge(address);
    if (refusal !== undefined) {
      this.noteRefused(refusal);
      return refusal;
    }
    this.#inside += 1;
    if (!this.#options.isExempt(address)) {
      count(this.#perAddress, address, 1);
      count(this.#perSubnet, subnetKey(address), 1);
    }
    return undefined;
  }

  /** One that was not let in, be it here or by somebody else. */
  noteRefused(refusal: DoorRefusal): void {
    this.#refused[refusal] += 1;
    this.#lastRefusedMs = this.#clock.nowMs();
  }

  /**
   * Other limits from now on; who is in stays in.
   * @param limits those of connections and their pace count
   */
  useLimits(limits: StratumLimits): void {
    this.#options = { ...this.#options, limits };
    // Each has the old pace in it.
    this.#paces = addressPaces(limits);
    this.#subnetPaces = subnetPaces(limits);
  }

  /** @param wasExempt whether it was when it entered: it may be another's now */
  leave(address: string, wasExempt = this.#options.isExempt(address)): void {
    this.#inside -= 1;
    if (wasExempt) return;
    count(this.#perAddress, address, -1);
    count(this.#perSubnet, subnetKey(address), -1);
  }

  #judge(address: string): DoorRefusal | undefined {
    const { limits, isExempt } = this.#options;
    const isFull = this.#inside >= limits.connectionsMax;
    if (isExempt(address)) return isFull ? 'full' : undefined;
    const key = banKey(address) ?? address;
    if (this.#bans.isBanned(key)) return 'banned';
    if (isFull) return 'full';
    if ((this.#perAddress.get(address) ?? 0) >= limits.connectionsPerAddressMax) return 'address-full';
    if ((this.#perSubnet.get(subnetKey(address)) ?? 0) >= limits.connectionsPerSubnetMax)
      return 'subnet-full';
    const nowMs = this.#clock.nowMs();
    // Who is too hasty alone takes nothing from its neighbours.
    const isInTime = this.#paces.take(key, nowMs) && this.#subnetPaces.take(subnetKey(address), nowMs);
    return isInTime ? undefined : 'too-hasty';
  }
}

/** At once may come as many as may stay: all rigs of a farm, after a power cut. */
function addressPaces({ connectsPerSMax: perS, connectionsPerAddressMax }: StratumLimits): Paces {
  return new Paces({ tokensMax: Math.max(perS, connectionsPerAddressMax), perS });
}

function subnetPaces({ connectsPerSMax, connectionsPerSubnetMax }: StratumLimits): Paces {
  const perS = connectsPerSMax * SUBNET_PACE_FACTOR;
  return new Paces({ tokensMax: Math.max(perS, connectionsPerSubnetMax), perS });
}

/** How often each of many comes. The latest visitor stands last. */
class Paces {
  readonly #options: { readonly tokensMax: number; readonly perS: number };
  readonly #paces = new Map<string, TokenBucket>();

  constructor(options: { readonly tokensMax: number; readonly perS: number }) {
    this.#options = options;
  }

  take(key: string, nowMs: number): boolean {
    const pace = this.#paces.get(key) ?? new TokenBucket(this.#options, nowMs);
    this.#paces.delete(key);
    this.#paces.set(key, pace);
    this.#forget(nowMs);
    return pace.take(nowMs);
  }

  #forget(nowMs: number): void {
    for (const [key, pace] of this.#paces) {
      if (this.#paces.size <= PACES_MAX && !pace.isFull(nowMs)) return;
      // The newest stands last, and is asked next: full or not, it stays.
      if (this.#paces.size === 1) return;
      this.#paces.delete(key);
    }
  }
}

function count(counts: Map<string, number>, key: string, by: number): void {
  const now = (counts.get(key) ?? 0) + by;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}
