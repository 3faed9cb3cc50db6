/** One line of the table. */
export interface Figure {
  readonly name: string;
  /** What issue and documentation ask of it. */
  readonly must: string;
  /** In the unit of `unit`. */
  readonly value: number;
  readonly unit: string;
  readonly isMet: boolean;
  /** What else was seen, in words. */
  readonly beside: string;
}

/** @returns a figure that is good when it is small */
export function atMost(
  name: string,
  value: number,
  { max, unit, beside = '' }: { readonly max: number; readonly unit: string; readonly beside?: string },
): Figure {
  return { name, must: `≤ ${max} ${unit}`, value, unit, isMet: value <= max, beside };
}

/** @returns the value that a part of all values is not above; NaN of none */
export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? Number.NaN;
}
