import type { Clock, Log } from './mining/ports.ts';
import type { BanStore } from './store/ban-store.ts';
import { type Ban, BanList } from './stratum/bans.ts';
import { banKey } from './stratum/peer-address.ts';

interface InstanceBansModules {
  readonly clock: Clock;
  readonly log: Log;
  /** Bans end with the process when left out. */
  readonly store?: BanStore | undefined;
}

/** The bans of one instance: the list that its server asks, what is kept of it, and what its owner may do. */
export class InstanceBans {
  /** For the server. */
  readonly banList: BanList;
  readonly #log: Log;
  readonly #store: BanStore | undefined;

  constructor({ clock, log, store }: InstanceBansModules) {
    this.#log = log;
    this.#store = store;
    const initial = store?.initial ?? [];
    this.banList = new BanList({ initial, onChange: (bans) => store?.save(bans) }, { clock });
    if (initial.length > 0) {
      const who = initial.length === 1 ? '1 address is' : `${initial.length} addresses are`;
      log.info({ bans: initial.length }, `${who} still banned from before; kpss bans lists them`);
    }
  }

  /** Those in force. */
  list(): Ban[] {
    return this.banList.list();
  }

  /**
   * @param text an address, be it one of a banned network, or as it is listed
   * @returns the one that may come in again, as it was listed; undefined when none was banned
   */
  lift(text: string): string | undefined {
    const found = banKey(text);
    if (found === undefined || !this.banList.lift(found)) return undefined;
    this.#log.info({ address: found }, `the ban of ${found} was lifted`);
    return found;
  }

  /** @returns how many were lifted */
  liftAll(): number {
    const count = this.banList.liftAll();
    if (count > 0) this.#log.info({ bans: count }, `all bans were lifted: ${count}`);
    return count;
  }

  /** Waits until what is kept is written. May be called again. */
  async close(): Promise<void> {
    await this.#store?.close();
  }
}
