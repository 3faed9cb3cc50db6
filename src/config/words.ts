import type { Path } from './problems.ts';

/** Longer values are cut in a message. */
const SHOWN_LENGTH_MAX = 60;

/** `, got "abc"`, or nothing where the value is or may hold a secret. */
export function gotText(path: Path, value: unknown): string {
  const key = path.at(-1);
  if (value === undefined || key === 'password' || key === 'user') return '';
  if (Array.isArray(value)) return value.length === 0 ? ', got an empty list' : ', got a list';
  if (typeof value === 'object') return ', got a group of settings';
  if (typeof value !== 'string') return `, got ${String(value)}`;
  // `http://user:password@host`, wherever it was written.
  if (value.includes('@')) return '';
  // `password:abc`, without the space that would make it a setting.
  if (/user|password/i.test(value)) return ', got a text';
  const shown = value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX)}…` : value;
  return `, got ${JSON.stringify(shown)}`;
}

/** `main, test or regtest` */
export function listText(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/**
 * What was probably meant by an unknown word: the known one that the fewest changed letters lead to, or else one that it
 * begins or ends with (`mainnet`, `rpcuser`) or is the beginning of (`raven`).
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // Not a word.
  if (word.length > SHOWN_LENGTH_MAX) return undefined;
  const small = word.toLowerCase();
  // A third of the letters wrong is a typing error; more is another word.
  const bound = Math.max(1, Math.floor(word.length / 3));
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(small, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= bound)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate ?? longestKin(small, known);
}

/** @param word in small letters */
function longestKin(word: string, known: readonly string[]): string | undefined {
  // Two letters begin too much.
  if (word.length < 3) return undefined;
  return known
    .filter((candidate) => {
      const small = candidate.toLowerCase();
      return word.startsWith(small) || word.endsWith(small) || small.startsWith(word);
    })
    .sort((a, b) => b.length - a.length)[0];
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
