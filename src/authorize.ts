import { cleanWorkerName, type Login } from './mining/login.ts';
import type { Clock, Log } from './mining/ports.ts';
import { RareLine } from './mining/rare-line.ts';

/** kawpowminer hangs up when a login has no answer after two seconds. */
const ANSWER_WITHIN_MS = 1_500;
/** Questions that wait for their answers at once: as many miners as come within a second after a power cut. */
const ASKED_AT_ONCE_MAX = 1_000;

/** A sentence for a miner's screen; more is a whole page, of an error perhaps. */
const SENTENCE_LENGTH_MAX = 200;
const UNCHECKED = 'your login could not be checked; try again later';
/** Stands for the answer that did not come. */
const LATE = Symbol('late');
/** Each miner that comes would have a line of its own; one in this time, with how many there were, is enough. */
const TROUBLE_LINE_EVERY_MS = 10_000;
/** The function failed, and so said nothing. */
const FAILED = Symbol('failed');

/** A miner that logs in. */
export interface LoginRequest {
  readonly instance: string;
  /** What its worker will be called in log and status. */
  readonly workerName: string;
  /** As it was sent. */
  readonly userName: string;
  readonly password: string;
  /** Of the miner, as far as that is known. */
  readonly remoteAddress: string | undefined;
  /** The one that it came in by. */
  readonly port: number | undefined;
}

/** true lets it mine; false or a sentence for the miner refuses it; an object lets it mine under another name. */
export type LoginAnswer = boolean | string | { readonly workerName: string };

/** Asked for each login that is right by the configuration's own rules. */
export type Authorize = (request: LoginRequest) => LoginAnswer | Promise<LoginAnswer>;

/**
 * Asks an owner's own function about logins. Whatever that does, the miner gets an answer in time: a function that fails,
 * is late, or is asked by too many at once, refuses.
 */
export class LoginQuestions {
  readonly #authorize: Authorize;
  readonly #modules: { readonly clock: Clock; readonly log: Log };
  #open = 0;
  /** Logins that came to nothing. */
  readonly #troubles = new RareLine(TROUBLE_LINE_EVERY_MS);

  constructor(authorize: Authorize, modules: { readonly clock: Clock; readonly log: Log }) {
    this.#authorize = authorize;
    this.#modules = modules;
  }

  /** @param login what the configuration's rules say, which let the miner in */
  async ask(login: Extract<Login, { ok: true }>, request: LoginRequest): Promise<Login> {
    if (this.#open >= ASKED_AT_ONCE_MAX) {
      this.#tellTrouble(
        { worker: login.workerName },
        `authorize owes ${this.#open} answers, and is asked no more`,
      );
      return undecided('too many log in at once; try again in a moment');
    }
    this.#open += 1;
    // Not before the function itself is done: one that is late is busy with it still.
    const answer = this.#answer(request).finally(() => {
      this.#open -= 1;
    });
    const late = Promise.withResolvers<typeof LATE>();
    const timer = this.#modules.clock.setTimer(ANSWER_WITHIN_MS, () => late.resolve(LATE));
    const decided = await Promise.race([answer, late.promise]);
    timer.cancel();
    if (decided === LATE) {
      this.#tellTrouble({ worker: login.workerName }, 'authorize gave no answer in time');
      return undecided('your login could not be checked in time; try again');
    }
    return this.#loginOf(decided, login);
  }

  async #answer(request: LoginRequest): Promise<LoginAnswer | typeof FAILED> {
    try {
      return await this.#authorize(request);
    } catch (error) {
      this.#tellTrouble({ err: error }, 'authorize failed');
      return FAILED;
    }
  }

  #tellTrouble(fields: object, what: string): void {
    const { clock, log } = this.#modules;
    const count = this.#troubles.note(clock.nowMs());
    if (count === undefined) return;
    const refused = count === 1 ? 'the login is refused' : `${count} logins were refused since the last line`;
    log.error({ ...fields, count }, `${what}: ${refused}`);
  }

  /** @param answer of a program without types, it may be anything */
  #loginOf(answer: unknown, login: Extract<Login, { ok: true }>): Login {
    if (answer === FAILED) return undecided(UNCHECKED);
    if (answer === true) return login;
    if (answer === false || answer === '') return refused('this login may not mine here');
    if (typeof answer === 'string') return refused(answer.slice(0, SENTENCE_LENGTH_MAX));
    const workerName = workerNameOf(answer);
    if (workerName !== undefined) return { ...login, workerName: cleanWorkerName(workerName) };
    this.#tellTrouble(
      { worker: login.workerName },
      'authorize answered with something else than true, false, a sentence or a workerName',
    );
    return undecided(UNCHECKED);
  }
}

/** @returns undefined where there is none that is a text */
function workerNameOf(answer: unknown): string | undefined {
  try {
    const { workerName } = answer as { readonly workerName?: unknown };
    return typeof workerName === 'string' ? workerName : undefined;
  } catch {
    return undefined;
  }
}

function refused(text: string): Login {
  return { ok: false, text };
}

/** A farm that comes back while the function is slow must not be shut out for it. */
function undecided(text: string): Login {
  return { ok: false, text, isOurFault: true };
}
