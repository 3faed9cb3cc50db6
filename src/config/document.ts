import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { firstProblems, type Path, type Place, pathText } from './problems.ts';

/** A configuration file's content, with the lines its settings stand on. */
export interface ConfigDocument {
  /** Plain values; settings without a value are left out, as if they were not there. */
  readonly value: unknown;
  /** @returns `kpss.yaml:7: stratum.port`; for what is not there, the line of what it would belong to */
  locate(path: Path): Place;
}

export type DocumentResult =
  | { readonly ok: true; readonly document: ConfigDocument }
  | { readonly ok: false; readonly problems: readonly string[] };

/** 64 instances of a page each. More is some other file, and is not read. */
export const CONFIG_BYTES_MAX = 256 * 1024;

/**
 * Parses YAML.
 * @param name how the file is called in messages
 */
export function parseConfigText(text: string, name: string): DocumentResult {
  const lines = new LineCounter();
  // The package compares each key with all others of its group, which takes a minute for 50,000.
  const options = { uniqueKeys: false, lineCounter: lines, prettyErrors: false, logLevel: 'error' } as const;
  const parsed = parseDocument(text, options);
  const faults = [...parsed.errors.map(faultOf), ...repeatedKeys(parsed)].sort((a, b) => a.offset - b.offset);
  if (faults.length > 0) {
    const problems = faults.map(({ offset, text }) => `${name}:${lines.linePos(offset).line}: ${text}`);
    return { ok: false, problems: firstProblems(problems, problems.length) };
  }
  const locate = (path: Path): Place => {
    const order = offsetOf(parsed.contents, path) ?? 0;
    const place = `${name}:${lines.linePos(order).line}`;
    return { text: path.length === 0 ? place : `${place}: ${pathText(path)}`, order };
  };
  try {
    return { ok: true, document: { value: withoutEmpty(parsed.toJS({ maxAliasCount: 100 })), locate } };
  } catch (error) {
    // Aliases that would unfold to millions of values, or that stand for nothing.
    return { ok: false, problems: [`${name}: ${withoutContent(String((error as Error).message))}`] };
  }
}

interface Fault {
  /** Characters from the file's beginning. */
  readonly offset: number;
  readonly text: string;
}

/** What is wrong with the YAML, without anything of its values: one may be the password. */
function faultOf({ pos, message }: YAMLError): Fault {
  return { offset: pos[0], text: withoutContent(message) };
}

function repeatedKeys(document: Document): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = /^\w{1,60}/.exec(String(key.value))?.[0] ?? 'a setting';
        const text = `${name}: stands here a second time in its group: keep one of them`;
        if (seen.has(key.value)) faults.push({ offset: key.range?.[0] ?? 0, text });
        seen.add(key.value);
      }
    },
  });
  return faults;
}

/** The yaml package puts what it has found after a colon, or after a backslash. */
function withoutContent(message: string): string {
  return message.replace(/(: |\\).*$/s, '');
}

/** Where a setting's key stands, or the nearest group around it that is there. */
function offsetOf(contents: Node | null, path: Path): number | undefined {
  let node: unknown = contents;
  let offset = isNode(contents) ? contents.range?.[0] : undefined;
  for (const step of path) {
    if (isMap(node)) {
      // A key may be a number: `3333:`.
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === step);
      if (!isPair(pair) || !isScalar(pair.key)) return offset;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else {
      const item =
        isNode(node) && 'items' in node && Array.isArray(node.items) ? node.items[Number(step)] : undefined;
      if (!isNode(item)) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    }
  }
  return offset;
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  // `{ port:3333 }` is one key without a value: a setting that was meant, and is told to be wrong.
  const filled = Object.entries(value).filter(([key, member]) => member !== null || key.includes(':'));
  return Object.fromEntries(filled.map(([key, member]) => [key, withoutEmpty(member)]));
}
