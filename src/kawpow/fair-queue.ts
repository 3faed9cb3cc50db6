/**
 * A queue in which sessions take turns: each turn takes the oldest item of one session, so that one session with many
 * items cannot keep others waiting. Urgent items go before all others, oldest first.
 */
export class FairQueue<Item> {
  readonly #urgent: Item[] = [];
  /** Sessions that have items, in the order of their turns. */
  readonly #sessions = new Map<string, Item[]>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get hasUrgent(): boolean {
    return this.#urgent.length > 0;
  }

  /** Items of one session, those pushed as urgent not among them. */
  count(sessionId: string): number {
    return this.#sessions.get(sessionId)?.length ?? 0;
  }

  /** Items taken before one that is pushed for this session now, if each other session always has some. */
  turnsAhead(sessionId: string): number {
    return this.#urgent.length + (this.count(sessionId) + 1) * this.#sessions.size;
  }

  push(sessionId: string, item: Item): void {
    const items = this.#sessions.get(sessionId);
    if (items === undefined) this.#sessions.set(sessionId, [item]);
    else items.push(item);
    this.#length += 1;
  }

  pushUrgent(item: Item): void {
    this.#urgent.push(item);
    this.#length += 1;
  }

  /** Takes out what a session pushed, but for what is urgent. */
  remove(sessionId: string): Item[] {
    const items = this.#sessions.get(sessionId) ?? [];
    this.#sessions.delete(sessionId);
    this.#length -= items.length;
    return items;
  }

  take(): Item | undefined {
    if (this.#length === 0) return undefined;
    this.#length -= 1;
    if (this.#urgent.length > 0) return this.#urgent.shift();
    const [turn] = this.#sessions;
    if (turn === undefined) return undefined;
    const [sessionId, items] = turn;
    const item = items.shift();
    // To the back of the turns, if it has more.
    this.#sessions.delete(sessionId);
    if (items.length > 0) this.#sessions.set(sessionId, items);
    return item;
  }
}
