import { bytesToHex, equalBytes, hexToBytes } from '../chain/bytes.ts';
import { bitsToTarget } from '../chain/target.ts';
import { epochMax, epochOf, seedHashOf } from '../kawpow/epoch.ts';
import type { KawPow } from '../kawpow/params.ts';
import { isRecord } from './json.ts';

/** An id of any job that a server would send; longer ones are garbage. */
const JOB_ID_LENGTH_MAX = 128;
/** Of the nonce's 8 bytes a server may take up to this many for itself. */
const PREFIX_BYTES_MAX = 6;
/** What a server says is cut to this before it is shown to a person. */
const TEXT_LENGTH_MAX = 200;

/** What a server wants hashed. */
export interface MinerJob {
  readonly id: string;
  readonly height: number;
  /** 32 bytes, display order. */
  readonly headerHash: Uint8Array;
  /** 32 bytes, big-endian: what a share must meet. */
  readonly shareTarget: Uint8Array;
  /** 32 bytes, big-endian: what a block must meet; undefined where the server does not say. */
  readonly networkTarget: Uint8Array | undefined;
  /** Work handed out before is worth nothing now. */
  readonly cleanJobs: boolean;
}

export interface ServerError {
  readonly code: number | undefined;
  readonly text: string;
}

export type ServerMessage =
  | { readonly kind: 'job'; readonly job: MinerJob }
  | {
      readonly kind: 'reply';
      readonly id: number;
      readonly result: unknown;
      readonly error: ServerError | undefined;
    }
  /** Wants an answer, though nothing is known of its method. */
  | { readonly kind: 'question'; readonly id: number | string }
  | { readonly kind: 'ignored'; readonly reason: string };

/**
 * One line from a server, which may be anything; never throws.
 * @param pow what is mined
 */
export function parseServerLine(line: string, pow: KawPow): ServerMessage {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return ignored('no JSON');
  }
  if (!isRecord(message)) return ignored('no object');
  const { id, method } = message;
  if (method === 'mining.notify') return parseJob(message.params, pow);
  if (typeof method === 'string') {
    if (typeof id === 'number' || typeof id === 'string') return { kind: 'question', id };
    // The target comes with every job too, and only that one counts.
    return ignored(`notification ${shorten(method)}`);
  }
  if (typeof id !== 'number') return ignored('neither a method nor an id of ours');
  return { kind: 'reply', id, result: message.result, error: parseError(message) };
}

/**
 * The extranonce prefix in a subscribe result: its second element, hex, or none.
 * @returns undefined where the result is no such thing
 */
export function parsePrefix(result: unknown): Uint8Array | undefined {
  if (!Array.isArray(result)) return undefined;
  const text: unknown = result[1] ?? '';
  const bytes = typeof text === 'string' ? hexBytes(text) : undefined;
  return bytes && bytes.length <= PREFIX_BYTES_MAX ? bytes : undefined;
}

/** Parameters of mining.submit, as every server takes them. */
export function submitParams(
  user: string,
  job: MinerJob,
  solution: { readonly nonce: bigint; readonly mixHash: Uint8Array },
): string[] {
  const nonceHex = solution.nonce.toString(16).padStart(16, '0');
  return [
    user,
    job.id,
    `0x${nonceHex}`,
    `0x${bytesToHex(job.headerHash)}`,
    `0x${bytesToHex(solution.mixHash)}`,
  ];
}

function parseJob(params: unknown, pow: KawPow): ServerMessage {
  if (!Array.isArray(params)) return ignored('a job without parameters');
  const [id, headerHex, seedHex, targetHex, cleanJobs, height, bitsHex] = params as unknown[];
  if (typeof id !== 'string' || id.length > JOB_ID_LENGTH_MAX) return ignored('a job without an id');
  const headerHash = hexBytes(headerHex, 32);
  const seedHash = hexBytes(seedHex, 32);
  const shareTarget = hexBytes(targetHex, 32);
  if (!headerHash || !seedHash || !shareTarget) return ignored('a job with a hash that is none');
  if (typeof height !== 'number' || !Number.isInteger(height) || height < 0 || height > 0xffffffff)
    return ignored('a job without a height');
  const epoch = epochOf(height, pow);
  if (epoch > epochMax(pow)) return ignored(`a job of height ${height}, far beyond any chain`);
  if (!equalBytes(seedHash, knownSeedHash(epoch)))
    return ignored('a job with the seed hash of another epoch');
  const job = {
    id,
    height,
    headerHash,
    shareTarget,
    networkTarget: networkTarget(bitsHex),
    cleanJobs: cleanJobs === true,
  };
  return { kind: 'job', job };
}

let lastSeed = { epoch: 0, hash: seedHashOf(0) };

/** A late epoch's takes thousands of Keccaks, and every job of an epoch has the same. */
function knownSeedHash(epoch: number): Uint8Array {
  if (lastSeed.epoch !== epoch) lastSeed = { epoch, hash: seedHashOf(epoch) };
  return lastSeed.hash;
}

function networkTarget(bitsHex: unknown): Uint8Array | undefined {
  const bytes = hexBytes(bitsHex, 4);
  if (!bytes) return undefined;
  try {
    return bitsToTarget(Number.parseInt(bytesToHex(bytes), 16));
  } catch {
    return undefined;
  }
}

/** Hex with or without 0x, of any case. */
function hexBytes(value: unknown, length?: number): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined;
  const digits = value.replace(/^0x/i, '');
  if (length === undefined ? digits.length > 2 * 32 : digits.length !== 2 * length) return undefined;
  try {
    return hexToBytes(digits);
  } catch {
    return undefined;
  }
}

/** `[code, text, …]`, `{code, message}` or a text; a false result without an error is a refusal as well. */
function parseError({ result, error }: Readonly<Record<string, unknown>>): ServerError | undefined {
  if (error === null || error === undefined) {
    return result === false ? { code: undefined, text: 'refused' } : undefined;
  }
  if (Array.isArray(error)) return serverError(error[0], error[1]);
  if (isRecord(error)) return serverError(error.code, error.message);
  return serverError(undefined, error);
}

function serverError(code: unknown, text: unknown): ServerError {
  return {
    code: typeof code === 'number' ? code : undefined,
    text: typeof text === 'string' && text !== '' ? shorten(text) : 'refused',
  };
}

/** Printable and short, so that a server cannot write on the user's terminal as it likes. */
function shorten(text: string): string {
  return text.slice(0, TEXT_LENGTH_MAX).replace(/[^\x20-\x7e]/g, '?');
}

function ignored(reason: string): ServerMessage {
  return { kind: 'ignored', reason };
}
