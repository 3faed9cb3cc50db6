import { type Code, flatten, i32, unsignedLeb, type ValueType } from './wasm-ops.ts';

/**
 * An assembler for the part of WebAssembly that the kernel uses: one imported shared memory, imported and own functions
 * with locals, structured control. Instructions are in wasm-ops.ts.
 * Source: WebAssembly Core Specification 2.0, chapter 5; shared memories from the threads proposal
 */

const TYPE_CODES: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b };
const EMPTY_BLOCK = 0x40;
const END = 0x0b;

/** A local variable or parameter of a function. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
  /** Sets it, and is the value. */
  tee(value: Code): Code;
}

/** A function that code can call. */
export interface Callable {
  call(...args: readonly Code[]): Code;
}

/** Statements one after the other. */
export function sequence(...statements: readonly Code[]): Code {
  return statements;
}

/** Code for each of 0 … count − 1: a loop written out. */
export function unrolled(count: number, body: (i: number) => Code): Code {
  return Array.from({ length: count }, (_, i) => body(i));
}

/** Runs the body, and again as long as the condition then holds. */
export function repeatWhile(condition: Code, body: Code): Code {
  return [0x03, EMPTY_BLOCK, body, condition, 0x0d, 0, END];
}

/**
 * Counts a local up to an end and runs the body each time, at least once: callers have something to do.
 * @param counter starts at what it holds
 * @param end exclusive; computed anew each time, so a local or a constant
 */
export function countUp(counter: Local, step: number, end: Code, body: Code): Code {
  const next = counter.tee(i32.add(counter.get, i32.const(step)));
  return repeatWhile(i32.lessUnsigned(next, end), body);
}

/** Runs a statement where the condition is not 0. */
export function when(condition: Code, body: Code): Code {
  return [condition, 0x04, EMPTY_BLOCK, body, END];
}

/** Runs one of two statements. */
export function ifElse(condition: Code, yes: Code, no: Code): Code {
  return [condition, 0x04, EMPTY_BLOCK, yes, 0x05, no, END];
}

/** Runs one of the cases, by number. The last one is also for all numbers beyond it. */
export function choose(number: Code, cases: readonly Code[]): Code {
  const last = cases.length - 1;
  const block = [0x02, EMPTY_BLOCK];
  // One block around all, and one for each case: they end one after the other, and to leave the i-th is to go to case i.
  return [
    ...block,
    ...cases.flatMap(() => block),
    number,
    0x0e,
    ...unsignedLeb(last),
    ...cases.flatMap((_, i) => unsignedLeb(i)),
    END,
    // In case i there are last − i blocks of other cases within the one around all.
    ...cases.flatMap((body, i) => [body, 0x0c, ...unsignedLeb(last - i), END]),
  ];
}

/** What a function's body is written with. */
export class FunctionScope {
  readonly parameters: readonly Local[];
  readonly #types: ValueType[];
  readonly #parameterCount: number;

  constructor(parameterTypes: readonly ValueType[]) {
    this.#types = [...parameterTypes];
    this.#parameterCount = parameterTypes.length;
    this.parameters = parameterTypes.map((_, i) => localOf(i));
  }

  /** A new local variable; it starts as 0. */
  local(type: ValueType): Local {
    this.#types.push(type);
    return localOf(this.#types.length - 1);
  }

  locals(count: number, type: ValueType): Local[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  /** The declaration of the locals, as the code section wants it. */
  declaration(): readonly number[] {
    const types = this.#types.slice(this.#parameterCount);
    return [...unsignedLeb(types.length), ...types.flatMap((type) => [1, TYPE_CODES[type]])];
  }
}

function localOf(index: number): Local {
  const number = unsignedLeb(index);
  return {
    get: [0x20, ...number],
    set: (value) => [value, 0x21, ...number],
    tee: (value) => [value, 0x22, ...number],
  };
}

/** Which parameters a function has, what it gives, and whether JavaScript may call it. */
export interface Signature {
  readonly parameters: readonly ValueType[];
  readonly result?: ValueType;
  /** The name under which it is exported. */
  readonly exported?: string;
}

interface BuiltFunction {
  readonly signature: Signature;
  /** Put together, because its length comes before it. */
  readonly body: readonly number[];
}

interface ImportedFunction {
  readonly name: string;
  readonly signature: Signature;
}

/** A module with one imported shared memory, `env.memory`, imported constants and imported functions. */
export class ModuleBuilder {
  readonly #pages: { readonly min: number; readonly max: number };
  readonly #globals: string[] = [];
  readonly #imported: ImportedFunction[] = [];
  readonly #functions: BuiltFunction[] = [];

  /** @param pages bounds of the memory's size in units of 64 KiB */
  constructor(pages: { readonly min: number; readonly max: number }) {
    this.#pages = pages;
  }

  /** An i32 that is told at instantiation, as `env.name`. @returns code that reads it */
  importedConstant(name: string): Code {
    this.#globals.push(name);
    return [0x23, ...unsignedLeb(this.#globals.length - 1)];
  }

  /**
   * A function of JavaScript's that is told at instantiation, as `env.name`.
   * @throws Error after the first function of the module's own: those imported have the first numbers
   */
  importedFunction(name: string, signature: Omit<Signature, 'exported'>): Callable {
    if (this.#functions.length > 0) throw new Error('imported functions are declared before all others');
    this.#imported.push({ name, signature });
    return callable(this.#imported.length - 1);
  }

  /** @param write gives the body: statements, and at the end the result if there is one */
  function(signature: Signature, write: (scope: FunctionScope, ...parameters: Local[]) => Code): Callable {
    const scope = new FunctionScope(signature.parameters);
    const code = write(scope, ...scope.parameters);
    this.#functions.push({ signature, body: flatten([scope.declaration(), code, END]) });
    return callable(this.#imported.length + this.#functions.length - 1);
  }

  /** @returns the module in the binary format */
  bytes(): Uint8Array<ArrayBuffer> {
    const functions = this.#functions;
    const first = this.#imported.length;
    const exported = functions.flatMap(({ signature }, i) =>
      signature.exported === undefined
        ? []
        : [[...name(signature.exported), 0x00, ...unsignedLeb(first + i)]],
    );
    const module = [
      ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, [...this.#imported, ...functions].map(functionType)),
      ...section(2, this.#imports()),
      // Each function has a type of its own: a table of types without doubles would save a few bytes.
      ...section(
        3,
        functions.map((_, i) => unsignedLeb(first + i)),
      ),
      ...section(7, exported),
      ...section(
        10,
        functions.map(({ body }) => [...unsignedLeb(body.length), body]),
      ),
    ];
    return Uint8Array.from(flatten(module));
  }

  #imports(): Code[] {
    const { min, max } = this.#pages;
    const shared = 0x03;
    return [
      [...name('env'), ...name('memory'), 0x02, shared, ...unsignedLeb(min), ...unsignedLeb(max)],
      ...this.#globals.map((global) => [...name('env'), ...name(global), 0x03, TYPE_CODES.i32, 0x00]),
      ...this.#imported.map((each, i) => [...name('env'), ...name(each.name), 0x00, ...unsignedLeb(i)]),
    ];
  }
}

function callable(index: number): Callable {
  const number = unsignedLeb(index);
  return { call: (...args) => [...args, 0x10, ...number] };
}

function functionType({ signature: { parameters, result } }: { readonly signature: Signature }): Code {
  const results = result === undefined ? [] : [result];
  return [0x60, ...vector(parameters.map(codeOf)), ...vector(results.map(codeOf))];
}

function codeOf(type: ValueType): Code {
  return [TYPE_CODES[type]];
}

function vector(items: readonly Code[]): Code {
  return [...unsignedLeb(items.length), ...items];
}

function section(id: number, items: readonly Code[]): Code {
  const content = flatten(vector(items));
  return [id, ...unsignedLeb(content.length), content];
}

function name(text: string): Code {
  return vector(Array.from(text, (character) => [character.charCodeAt(0)]));
}
