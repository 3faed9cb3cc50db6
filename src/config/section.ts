import type { z } from 'zod';
import type { Path, Problems } from './problems.ts';
import { groupsWith, instanceSchema, namesOf, rootSchema } from './schema.ts';
import { gotText, listText, nearest } from './words.ts';

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
        const text = (): string =>
          rest.length > 0 ? 'put a space after the colon' : unknownText(schema, name);
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
  if (typeof found !== 'string') return '';
  const meant = nearest(found, wordsOf(issue));
  return meant === undefined ? '' : `: did you mean ${meant}?`;
}

function wordsOf(issue: z.core.$ZodIssue): string[] {
  // Where something else than these words is right, too.
  if (issue.code === 'custom') return issue.params?.words ?? [];
  if (issue.code !== 'invalid_value') return [];
  // Some values are known only so that it can be said why they are refused: the message does not offer them.
  return issue.values.map(String).filter((value) => issue.message.includes(value));
}

function unknownText(schema: z.ZodObject, key: string): string {
  if (Object.is(schema, instanceSchema) && Object.hasOwn(rootSchema.shape, key) && key !== 'instances') {
    return 'belongs beside the list of instances: it counts for all of them';
  }
  const groups = groupsWith(key, schema);
  if (groups.length > 0) return `belongs under ${listText(groups)}: indent it`;
  const meant = nearest(key, Object.keys(schema.shape));
  return meant === undefined
    ? `unknown setting; there are ${namesOf(schema).join(', ')}`
    : `unknown setting: did you mean ${meant}?`;
}
