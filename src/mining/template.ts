import { hexToBytes, reversed } from '../chain/bytes.ts';
import { bitsToTarget, equalTargets } from '../chain/target.ts';
import { epochMax } from '../kawpow/epoch.ts';
import type { KawPow } from '../kawpow/params.ts';

export interface TemplateTransaction {
  /** Serialised, lower- or upper-case hex as the node gave it: it goes into a block unchanged. */
  readonly dataHex: string;
  /** 32 bytes, internal order: a leaf of the merkle tree. */
  readonly txidInternal: Uint8Array;
  readonly hasWitness: boolean;
}

/** A parsed getblocktemplate answer: all that a block needs but the coinbase, the nonce and the mix hash. Immutable. */
export interface Template {
  /** Of the chain it is for. */
  readonly pow: KawPow;
  /** Passed through unchanged: deployments vote in it. */
  readonly version: number;
  /** Display hex: the tip this template builds on. */
  readonly previousBlockHash: string;
  readonly height: number;
  readonly bits: number;
  /** 32 bytes, big-endian; from `bits`, which is what consensus reads. */
  readonly networkTarget: Uint8Array;
  /** Subsidy and fees, to be paid out to the last satoshi. */
  readonly coinbaseValueSat: bigint;
  readonly curtimeS: number;
  readonly mintimeS: number;
  readonly transactions: readonly TemplateTransaction[];
  /** An output script; the node leaves it out only while segwit is not active. */
  readonly witnessCommitmentScript: Uint8Array | undefined;
  readonly longPollId: string;
}

export type TemplateResult =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly reason: string };

/** More than any block can pay: 21 billion coins of 10^8 satoshi. */
const AMOUNT_SAT_MAX = 21_000_000_000n * 100_000_000n;
/** @returns the last height of the last epoch that the proof of work is computed for; some centuries ahead */
export function heightMax(pow: KawPow): number {
  return (epochMax(pow) + 1) * pow.epochLength - 1;
}

/** Blocks are at most 8 MB, a transaction at least 60 bytes: no template lists more. */
const TRANSACTIONS_MAX = 140_000;

class TemplateFault extends Error {}

/**
 * Checks every field of a getblocktemplate answer that a block is made from.
 * @param raw the `result` of the call
 * @param pow of the chain that the node is on
 * @returns the template, or a reason that names the field that is missing or wrong and what was expected
 * Source: BIP 22 and 23; recordings of Ravencoin Core 4.6.1
 */
export function parseTemplate(raw: unknown, pow: KawPow): TemplateResult {
  try {
    return { ok: true, template: readTemplate(new Fields('template', raw), pow) };
  } catch (error) {
    if (error instanceof TemplateFault) return { ok: false, reason: error.message };
    throw error;
  }
}

function readTemplate(fields: Fields, pow: KawPow): Template {
  const bitsHex = fields.hex('bits', 4);
  const bits = Number.parseInt(bitsHex, 16);
  const networkTarget = fields.check('bits', 'bits of a valid target', () => bitsToTarget(bits));
  if (!equalTargets(hexToBytes(fields.hex('target', 32)), networkTarget)) {
    throw new TemplateFault(`template.target and template.bits (${bitsHex}) are not the same target`);
  }
  const transactions = fields.list('transactions', TRANSACTIONS_MAX).map(readTransaction);
  const witnessCommitmentScript = fields.has('default_witness_commitment')
    ? hexToBytes(fields.hex('default_witness_commitment'))
    : undefined;
  if (witnessCommitmentScript === undefined && transactions.some((transaction) => transaction.hasWitness)) {
    throw new TemplateFault(
      'template.default_witness_commitment is missing though there are witness transactions',
    );
  }
  const template: Template = {
    pow,
    version: fields.integer('version', -0x80000000, 0x7fffffff),
    previousBlockHash: fields.hex('previousblockhash', 32).toLowerCase(),
    height: fields.integer('height', 1, heightMax(pow)),
    bits,
    networkTarget,
    coinbaseValueSat: fields.amount('coinbasevalue'),
    curtimeS: fields.integer('curtime', 0, 0xffffffff),
    mintimeS: fields.integer('mintime', 0, 0xffffffff),
    transactions: Object.freeze(transactions),
    witnessCommitmentScript,
    longPollId: fields.text('longpollid'),
  };
  if (template.curtimeS < template.mintimeS)
    throw new TemplateFault('template.curtime is before template.mintime');
  return Object.freeze(template);
}

function readTransaction(raw: unknown, index: number): TemplateTransaction {
  const fields = new Fields(`template.transactions[${index}]`, raw);
  const txid = fields.hex('txid', 32);
  return {
    dataHex: fields.hex('data'),
    txidInternal: reversed(hexToBytes(txid)),
    hasWitness: fields.hex('hash', 32).toLowerCase() !== txid.toLowerCase(),
  };
}

/** Reads members of one JSON object, each with the check its type asks for. */
class Fields {
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
