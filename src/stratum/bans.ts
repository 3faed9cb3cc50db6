import type { Clock } from '../mining/ports.ts';

/** Why an address is shut out; the words stand in logs, files and the status. */
export const BAN_REASONS = ['invalid-shares', 'wrong-mix', 'garbage', 'failed-logins'] as const;
export type BanReason = (typeof BAN_REASONS)[number];

export interface Ban {
  /** IPv4, or an IPv6 /64 network; as peer-address.ts writes them. */
  readonly address: string;
  readonly reason: BanReason;
  readonly sinceMs: number;
  readonly untilMs: number;
}

export interface BanListOptions {
  /** What lasts beyond this process. */
  readonly initial?: readonly Ban[];
  /** The list changed; not called for bans that merely expired. */
  readonly onChange?: (bans: readonly Ban[]) => void;
}

/**
 * Each takes 200 bytes. Who has more addresses than this than can be banned is held off by the limits on connections; the
 * ban that would end first makes room.
 */
export const BANS_MAX = 10_000;

/** Who is shut out, and until when. */
export class BanList {
  readonly #options: BanListOptions;
  readonly #clock: Clock;
  /** In the order they end, as long as all last equally long. */
  readonly #bans = new Map<string, Ban>();

  constructor(options: BanListOptions, { clock }: { readonly clock: Clock }) {
    this.#options = options;
    this.#clock = clock;
    for (const ban of (options.initial ?? []).slice(-BANS_MAX)) this.#bans.set(ban.address, ban);
  }

  /** A second ban of an address takes the place of the first. */
  add(address: string, reason: BanReason, timeMs: number): Ban {
    const sinceMs = this.#clock.nowMs();
    const ban = { address, reason, sinceMs, untilMs: sinceMs + timeMs };
    this.#bans.delete(address);
    this.#bans.set(address, ban);
    if (this.#bans.size > BANS_MAX) this.#dropOne();
    this.#changed();
    return ban;
  }

  isBanned(address: string): boolean {
    const ban = this.#bans.get(address);
    if (ban === undefined) return false;
    if (ban.untilMs > this.#clock.nowMs()) return true;
    this.#bans.delete(address);
    return false;
  }

  /** Those in force, the latest last. */
  list(): Ban[] {
    return [...this.#bans.values()].filter(({ untilMs }) => untilMs > this.#clock.nowMs());
  }

  /** @returns whether there was one */
  lift(address: string): boolean {
    const wasBanned = this.isBanned(address);
    if (this.#bans.delete(address)) this.#changed();
    return wasBanned;
  }

  /** @returns how many there were */
  liftAll(): number {
    const count = this.list().length;
    this.#bans.clear();
    if (count > 0) this.#changed();
    return count;
  }

  #dropOne(): void {
    const nowMs = this.#clock.nowMs();
    for (const { address, untilMs } of this.#bans.values()) if (untilMs <= nowMs) this.#bans.delete(address);
    const [first] = this.#bans.keys();
    if (this.#bans.size > BANS_MAX && first !== undefined) this.#bans.delete(first);
  }

  #changed(): void {
    this.#options.onChange?.(this.list());
  }
}
