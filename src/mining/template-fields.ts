/** More than any block can pay: 21 billion coins of 10^8 satoshi. */
const AMOUNT_SAT_MAX = 21_000_000_000n * 100_000_000n;

/** Something in a template is not as a block needs it; the message is for the owner. Caught by parseTemplate. */
export class TemplateFault extends Error {}

/**
 * Reads members of one JSON object, each with the check its type asks for. Every reading throws a TemplateFault that names
 * the member, what was expected and what came.
 */
export class Fields {
  readonly #name: string;
  readonly #object: Readonly<Record<string, unknown>>;

  constructor(name: string, raw: unknown) {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
      throw new TemplateFault(`${name} is not an object`);
    }
    this.#name = name;
    this.#object = raw as Record<string, unknown>;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#object, key);
  }

  text(key: string): string {
    const value = this.#get(key);
    if (typeof value !== 'string') this.#fail(key, 'a text', value);
    return value;
  }

  /** @param bytes exact length; any length of at least one byte when left out */
  hex(key: string, bytes?: number): string {
    const value = this.#get(key);
    const expected = bytes === undefined ? 'hex' : `${bytes * 2} hex digits`;
    if (typeof value !== 'string' || value.length === 0 || value.length % 2 !== 0)
      this.#fail(key, expected, value);
    if (bytes !== undefined && value.length !== bytes * 2) this.#fail(key, expected, value);
    if (!/^[0-9a-f]+$/i.test(value)) this.#fail(key, expected, value);
    return value;
  }

  integer(key: string, min: number, max: number): number {
    const value = this.#get(key);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      this.#fail(key, `a whole number from ${min} to ${max}`, value);
    }
    return value;
  }

  amount(key: string): bigint {
    const value = this.#get(key);
    const whole = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
    if (!whole || BigInt(value) < 0n || BigInt(value) > AMOUNT_SAT_MAX) {
      this.#fail(key, 'an amount in satoshi', value);
    }
    return BigInt(value as bigint | number);
  }

  list(key: string, lengthMax: number): readonly unknown[] {
    const value = this.#get(key);
    if (!Array.isArray(value) || value.length > lengthMax)
      this.#fail(key, `a list of at most ${lengthMax}`, value);
    return value;
  }

  /** The member as an object, to read from it in turn. */
  object(key: string): Fields {
    return new Fields(`${this.#name}.${key}`, this.#get(key));
  }

  check<T>(key: string, expected: string, read: () => T): T {
    try {
      return read();
    } catch {
      return this.#fail(key, expected, this.#get(key));
    }
  }

  #get(key: string): unknown {
    if (!this.has(key)) throw new TemplateFault(`${this.#name}.${key} is missing`);
    return this.#object[key];
  }

  #fail(key: string, expected: string, got: unknown): never {
    const shown =
      typeof got === 'object' && got !== null ? (Array.isArray(got) ? 'a list' : 'an object') : String(got);
    throw new TemplateFault(`${this.#name}.${key}: expected ${expected}, got ${shown.slice(0, 80)}`);
  }
}
