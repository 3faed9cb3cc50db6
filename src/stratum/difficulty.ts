import {
  fixedWithin,
  startVardiff,
  stepIdle,
  stepShare,
  type VardiffOptions,
  type VardiffState,
} from '../mining/vardiff.ts';
import { Suggestion } from './suggestion.ts';

/**
 * One connection's difficulty: what its port allows, what its login and the miner ask for within that, and how fast its
 * shares come. What can change it says whether it did; a new difficulty means nothing to a miner without a new job.
 */
export class Difficulty {
  /** The port's, or narrowed to the one that the login asks for. */
  #options: VardiffOptions;
  #state: VardiffState;
  /** By the login, for as long as the connection lasts. */
  #asked: number | undefined;
  /** Made for the first one: few miners suggest. */
  #suggestion: Suggestion | undefined;

  constructor(port: VardiffOptions, nowMs: number) {
    this.#options = port;
    this.#state = startVardiff(port, nowMs);
  }

  get value(): number {
    return this.#state.difficulty;
  }

  /**
   * The login: shares are counted from here, since a slow login is no slow miner.
   * @param asked stays, as near as the port allows, and is stronger than what the miner suggests
   */
  logIn(asked: number | undefined, nowMs: number): void {
    this.#asked = asked;
    this.#options = within(this.#options, asked);
    this.#state = startVardiff(this.#options, nowMs, this.#suggestion?.take(nowMs));
  }

  /** Other rules of its port: it stays as it is, as far as they allow it. */
  usePort(port: VardiffOptions, nowMs: number): boolean {
    this.#options = within(port, this.#asked);
    return this.#become(startVardiff(this.#options, nowMs, this.value));
  }

  /** @param difficulty above 0; taken up by `takeSuggestion` */
  suggest(difficulty: number): void {
    this.#suggestion ??= new Suggestion();
    this.#suggestion.note(difficulty);
  }

  takeSuggestion(nowMs: number): boolean {
    const suggested = this.#suggestion?.take(nowMs);
    return suggested !== undefined && this.#become(startVardiff(this.#options, nowMs, suggested));
  }

  /** @param shareDifficulty what its job was issued at */
  countShare(shareDifficulty: number, nowMs: number): boolean {
    return this.#become(stepShare(this.#state, this.#options, shareDifficulty, nowMs));
  }

  /** To be called every few seconds. */
  ease(nowMs: number): boolean {
    return this.#become(stepIdle(this.#state, this.#options, nowMs));
  }

  #become(next: VardiffState): boolean {
    const changed = next.difficulty !== this.#state.difficulty;
    this.#state = next;
    return changed;
  }
}

function within(port: VardiffOptions, asked: number | undefined): VardiffOptions {
  return asked === undefined ? port : fixedWithin(port, asked);
}
