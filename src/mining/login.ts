import { decodeAddress } from '../chain/address.ts';
import type { Network } from '../chain/coins.ts';
import type { Payout, PayoutShare } from '../chain/payout.ts';

export type Login =
  | { readonly ok: true; readonly workerName: string; readonly payout: Payout }
  /** `text` goes to the miner: a sentence without secrets. */
  | { readonly ok: false; readonly text: string };

export interface LoginPolicy {
  readonly network: Network;
  /** All is paid here; without it, each miner's login address is paid. */
  readonly mainScript: Uint8Array | undefined;
  /** Paid their parts in either case. */
  readonly recipients: readonly PayoutShare[];
}

/** Worker names are shown in logs and pages. */
const WORKER_NAME_LENGTH_MAX = 64;
const UNNAMED = 'unnamed';
/**
 * Addresses remembered in address-per-miner mode: as many as connections can have prefixes. Beyond it the longest
 * unused is forgotten, and one that comes back simply gets a job of its own.
 */
const ADDRESSES_MAX = 65_536;

/**
 * Who is paid for a login `address.worker`, and what the worker is called. With a fixed payout any name is taken, and
 * what stands before the first dot is no matter; without, it must be an address of the network.
 */
export class LoginDesk {
  readonly #policy: LoginPolicy;
  readonly #fixed: Payout | undefined;
  /** One payout object per address: the job book tells jobs apart by it. */
  readonly #payouts = new Map<string, Payout>();

  constructor(policy: LoginPolicy) {
    this.#policy = policy;
    const { mainScript, recipients } = policy;
    this.#fixed = mainScript === undefined ? undefined : { mainScript, recipients };
  }

  /** Who is paid whatever the login; undefined where each miner is. */
  get fixedPayout(): Payout | undefined {
    return this.#fixed;
  }

  login(userName: string): Login {
    const dot = userName.indexOf('.');
    const account = dot < 0 ? userName : userName.slice(0, dot);
    const label = dot < 0 ? '' : userName.slice(dot + 1);
    if (this.#fixed !== undefined) {
      return { ok: true, workerName: workerName(label || account), payout: this.#fixed };
    }
    const payout = this.#payoutOf(account);
    if (typeof payout === 'string') return { ok: false, text: payout };
    return { ok: true, workerName: workerName(userName), payout };
  }

  /** @returns the payout, or the sentence that refuses it */
  #payoutOf(address: string): Payout | string {
    const known = this.#payouts.get(address);
    if (known !== undefined) {
      this.#payouts.delete(address);
      this.#payouts.set(address, known);
      return known;
    }
    const { network, recipients } = this.#policy;
    if (address === '') return `log in with your ${network.coin} address as user name, to be paid there`;
    const decoded = decodeAddress(address, network);
    if (!decoded.ok)
      return `the user name must be a ${network.coin} ${network.name} address to be paid: ${decoded.text}`;
    const payout = { mainScript: decoded.script, recipients };
    this.#payouts.set(address, payout);
    if (this.#payouts.size > ADDRESSES_MAX) {
      const [longestUnused] = this.#payouts.keys();
      if (longestUnused !== undefined) this.#payouts.delete(longestUnused);
    }
    return payout;
  }
}

/** Letters, digits and a few signs; a terminal or page that shows it obeys nothing a stranger wrote. */
function workerName(text: string): string {
  const clean = text.slice(0, WORKER_NAME_LENGTH_MAX).replace(/[^\w.:@#+-]/g, '_');
  return clean === '' ? UNNAMED : clean;
}
