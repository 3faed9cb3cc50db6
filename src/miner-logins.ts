import { isDeepStrictEqual } from 'node:util';
import { type Authorize, LoginQuestions } from './authorize.ts';
import type { Payout } from './chain/payout.ts';
import { type Login, LoginDesk, type LoginPolicy } from './mining/login.ts';
import type { Clock, Log } from './mining/ports.ts';
import { RareLine } from './mining/rare-line.ts';
import type { Arrival } from './stratum/miner-report.ts';

/** A miner that is refused tries again and again: one line in this time says so. */
const REFUSED_LINE_EVERY_MS = 10_000;

export interface MinerLoginsModules {
  readonly clock: Clock;
  readonly log: Log;
  /** Asked about each login that these rules let in; nobody is when left out. */
  readonly authorize?: Authorize | undefined;
  /** What `authorize` is told that it is asked for. */
  readonly instance?: string;
}

/** Who may mine on an instance and who is paid, with what its owner should hear of it. */
export class MinerLogins {
  #desk: LoginDesk;
  #policy: LoginPolicy;
  readonly #modules: MinerLoginsModules;
  readonly #questions: LoginQuestions | undefined;
  readonly #refused = new RareLine(REFUSED_LINE_EVERY_MS);
  #toldUnpaid = false;

  constructor(policy: LoginPolicy, modules: MinerLoginsModules) {
    this.#policy = policy;
    this.#desk = new LoginDesk(policy);
    this.#modules = modules;
    const { authorize } = modules;
    if (authorize !== undefined) this.#questions = new LoginQuestions(authorize, modules);
  }

  /** Who is paid whatever the login; undefined where each miner is. */
  get fixedPayout(): Payout | undefined {
    return this.#desk.fixedPayout;
  }

  /** Other rules from now on. Whoever is logged in stays so. */
  usePolicy(policy: LoginPolicy): void {
    const isPaidAlike = isDeepStrictEqual(paidBy(policy), paidBy(this.#policy));
    this.#policy = policy;
    // A payout is known by its object: those who are connected may log in again.
    this.#desk = new LoginDesk(policy, isPaidAlike ? this.#desk : undefined);
    this.#toldUnpaid = false;
  }

  /** See LoginDesk. */
  payoutFor(userName: string): Payout | undefined {
    return this.#desk.payoutFor(userName);
  }

  /** @param from where the miner comes in, as far as that is known */
  login(userName: string, password: string, from?: Arrival): Login | Promise<Login> {
    const login = this.#desk.login(userName, password);
    if (!login.ok || this.#questions === undefined) return this.#tell(userName, login);
    const { workerName } = login;
    const origin = { remoteAddress: from?.address, port: from?.port };
    const instance = this.#modules.instance ?? '';
    const asked = this.#questions.ask(login, { instance, workerName, userName, password, ...origin });
    return asked.then((answer) => this.#tell(userName, this.#paidNow(userName, answer)));
  }

  /** The rules may have become others while the question was open. */
  #paidNow(userName: string, login: Login): Login {
    if (!login.ok) return login;
    const payout = this.#desk.payoutFor(userName);
    return payout === undefined
      ? { ok: false, text: 'who is paid was changed just now; try again' }
      : { ...login, payout };
  }

  #tell(userName: string, login: Login): Login {
    if (!login.ok) this.#tellRefused(login.text);
    else if (!this.#toldUnpaid) this.#tellUnpaid(userName);
    return login;
  }

  #tellRefused(text: string): void {
    const { clock, log } = this.#modules;
    const count = this.#refused.note(clock.nowMs());
    if (count === undefined) return;
    const times = count === 1 ? 'a login was' : `${count} logins were`;
    log.warn({ count }, `${times} refused: ${text}`);
  }

  /** Once: whoever owns KPSS knows then, and a farm would fill the log with it. */
  #tellUnpaid(userName: string): void {
    const address = this.#desk.unpaidAddress(userName);
    if (address === undefined) return;
    this.#toldUnpaid = true;
    this.#modules.log.warn(
      { address },
      `a miner logged in as ${address}, which looks like an address; it is not paid: payout.address is, ` +
        'whatever name a miner has (leave payout.address away to pay each miner at its own)',
    );
  }
}

function paidBy({ network, mainScript, recipients }: LoginPolicy) {
  return { network, mainScript, recipients };
}
