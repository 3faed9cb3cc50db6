import type { Login } from '../../src/mining/login.ts';
import type { SeededRandom } from './random.ts';
import type { OwnedClock } from './sim-clock.ts';

/** Accounts that are told apart, one for each peer of a world and some more. */
const ACCOUNTS_MAX = 100;

type LoginDesk = (userName: string, password: string) => Login | Promise<Login>;
type Payout = Extract<Login, { ok: true }>['payout'];

interface SimLoginsModules {
  /** Of the process. */
  readonly clock: OwnedClock;
  readonly random: SeededRandom;
  /** A login takes as long as this at the most; 0: it is answered at once. */
  readonly loginMs: number;
  /** Each account is paid, or all go to one payout. */
  readonly paysAccounts: boolean;
}

/** An owner's own way of logging in: it may pay each account, be slow, say no, or never answer. */
export class SimLogins {
  readonly #desk: LoginDesk;
  readonly #modules: SimLoginsModules;
  readonly #payouts = new Map<string, Payout>();

  constructor(desk: LoginDesk, modules: SimLoginsModules) {
    this.#desk = desk;
    this.#modules = modules;
  }

  /** @param userName `refused.x` is refused, `never.x` waits for ever, and `slow.x` waits in any world */
  login(userName: string, password: string): Login | Promise<Login> {
    const { loginMs, random, clock } = this.#modules;
    const account = userName.split('.')[0] ?? '';
    if (account === 'never') return new Promise(() => {});
    const delayMs = account === 'slow' ? 500 : random.int(0, loginMs);
    if (delayMs === 0) return this.#answer(account, userName, password);
    // Who is paid may be changed meanwhile.
    return new Promise((resolve) =>
      clock.setTimer(delayMs, () => resolve(this.#answer(account, userName, password))),
    );
  }

  /** @param usual what the instance says, which counts for those who are not paid elsewhere */
  payoutFor(userName: string, usual: (userName: string) => Payout | undefined): Payout | undefined {
    return this.#payouts.get(userName.split('.')[0] ?? '') ?? usual(userName);
  }

  #answer(account: string, userName: string, password: string): Login | Promise<Login> {
    if (account === 'refused') return { ok: false, text: 'nobody knows you here' };
    const answer = this.#desk(userName, password);
    // Somebody else is paid, in every world, so that a change of payout is one.
    const isOther = this.#modules.paysAccounts || account === 'other';
    if (answer instanceof Promise || !answer.ok || !isOther) return answer;
    const script = Uint8Array.of(0x51, 0x01, this.#payouts.size % ACCOUNTS_MAX);
    const payout = this.#payouts.get(account) ?? { ...answer.payout, mainScript: script };
    this.#payouts.set(account, payout);
    return { ...answer, payout };
  }
}
