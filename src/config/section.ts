import type { z } from 'zod';
import type { Path, Problems } from './problems.ts';
import { groupsWith } from './schema.ts';
import { gotText, nearest } from './words.ts';

/** Settings by their names. */
export type Group = Record<string, unknown>;

export function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads one group of settings. Each fault goes to `problems`, and the settings without one are still given, so that they
 * can be checked further and all faults are told at once.
 * @param schema of the group alone: groups in it are read by themselves
 * @param value what stands in the file; undefined reads as an empty group
 * @returns undefined when it is no group
 */
export function readSection<T extends z.ZodObject>(
  schema: T,
  value: unknown,
  path: Path,
  problems: Problems,
): Partial<z.output<T>> | undefined {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const wrong = new Set<string>();
  for (const issue of result.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        // What stands behind a colon is a value, perhaps a secret one.
        const [name = key, ...rest] = key.split(':');
        const text = rest.length > 0 ? 'put a space after the colon' : unknownText(schema, name);
        problems.add([...path, name], text);
        wrong.add(key);
      }
      continue;
    }
    const inner = issue.path.map(String);
    const [key] = inner;
    if (key === undefined) {
      problems.add(path, `expected a group of settings${gotText(path, value)}`);
      continue;
    }
    const found = isGroup(value) ? value[key] : undefined;
    problems.add(
      [...path, ...inner],
      found === undefined
        ? `is missing: ${issue.message}`
        : issue.message + gotText(inner, found) + hint(issue, found),
    );
    wrong.add(key);
  }
  if (!isGroup(value)) return undefined;
  const right = Object.fromEntries(Object.entries(value).filter(([key]) => !wrong.has(key)));
  return schema.partial().safeParse(right).data as Partial<z.output<T>> | undefined;
}

/** For a word that is none of those expected. */
function hint(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.code !== 'invalid_value' || typeof found !== 'string') return '';
  // Some values are known only so that it can be said why they are refused: the message does not offer them.
  const offered = issue.values.map(String).filter((value) => issue.message.includes(value));
  const meant = nearest(found, offered);
  return meant === undefined ? '' : `: did you mean ${meant}?`;
}

function unknownText(schema: z.ZodObject, key: string): string {
  const [group, ...others] = groupsWith(key, schema);
  if (group !== undefined && others.length === 0) return `belongs under ${group}: indent it`;
  const known = Object.keys(schema.shape);
  const meant = nearest(key, known);
  return meant === undefined
    ? `unknown setting; there are ${known.join(', ')}`
    : `unknown setting: did you mean ${meant}?`;
}
