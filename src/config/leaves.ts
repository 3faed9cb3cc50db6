import { z } from 'zod';
import { listText } from './words.ts';

// Single settings, each with the one message that says what was expected; words.ts adds what was found.

export const SWITCH = 'expected true or false';

/** @param expected for whatever is no text, and for an empty one */
export function text(expected: string) {
  return z.string({ error: expected }).min(1, { error: expected });
}

/** @param expected names the bounds, which are allowed themselves */
export function number(expected: string, min: number, max: number) {
  return z.number({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

/** A whole number of something. */
export function count(min: number, max: number) {
  const expected = `expected a whole number from ${min} to ${max}`;
  return number(expected, min, max).int({ error: expected });
}

/** A time in seconds. */
export function seconds(min: number, max: number) {
  return number(`expected seconds, from ${min} to ${max}`, min, max);
}

/**
 * A word of these, or else a text that fits.
 * @param words are offered for what is nearly one of them
 */
export function wordOr(words: readonly string[], fits: (text: string) => boolean, expected: string) {
  return text(expected).refine((given) => words.includes(given) || fits(given), {
    error: expected,
    params: { words },
  });
}

/** One word of these. */
export function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values, { error: `expected ${listText(values)}` });
}

/** Below it a difficulty's target is all ones: every hash is a share. Above 1e12 no network ever was. */
export const difficulty = number('expected a difficulty from 1e-10 to 1e12', 1e-10, 1e12);
