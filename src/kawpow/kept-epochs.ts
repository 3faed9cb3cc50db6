/** Which epochs their owners need, by the keys of epochs. */
export class KeptEpochs {
  /** Of each owner, the most urgent first. */
  readonly #owners = new Map<string, readonly string[]>();

  /** In place of what the owner said before. */
  set(owner: string, keys: readonly string[]): void {
    if (keys.length === 0) this.#owners.delete(owner);
    else this.#owners.set(owner, keys);
  }

  /** @returns how urgent it is: 0 if it is some owner's first; undefined if nobody keeps it */
  rank(key: string): number | undefined {
    let best: number | undefined;
    for (const keys of this.#owners.values()) {
      const at = keys.indexOf(key);
      if (at >= 0 && (best === undefined || at < best)) best = at;
    }
    return best;
  }
}
