/** From the top of the configuration: `['instances', 0, 'stratum', 'port']`. */
export type Path = readonly (string | number)[];

/** No setting's name is half as long. */
const STEP_LENGTH_MAX = 60;

/** `instances[0].stratum.port`; what is longer than any name of a setting is cut. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const name = step.length > STEP_LENGTH_MAX ? `${step.slice(0, STEP_LENGTH_MAX)}…` : step;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

/** More than one mends at a sitting, and than a screen shows; some other file may have thousands. */
const PROBLEMS_MAX = 50;

/**
 * @param count how many there are, of which `problems` may be the first only
 * @returns those that are told
 */
export function firstProblems(problems: readonly string[], count: number): readonly string[] {
  const more = count - PROBLEMS_MAX;
  return more <= 0 ? problems : [...problems.slice(0, PROBLEMS_MAX), `and ${more} more`];
}

/** Where a setting comes from. */
export interface Place {
  /** `kpss.yaml:7: stratum.port`, or `--port` */
  readonly text: string;
  /** Problems are told in the order of their places: characters from the file's beginning. */
  readonly order: number;
}

/** Flags and variables come before all that stands in the file. */
const BEFORE_THE_FILE = -1;

/** Collects everything that is wrong, so that one look at the list mends the whole file. */
export class Problems {
  readonly #locate: (path: Path) => Place;
  readonly #labels = new Map<string, string>();
  readonly #found = new Map<string, Place>();
  /** Those that are only counted. */
  readonly #more = new Set<string>();

  /** @param locate where a setting without a label stands */
  constructor(locate: (path: Path) => Place) {
    this.#locate = locate;
  }

  /** Has the problems of a setting name the flag or variable that it came from. */
  label(path: Path, label: string): void {
    this.#labels.set(pathText(path), label);
  }

  /** @returns the flag or variable that a setting came from, undefined where it stands in the file or nowhere */
  labelOf(path: Path): string | undefined {
    return this.#labels.get(pathText(path));
  }

  /**
   * The first problem of a setting counts; those that come of it would only confuse.
   * @param text or what makes it, where that takes its time
   */
  add(path: Path, text: string | (() => string)): void {
    const label = this.labelOf(path);
    if (label === undefined) this.#note(pathText(path), () => this.#locate(path), text);
    else this.addTo(label, text);
  }

  /** @param label the flag or variable that is wrong */
  addTo(label: string, text: string | (() => string)): void {
    this.#note(label, () => ({ text: label, order: BEFORE_THE_FILE }), text);
  }

  /** Takes over what another collection has. */
  absorb(other: Problems): void {
    for (const [key, place] of other.#found) {
      if (this.#found.has(key)) continue;
      if (this.#found.size < PROBLEMS_MAX) this.#found.set(key, place);
      else this.#more.add(key);
    }
    for (const key of other.#more) this.#more.add(key);
  }

  get count(): number {
    return this.#found.size + this.#more.size;
  }

  /** Flags and variables first, then as the file goes; of very many the first that were found. */
  get list(): readonly string[] {
    const found = [...this.#found.values()].sort((a, b) => a.order - b.order).map(({ text }) => text);
    return firstProblems(found, this.count);
  }

  #note(key: string, locate: () => Place, text: string | (() => string)): void {
    if (this.#found.has(key)) return;
    if (this.#found.size >= PROBLEMS_MAX) {
      this.#more.add(key);
      return;
    }
    const { text: place, order } = locate();
    this.#found.set(key, { text: `${place}: ${typeof text === 'string' ? text : text()}`, order });
  }
}
