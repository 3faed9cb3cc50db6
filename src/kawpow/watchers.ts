/** Callers that wait to hear what became of something, by its key. Bounded by the callers: each waits in its own code. */
export class Watchers<Outcome> {
  readonly #waiting = new Map<string, ((outcome: Outcome) => void)[]>();

  has(key: string): boolean {
    return this.#waiting.has(key);
  }

  wait(key: string): Promise<Outcome> {
    return new Promise((resolve) => {
      const others = this.#waiting.get(key);
      if (others === undefined) this.#waiting.set(key, [resolve]);
      else others.push(resolve);
    });
  }

  tell(key: string, outcome: Outcome): void {
    const callers = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const caller of callers) caller(outcome);
  }

  tellAll(outcome: Outcome): void {
    for (const key of [...this.#waiting.keys()]) this.tell(key, outcome);
  }
}
