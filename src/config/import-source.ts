import { type AnyNode, type Node, type Program, parse, parseExpressionAt } from 'acorn';
import type { Reading } from './import-call.ts';
import { readExpression } from './import-expression.ts';
import { Scope } from './import-scope.ts';
import { readStatements } from './import-statements.ts';
import { group, type OldGroup, type OldValue, type Spot, unreadable } from './import-value.ts';

/** A server.js is a page or two; with a megabyte it is some other program. */
export const SOURCE_BYTES_MAX = 1024 * 1024;
/** The file, and those it takes its settings from. */
const FILES_MAX = 16;
/** Twice as many as kpss.yaml has instances: more are no configuration. */
const POOLS_MAX = 128;
/** Values that `...` may copy in all: some hundred pools that share theirs. */
const COPIES_MAX = 20_000;
/** More are no configuration, and their report would be read by nobody. */
const NOTES_MAX = 200;

/** A call of createPool, or an object that looks like its options. */
export interface OldPool {
  readonly at: Spot;
  readonly options: OldValue;
  /** Who may log in; undefined where the pool was given nobody to ask. */
  readonly authorize: OldValue | undefined;
}

/** What an old server.js says, without having been run. */
export interface OldSource {
  /** In the order they would be made. */
  readonly pools: readonly OldPool[];
  /** What the file listens to, as `share`. */
  readonly handlers: readonly { readonly event: string; readonly at: Spot }[];
  /** What its owner should look at, apart from any option. */
  readonly notes: readonly { readonly text: string; readonly at: Spot }[];
}

export type SourceResult =
  | { readonly ok: true; readonly source: OldSource }
  /** A sentence with the file, line and column. */
  | { readonly ok: false; readonly problem: string };

/** @returns the text of a file beside the one that is read, or why there is none */
export type ReadBeside = (path: string) => { readonly text: string } | { readonly problem: string };

/**
 * Reads a server.js of the original, or a configuration file of it in JSON. It is parsed, never run.
 * @param name how the file is called in messages
 */
export function readOldSource(text: string, name: string, readBeside: ReadBeside): SourceResult {
  const reader = new SourceReader(readBeside);
  const problem = reader.read(text, name);
  return problem === undefined ? { ok: true, source: reader.source } : { ok: false, problem };
}

class SourceReader {
  readonly #readBeside: ReadBeside;
  #copies = 0;
  /** Groups that went into calls which may make pools of them. */
  readonly #passedOn: OldGroup[] = [];
  readonly #pools: OldPool[] = [];
  readonly #handlers: { event: string; at: Spot }[] = [];
  readonly #notes: { text: string; at: Spot }[] = [];
  /** By path: a file that is required twice is the same object, and one that requires itself ends. */
  readonly #files = new Map<string, OldValue>();

  constructor(readBeside: ReadBeside) {
    this.#readBeside = readBeside;
  }

  get source(): OldSource {
    return { pools: this.#pools, handlers: this.#handlers, notes: this.#notes };
  }

  /** @returns what is wrong with the file */
  read(text: string, name: string): string | undefined {
    try {
      if (isJson(text, name)) {
        const value = this.#readJson(text, name);
        if (isLikePool(value)) this.#pools.push({ options: value, authorize: undefined, at: value.at });
        else this.#addLooksLikePools([['', value]]);
        return undefined;
      }
      const { scope, exported } = this.#readProgram(text, name);
      const isMade = this.#pools.some(({ options }) => options.kind === 'group');
      const likely = this.#passedOn.map((value) => ['', value] as const);
      if (!isMade) this.#addLooksLikePools([...likely, ...scope.entries, ['', exported]]);
      return undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return syntaxText(error, name);
      throw error;
    }
  }

  #readJson(text: string, name: string): OldValue {
    const node = parseExpressionAt(text, 0, { ecmaVersion: 'latest', locations: true });
    if (text.slice(node.end).trim() !== '') return unreadable('more than one value', spotOf(node, name));
    return readExpression(node, new Scope(undefined, 'function'), this.#reading(name, []));
  }

  #readProgram(text: string, name: string): { readonly scope: Scope; readonly exported: OldValue } {
    const program = parseProgram(text);
    const scope = new Scope(undefined, 'function');
    const module = group(spotOf(program, name));
    const exported = group(module.at);
    module.members.set('exports', { at: module.at, value: exported });
    scope.declare('module', module);
    scope.declare('exports', exported);
    const functions: (readonly [AnyNode, Scope])[] = [];
    const reading = this.#reading(name, functions);
    readStatements(program.body, scope, reading);
    // As if each were called once, after all that stands around it: the list grows meanwhile.
    for (const [node, around] of functions) {
      if ('body' in node && node.body !== null) readStatements([node], around, reading);
    }
    return { scope, exported: module.members.get('exports')?.value ?? exported };
  }

  #reading(file: string, functions: (readonly [AnyNode, Scope])[]): Reading {
    return {
      spotOf: (node) => spotOf(node, file),
      metFunction: (node, scope) => functions.push([node, scope]),
      metPool: (options, authorize, at) => {
        if (this.#pools.length < POOLS_MAX) this.#pools.push({ options, authorize, at });
      },
      metHandler: (event, at) => {
        if (this.#handlers.length < NOTES_MAX) this.#handlers.push({ event, at });
      },
      tookFallback: (what, at) => this.#note(`${what} is not looked at: what stands behind || was taken`, at),
      leftCall: (what, at) => this.#note(`${what} is not carried out: what it changes is not here`, at),
      passedOn: (value) => {
        for (const one of value.kind === 'list' ? value.items : [value])
          if (isLikePool(one) && this.#passedOn.length < POOLS_MAX) this.#passedOn.push(one);
      },
      mayCopy: (count) => {
        this.#copies += count;
        return this.#copies <= COPIES_MAX;
      },
      required: (path, at) => this.#require(path, at),
    };
  }

  #note(text: string, at: Spot): void {
    if (this.#notes.length < NOTES_MAX) this.#notes.push({ text, at });
  }

  /** A module of the file's own folder, read as data as well. */
  #require(path: string, at: Spot): OldValue {
    const isPackage = !/^\.{0,2}\/|\.json$/.test(path) || path.includes('node_modules');
    if (isPackage) return unreadable(`the module ${path}`, at);
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    if (this.#files.size >= FILES_MAX) return unreadable(`${path}, one file too many`, at);
    this.#files.set(path, unreadable(`${path}, which needs itself`, at));
    const value = this.#readFile(path, at);
    this.#files.set(path, value);
    return value;
  }

  #readFile(path: string, at: Spot): OldValue {
    const endings = /\.(json|c?js)$/.test(path) ? [''] : ['.js', '.json', '/index.js'];
    const tried = endings.map((ending) => ({ name: path + ending, found: this.#readBeside(path + ending) }));
    const there = tried.find(({ found }) => 'text' in found);
    if (there === undefined || !('text' in there.found)) {
      const why = tried[0]?.found;
      return unreadable(`${path} (${why !== undefined && 'problem' in why ? why.problem : 'not there'})`, at);
    }
    const name = there.name.replace(/^\.\//, '');
    try {
      return name.endsWith('.json')
        ? this.#readJson(there.found.text, name)
        : this.#readProgram(there.found.text, name).exported;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return unreadable(`${path} (${syntaxText(error, name)})`, at);
    }
  }

  /** Where nothing calls createPool: objects with the settings that every pool has. */
  #addLooksLikePools(found: readonly (readonly [string, OldValue])[], depth = 0): void {
    for (const [, value] of found) {
      if (this.#pools.length >= POOLS_MAX) return;
      if (this.#pools.some(({ options }) => options === value)) continue;
      if (isLikePool(value)) {
        this.#pools.push({ options: value, authorize: undefined, at: value.at });
        this.#note(
          'no call of createPool says so, but this looks like the options of a pool: it was taken',
          value.at,
        );
      } else if (depth === 0) this.#addLooksLikePools(membersOf(value), depth + 1);
    }
  }
}

function membersOf(value: OldValue): (readonly [string, OldValue])[] {
  if (value.kind === 'list') return value.items.map((item, i) => [String(i), item]);
  return value.kind === 'group' ? Array.from(value.members, ([name, member]) => [name, member.value]) : [];
}

function isLikePool(value: OldValue): value is OldGroup {
  const marks = ['daemons', 'ports', 'coin', 'address'];
  return value.kind === 'group' && marks.filter((mark) => value.members.has(mark)).length >= 2;
}

/** Whatever it is called, if it is nothing but an object or a list. */
function isJson(text: string, name: string): boolean {
  if (name.endsWith('.json')) return true;
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    const node = parseExpressionAt(text, 0, { ecmaVersion: 'latest' });
    const isValue = node.type === 'ObjectExpression' || node.type === 'ArrayExpression';
    return isValue && text.slice(node.end).trim() === '';
  } catch (error) {
    // Said better by whoever reads it as a program.
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function parseProgram(text: string): Program {
  const options = { ecmaVersion: 'latest', locations: true, allowHashBang: true } as const;
  try {
    // What Node took it for, in those days and mostly today.
    return parse(text, { ...options, sourceType: 'script', allowReturnOutsideFunction: true });
  } catch (error) {
    if (!/^\s*(import|export)\b|\bawait\b/m.test(text)) throw error;
    return parse(text, { ...options, sourceType: 'module' });
  }
}

function spotOf(node: Node, file: string): Spot {
  return { file, line: node.loc?.start.line ?? 1, column: (node.loc?.start.column ?? 0) + 1 };
}

/** acorn ends its message with the place, and counts columns from 0. */
function syntaxText(error: SyntaxError, name: string): string {
  const { loc } = error as { loc?: { line: number; column: number } };
  const what = error.message.replace(/ \(\d+:\d+\)$/, '');
  const text = what.startsWith('Not enough stack') ? 'it is nested too deeply' : what;
  return `${name}:${loc?.line ?? 1}:${(loc?.column ?? 0) + 1}: this is no JavaScript that can be read: ${text}`;
}
