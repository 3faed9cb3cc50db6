import { RPC_CODES, RpcFailure } from './rpc-failure.ts';

/** Typed reading of positional parameters, with the complaints of ravend's JSON library (UniValue). */
export class RpcParams {
  readonly #values: readonly unknown[];

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  get count(): number {
    return this.#values.length;
  }

  /** Left out, or null, which counts the same where a parameter is optional. */
  isMissing(index: number): boolean {
    return this.#values[index] === undefined || this.#values[index] === null;
  }

  raw(index: number): unknown {
    return this.#values[index];
  }

  text(index: number): string {
    const value = this.#values[index];
    if (typeof value !== 'string') throw wrongType('a string');
    return value;
  }

  integer(index: number): number {
    const value = this.#values[index];
    if (typeof value === 'bigint') throw new RpcFailure(RPC_CODES.misc, 'JSON integer out of range');
    if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType('an integer');
    if (value > 0x7fffffff || value < -0x80000000) {
      throw new RpcFailure(RPC_CODES.misc, 'JSON integer out of range');
    }
    return value;
  }

  boolean(index: number): boolean {
    const value = this.#values[index];
    if (typeof value !== 'boolean') throw wrongType('a boolean');
    return value;
  }

  object(index: number): Readonly<Record<string, unknown>> {
    const value = this.#values[index];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType('an object');
    return value as Record<string, unknown>;
  }
}

function wrongType(expected: string): RpcFailure {
  return new RpcFailure(RPC_CODES.misc, `JSON value is not ${expected} as expected`);
}

/**
 * Named parameters into their places.
 * @throws RpcFailure on a name the method does not have
 */
export function placeNamedParams(
  named: Readonly<Record<string, unknown>>,
  names: readonly string[],
): unknown[] {
  const unknown = Object.keys(named).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new RpcFailure(RPC_CODES.invalidParameter, `Unknown named parameter ${unknown}`);
  }
  const last = names.findLastIndex((name) => Object.hasOwn(named, name));
  return names.slice(0, last + 1).map((name) => named[name] ?? null);
}
