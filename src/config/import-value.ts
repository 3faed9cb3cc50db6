// What an old server.js says, as data. Groups are maps, so that no name in one (`__proto__`) can mean more than a name.

/** A place in a file; line and column count from 1. */
export interface Spot {
  /** As it is called in messages. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

type Scalar = string | number | boolean | null;

/** A value that was read without running anything. */
export type OldValue =
  /** `undefined` and what is not there are null. */
  | { readonly kind: 'scalar'; readonly value: Scalar; readonly at: Spot }
  | OldGroup
  | { readonly kind: 'list'; readonly items: readonly OldValue[]; readonly at: Spot }
  | { readonly kind: 'function'; readonly at: Spot }
  /** What createPool gave back. */
  | { readonly kind: 'pool'; readonly at: Spot }
  /** Known at run time only; `what` is a few words for its owner: `process.env.PORT`. */
  | { readonly kind: 'unreadable'; readonly what: string; readonly at: Spot };

/** `{ name: value }`. Later statements may write into it, as they would into the object. */
export interface OldGroup {
  readonly kind: 'group';
  readonly members: Map<string, OldMember>;
  readonly at: Spot;
}

export interface OldMember {
  /** Where its name stands. */
  readonly at: Spot;
  readonly value: OldValue;
}

/** Longer texts are no setting, and could be doubled without end: `a = a + a`. */
const TEXT_LENGTH_MAX = 1024;

/** @returns the scalar, or unreadable where it is none that a setting can have */
export function scalar(value: unknown, at: Spot): OldValue {
  if (value === undefined || value === null) return { kind: 'scalar', value: null, at };
  if (typeof value === 'string' && value.length > TEXT_LENGTH_MAX) return unreadable('a very long text', at);
  if (typeof value === 'number' && !Number.isFinite(value))
    return unreadable('a number that is not finite', at);
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return { kind: 'scalar', value, at };
  return unreadable('a value that no setting has', at);
}

/** @param what for the owner of the file: `process.env.PORT` */
export function unreadable(what: string, at: Spot): OldValue {
  return { kind: 'unreadable', what, at };
}

/** An empty group. */
export function group(at: Spot): OldGroup {
  return { kind: 'group', members: new Map(), at };
}

/** `server.js:12` */
export function spotText({ file, line }: Spot): string {
  return `${file}:${line}`;
}

/** What an expression is when a part of it is not known. */
export function notKnown(part: OldValue): OldValue {
  if (part.kind === 'unreadable') return part;
  return unreadable(
    part.kind === 'function' ? 'a function' : `a ${part.kind} where a value is wanted`,
    part.at,
  );
}
