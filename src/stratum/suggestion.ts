/**
 * Each new difficulty costs a job of its own, so of a miner that suggests without end only the newest suggestion in
 * this time counts. An honest one suggests once, before or right after its login.
 */
export const SUGGESTION_EVERY_MS = 10_000;

/** What a miner asks its difficulty to be: the newest counts, at once or when the time has come. */
export class Suggestion {
  #waiting: number | undefined;
  #takenMs = Number.NEGATIVE_INFINITY;

  /** @param difficulty above 0 */
  note(difficulty: number): void {
    this.#waiting = difficulty;
  }

  /** @returns a difficulty that is to be taken up now, once */
  take(nowMs: number): number | undefined {
    if (this.#waiting === undefined || nowMs - this.#takenMs < SUGGESTION_EVERY_MS) return undefined;
    const difficulty = this.#waiting;
    this.#waiting = undefined;
    this.#takenMs = nowMs;
    return difficulty;
  }
}
