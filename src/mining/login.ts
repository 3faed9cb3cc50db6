import { decodeAddress } from '../chain/address.ts';
import { equalBytes } from '../chain/bytes.ts';
import type { Network } from '../chain/coins.ts';
import type { Payout, PayoutShare } from '../chain/payout.ts';
import { hasSecret, type PasswordParts, parsePassword } from './password.ts';

export type Login =
  | {
      readonly ok: true;
      readonly workerName: string;
      readonly payout: Payout;
      /** The one that the password asks for, for as long as the connection lasts; the port's bounds still hold. */
      readonly difficulty?: number | undefined;
    }
  /**
   * `text` goes to the miner: a sentence without secrets.
   * `isOurFault`: nobody could say whether it may mine, which is not held against it.
   */
  | { readonly ok: false; readonly text: string; readonly isOurFault?: boolean };

/** Who may mine here at all. */
export interface LoginRules {
  /** Addresses, or user names with or without the worker's; everybody when left out. */
  readonly allow?: readonly string[] | undefined;
  /** Is to be the miner's password, or one of the parts of it. */
  readonly password?: string | undefined;
}

export interface LoginPolicy extends LoginRules {
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
  readonly #payouts: Map<string, Payout>;
  readonly #allowed: ReadonlySet<string> | undefined;

  /** @param before rules that pay the same, whose payouts are to stay the same objects */
  constructor(policy: LoginPolicy, before?: LoginDesk) {
    this.#policy = policy;
    this.#payouts = before === undefined ? new Map() : before.#payouts;
    if (policy.allow !== undefined) this.#allowed = new Set(policy.allow);
    const { mainScript, recipients } = policy;
    if (before !== undefined) this.#fixed = before.#fixed;
    else if (mainScript !== undefined) this.#fixed = { mainScript, recipients };
  }

  /** Who is paid whatever the login; undefined where each miner is. */
  get fixedPayout(): Payout | undefined {
    return this.#fixed;
  }

  /**
   * Whom a miner that is logged in is paid for under these rules.
   * @returns undefined where its name is no address that could be paid
   */
  payoutFor(userName: string): Payout | undefined {
    const payout = this.#fixed ?? this.#payoutOf(splitUserName(userName).account);
    return typeof payout === 'string' ? undefined : payout;
  }

  /**
   * @param password a secret, where one is asked for, and options: `d=` or `diff=` asks for a difficulty
   */
  login(userName: string, password: string): Login {
    const { account, label } = splitUserName(userName);
    const parts = parsePassword(password);
    const refusal = this.#refusal(userName, account, parts);
    if (refusal !== undefined) return { ok: false, text: refusal };
    const { difficulty } = parts;
    if (this.#fixed !== undefined) {
      return { ok: true, workerName: cleanWorkerName(label || account), payout: this.#fixed, difficulty };
    }
    const payout = this.#payoutOf(account);
    if (typeof payout === 'string') return { ok: false, text: payout };
    return { ok: true, workerName: cleanWorkerName(userName), payout, difficulty };
  }

  /**
   * With a fixed payout, a miner may believe that the address in its login is paid.
   * @returns that address; undefined where there is none, or it is the one that is paid
   */
  unpaidAddress(userName: string): string | undefined {
    if (this.#fixed === undefined) return undefined;
    const { account } = splitUserName(userName);
    const decoded = decodeAddress(account, this.#policy.network);
    if (!decoded.ok) return decoded.reason === 'other-network' ? account : undefined;
    const { mainScript, recipients } = this.#fixed;
    const paid = [mainScript, ...recipients.map(({ script }) => script)];
    return paid.some((script) => equalBytes(decoded.script, script)) ? undefined : account;
  }

  #refusal(userName: string, account: string, parts: PasswordParts): string | undefined {
    const { password } = this.#policy;
    if (password !== undefined && !hasSecret(parts, password)) return 'wrong password';
    const allowed = this.#allowed;
    if (allowed === undefined || allowed.has(account) || allowed.has(userName)) return undefined;
    return 'this name is not on the list of who may mine here';
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

/** `account.label`; the label may have more dots, or be missing. */
function splitUserName(userName: string): { readonly account: string; readonly label: string } {
  const dot = userName.indexOf('.');
  if (dot < 0) return { account: userName, label: '' };
  return { account: userName.slice(0, dot), label: userName.slice(dot + 1) };
}

/** A worker's name: letters, digits and a few signs; a terminal or page that shows it obeys nothing a stranger wrote. */
export function cleanWorkerName(text: string): string {
  const clean = text.slice(0, WORKER_NAME_LENGTH_MAX).replace(/[^\w.:@#+-]/g, '_');
  return clean === '' ? UNNAMED : clean;
}
