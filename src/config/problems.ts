/** From the top of the configuration: `['instances', 0, 'stratum', 'port']`. */
export type Path = readonly (string | number)[];

/** `instances[0].stratum.port` */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
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

  /** The first problem of a setting counts; those that come of it would only confuse. */
  add(path: Path, text: string): void {
    const label = this.labelOf(path);
    if (label === undefined) this.#note(pathText(path), this.#locate(path), text);
    else this.addTo(label, text);
  }

  /** @param label the flag or variable that is wrong */
  addTo(label: string, text: string): void {
    this.#note(label, { text: label, order: BEFORE_THE_FILE }, text);
  }

  get count(): number {
    return this.#found.size;
  }

  /** Flags and variables first, then as the file goes. */
  get list(): readonly string[] {
    return [...this.#found.values()].sort((a, b) => a.order - b.order).map(({ text }) => text);
  }

  #note(key: string, { text: place, order }: Place, text: string): void {
    if (!this.#found.has(key)) this.#found.set(key, { text: `${place}: ${text}`, order });
  }
}
