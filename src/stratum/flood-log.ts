/** A flood is told of in one line in this time: enough to watch it, too little to fill a disk. */
const LINE_EVERY_MS = 10_000;
/** Addresses that are told apart between two lines; a flood from more has no worst one that would matter. */
const ADDRESSES_MAX = 1_000;

/** What happened since the line before. */
export interface FloodTally<Kind extends string> {
  readonly count: number;
  readonly kinds: Readonly<Partial<Record<Kind, number>>>;
  /** The most frequent of all. */
  readonly kind: Kind;
  /** Whose most of them were, as far as they are told apart. */
  readonly address: string;
  readonly ofAddress: number;
}

/** Turns what may happen thousands of times a second into a line at once, and then one in 10 s with counts. */
export class FloodLog<Kind extends string> {
  readonly #say: (tally: FloodTally<Kind>) => void;
  #kinds = new Map<Kind, number>();
  #addresses = new Map<string, number>();
  #count = 0;
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(say: (tally: FloodTally<Kind>) => void) {
    this.#say = say;
  }

  note(kind: Kind, address: string, nowMs: number): void {
    this.#count += 1;
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    const known = this.#addresses.get(address);
    if (known !== undefined || this.#addresses.size < ADDRESSES_MAX)
      this.#addresses.set(address, (known ?? 0) + 1);
    this.tell(nowMs);
  }

  /** What is left to be told when nothing more happens; to be called every few seconds. */
  tell(nowMs: number): void {
    if (this.#count === 0 || nowMs - this.#saidMs < LINE_EVERY_MS) return;
    const [kind] = mostOf(this.#kinds);
    const [address, ofAddress] = mostOf(this.#addresses);
    const kinds = Object.fromEntries(this.#kinds) as Partial<Record<Kind, number>>;
    const tally = { count: this.#count, kinds, kind, address, ofAddress };
    this.#kinds = new Map();
    this.#addresses = new Map();
    this.#count = 0;
    this.#saidMs = nowMs;
    this.#say(tally);
  }
}

/** @param counts of at least one */
function mostOf<Key>(counts: ReadonlyMap<Key, number>): [Key, number] {
  return [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most));
}
