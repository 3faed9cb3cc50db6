/** From the top of the configuration: `['instances', 0, 'stratum', 'port']`. */
export type Path = readonly (string | number)[];

/** `instances[0].stratum.port` */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** Collects everything that is wrong, so that one look at the list mends the whole file. */
export class Problems {
  readonly #locate: (path: Path) => string;
  readonly #list: string[] = [];
  readonly #places = new Set<string>();

  /** @param locate where a setting came from: `kpss.yaml:7: stratum.port`, or `--port` */
  constructor(locate: (path: Path) => string) {
    this.#locate = locate;
  }

  /** The first problem of a setting counts; those that come of it would only confuse. */
  add(path: Path, text: string): void {
    const place = pathText(path);
    if (this.#places.has(place)) return;
    this.#places.add(place);
    this.#list.push(`${this.#locate(path)}: ${text}`);
  }

  get list(): readonly string[] {
    return this.#list;
  }
}

/** Longer values are cut in a message. */
const SHOWN_LENGTH_MAX = 60;

/** `, got "abc"`, or nothing where the value is or may hold a secret. */
export function gotText(path: Path, value: unknown): string {
  const key = path.at(-1);
  if (value === undefined || key === 'password' || key === 'user') return '';
  if (Array.isArray(value)) return ', got a list';
  if (typeof value === 'object') return ', got a group of settings';
  if (typeof value !== 'string') return `, got ${String(value)}`;
  if (key === 'url' && value.includes('@')) return '';
  const shown = value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX)}…` : value;
  return `, got ${JSON.stringify(shown)}`;
}

/** What was probably meant by an unknown word: the known one that the fewest changed letters lead to. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // A third of the letters wrong is a typing error; more is another word.
  const bound = Math.max(1, Math.floor(word.length / 3));
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= bound)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** Letters to insert, delete, replace or swap with the next. */
function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= to.length; j++) {
      const replaced = at(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwap = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swapped = isSwap ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(replaced, swapped, at(i - 1, j) + 1, at(i, j - 1) + 1));
    }
  }
  return at(from.length, to.length);
}
