import { z } from 'zod';
import { gotText, nearest, type Path, type Problems } from './problems.ts';

type Schema = z.ZodType;

/** Settings by their names. */
export type Group = Record<string, unknown>;

export function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads one group of settings. Each fault goes to `problems`, and the settings without one are still given, so that they
 * can be checked further and all faults are told at once.
 * @param value what stands in the file; undefined reads as an empty group
 * @returns undefined when it is no group
 */
export function readSection<T extends Schema>(
  schema: T,
  value: unknown,
  path: Path,
  problems: Problems,
): z.output<T> | undefined {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const wrong = new Set<string | number>();
  for (const issue of result.error.issues) {
    const inner = issue.path.filter((step): step is string | number => typeof step !== 'symbol');
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        problems.add([...path, ...inner, key], unknownText(schema, inner, key));
        wrong.add(inner[0] ?? key);
      }
      continue;
    }
    const found = valueAt(value, inner);
    const expected = issue.message.startsWith('expected') ? issue.message : 'expected a group of settings';
    problems.add(
      [...path, ...inner],
      found === undefined ? `is missing: ${expected}` : expected + gotText(inner, found),
    );
    if (inner[0] !== undefined) wrong.add(inner[0]);
  }
  if (!isGroup(value)) return undefined;
  const right = Object.fromEntries(Object.entries(value).filter(([key]) => !wrong.has(key)));
  return schema.safeParse(right).data;
}

function unknownText(schema: Schema, path: Path, key: string): string {
  const known = keysAt(schema, path);
  const meant = nearest(key, known);
  return meant === undefined
    ? `unknown setting; there are ${known.join(', ')}`
    : `unknown setting: did you mean ${meant}?`;
}

/** The settings of the group at a path in a schema. */
export function keysAt(schema: Schema, path: Path): readonly string[] {
  let at: unknown = unwrap(schema);
  for (const step of path) {
    if (at instanceof z.ZodArray) at = unwrap(at.element);
    else if (at instanceof z.ZodObject) at = unwrap(at.shape[String(step)]);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema;
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}
