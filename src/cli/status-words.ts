/** Words and figures of `kpss status`, for people. */

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ['years', 365.25 * 86_400],
  ['days', 86_400],
  ['h', 3600],
  ['min', 60],
];
/** Below it one decimal says something: 2.5 days. */
const DECIMAL_BELOW = 10;
/** A unit is used from twice of it on: 90 min rather than 1.5 h. */
const UNIT_FROM = 2;

/** @returns as in `42 s`, `90 min`, `5.3 h`, `2.5 days`, `12 years` */
export function spanText(seconds: number): string {
  for (const [name, size] of UNITS) {
    const count = seconds / size;
    if (count >= UNIT_FROM) {
      const text =
        count < DECIMAL_BELOW ? count.toFixed(1).replace(/\.0$/, '') : countText(Math.round(count));
      return `${text} ${name}`;
    }
  }
  return seconds >= 1 || seconds <= 0 ? `${Math.round(seconds)} s` : `${seconds.toPrecision(1)} s`;
}

/** A whole number, its thousands apart: `61,234`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** A difficulty in six digits, or as a whole number where it is large: `61,235`, `1.49012e-8`. */
export function difficultyText(difficulty: number): string {
  return difficulty >= 1000 ? countText(difficulty) : String(Number(difficulty.toPrecision(6)));
}

/** `1 miner`, `3 miners` */
export function manyText(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** The end of what is too long is left out. */
export function cutText(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}~`;
}

/**
 * Breaks a text into lines at its spaces; a word that is longer than a line stays whole.
 * @param first before the first line; the others are indented as far
 * @param columns of a line, the indent among them
 */
export function wrapText(first: string, text: string, columns: number): string[] {
  const indent = ' '.repeat(first.length);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && first.length + longer.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  lines.push(line);
  return lines.map((text, i) => (i === 0 ? first : indent) + text);
}
