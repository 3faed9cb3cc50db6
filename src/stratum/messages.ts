import { bytesToHex } from '../chain/bytes.ts';
import { bigintToTarget, targetToDifficulty } from '../chain/target.ts';
import type { IssuedJob } from '../mining/issued-jobs.ts';
import type { Job } from '../mining/job.ts';
import type { Submission } from '../mining/share.ts';

/** A number that a double does not hold exactly, as it was written. */
interface ExactNumber {
  readonly source: string;
}

/** Sent back as it came. An id of any other type, which no miner sends, is answered with null. */
export type RequestId = string | number | ExactNumber | boolean | null;

export type Request =
  | { readonly method: 'subscribe'; readonly id: RequestId; readonly agent: string }
  | {
      readonly method: 'authorize';
      readonly id: RequestId;
      readonly userName: string;
      readonly password: string;
    }
  | { readonly method: 'submit'; readonly id: RequestId; readonly submission: Submission }
  | { readonly method: 'report-hashrate'; readonly id: RequestId; readonly hashesPerS: number | undefined }
  /** Of mining.suggest_difficulty and mining.suggest_target; undefined where it is none. */
  | { readonly method: 'suggest-difficulty'; readonly id: RequestId; readonly difficulty: number | undefined }
  /** Nothing that this server does, but there is an answer that lets its sender go on. */
  | { readonly method: 'courtesy'; readonly id: RequestId; readonly result: CourtesyResult }
  | { readonly method: 'unsupported'; readonly id: RequestId; readonly name: string }
  /** No method: an answer to something, such as kawpowminer's «Method not found». Nothing is sent back. */
  | { readonly method: 'none' };

type CourtesyResult = true | string | readonly never[] | Readonly<Record<string, false>>;

export type ParsedRequest =
  | { readonly ok: true; readonly request: Request }
  | { readonly ok: false; readonly id: RequestId; readonly text: string };

/** Agents and worker names are shown in logs and pages: this much of them. */
const AGENT_LENGTH_MAX = 64;
/** An id comes back with each reply; longer than this it is no miner's. */
const ID_LENGTH_MAX = 128;
/** BIP 310 knows four extensions; as many again may have been thought of since. */
const EXTENSIONS_MAX = 8;
/** More than a thousand cards' worth in a thousand farms: whoever reports more is mistaken about the unit. */
const REPORTED_HASHES_PER_S_MAX = 1e15;

/** What some miners ask out of habit, and what lets them go on. */
const COURTESIES: Readonly<Record<string, CourtesyResult>> = {
  'client.get_version': 'KPSS',
  // The transactions of a block are put together here, and no miner needs them.
  'mining.get_transactions': [],
  // The extranonce of a connection never changes, so there is nothing to be told of.
  'mining.extranonce.subscribe': true,
  'mining.multi_version': true,
  'mining.ping': 'pong',
};

/**
 * Reads one line of a miner.
 * @param line without its newline, at most 8 KiB
 * @returns the request, or why it is none; never throws
 */
export function parseRequest(line: string): ParsedRequest {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return { ok: false, id: null, text: 'not JSON' };
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return { ok: false, id: null, text: 'not a JSON object' };
  }
  const { id: rawId, method, params } = message as Record<string, unknown>;
  const id = readId(rawId, line);
  if (method === undefined) return { ok: true, request: { method: 'none' } };
  if (typeof method !== 'string') return { ok: false, id, text: 'method is not a text' };
  return readRequest(id, method, readParams(params));
}

/** Named parameters, as some write them, count as one parameter that is an object. */
function readParams(params: unknown): readonly unknown[] {
  if (Array.isArray(params)) return params;
  return typeof params === 'object' && params !== null ? [params] : [];
}

function readRequest(id: RequestId, method: string, params: readonly unknown[]): ParsedRequest {
  switch (method) {
    case 'mining.subscribe':
      return { ok: true, request: { method: 'subscribe', id, agent: printable(text(params[0])) } };
    case 'mining.authorize':
      return {
        ok: true,
        request: { method: 'authorize', id, userName: text(params[0]).trim(), password: text(params[1]) },
      };
    case 'mining.submit':
      return { ok: true, request: { method: 'submit', id, submission: readSubmission(params) } };
    case 'eth_submitHashrate':
    case 'mining.hashrate':
      return { ok: true, request: { method: 'report-hashrate', id, hashesPerS: readHashrate(params[0]) } };
    case 'mining.suggest_difficulty':
      return {
        ok: true,
        request: { method: 'suggest-difficulty', id, difficulty: readDifficulty(params[0]) },
      };
    case 'mining.suggest_target':
      return { ok: true, request: { method: 'suggest-difficulty', id, difficulty: readTarget(params[0]) } };
    case 'mining.configure':
      return { ok: true, request: { method: 'courtesy', id, result: noExtensions(params[0]) } };
    default:
      return { ok: true, request: readOther(id, method) };
  }
}

function readOther(id: RequestId, method: string): Request {
  const result = Object.hasOwn(COURTESIES, method) ? COURTESIES[method] : undefined;
  if (result !== undefined) return { method: 'courtesy', id, result };
  return { method: 'unsupported', id, name: printable(method) };
}

/** BIP 310: each extension that was asked for, with whether it is spoken; none is, as KawPoW has use for none. */
function noExtensions(names: unknown): Readonly<Record<string, false>> {
  const asked = Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  return Object.fromEntries(asked.slice(0, EXTENSIONS_MAX).map((name) => [printable(name), false]));
}

/** [worker name, job id, nonce, header hash, mix hash]; what is missing is left empty, for the screening to refuse. */
function readSubmission(params: readonly unknown[]): Submission {
  const [jobId, nonceHex, headerHashHex, mixHashHex] = params.slice(1).map(text);
  return {
    jobId: jobId ?? '',
    nonceHex: nonceHex ?? '',
    headerHashHex: headerHashHex ?? '',
    mixHashHex: mixHashHex ?? '',
  };
}

/** kawpowminer reports `0x` and 32 hex digits, others a number, its decimal digits, or an object that has it. */
function readHashrate(value: unknown): number | undefined {
  const given = typeof value === 'object' && value !== null && 'hashrate' in value ? value.hashrate : value;
  const rate = readNumber(given);
  return rate !== undefined && rate >= 0 && rate <= REPORTED_HASHES_PER_S_MAX ? rate : undefined;
}

function readDifficulty(value: unknown): number | undefined {
  const difficulty = readNumber(value);
  return difficulty !== undefined && difficulty > 0 ? difficulty : undefined;
}

/** Up to 64 hex digits with or without 0x. */
function readTarget(value: unknown): number | undefined {
  const digits = /^(?:0x)?([0-9a-f]{1,64})$/i.exec(text(value))?.[1];
  const target = BigInt(`0x${digits ?? 0}`);
  return target > 0n ? targetToDifficulty(bigintToTarget(target)) : undefined;
}

/** A number, or a text of one: decimal, or hex with 0x. */
function readNumber(value: unknown): number | undefined {
  const isNumeral =
    typeof value === 'string' && /^(0x[0-9a-f]{1,64}|\d{1,40}(\.\d{1,40})?(e[+-]?\d{1,3})?)$/i.test(value);
  const number = isNumeral ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function readId(id: unknown, line: string): RequestId {
  if (typeof id === 'string') return id.length <= ID_LENGTH_MAX ? id : null;
  if (typeof id === 'number') return Number.isSafeInteger(id) ? id : exactId(line);
  return typeof id === 'boolean' ? id : null;
}

/** Strings, brackets, colons, and whatever stands between. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{}:]|[^\s"[\]{}:,]+/g;

/**
 * The digits of the id at the top of a message. Read from the tokens, since a reviver of JSON.parse calls itself for each
 * bracket within a bracket: a line has room for enough of them to overflow the stack.
 * @param line a JSON object whose id is a number
 */
function exactId(line: string): ExactNumber | null {
  const tokens = line.match(TOKENS) ?? [];
  let depth = 0;
  let source = '';
  for (const [at, token] of tokens.entries()) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token === ':' && depth === 1 && JSON.parse(tokens[at - 1] ?? '""') === 'id')
      source = tokens[at + 1] ?? '';
  }
  return source !== '' && source.length <= ID_LENGTH_MAX ? { source } : null;
}

/** Numbers, too: a worker or a password that is one loses its quotes in some scripts. */
function text(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : '';
}

/** Printable ASCII only, bounded: a terminal that shows it obeys no control codes of a stranger. */
export function printable(value: string, lengthMax: number = AGENT_LENGTH_MAX): string {
  return value.slice(0, lengthMax).replace(/[^\x20-\x7e]/g, '?');
}

export function encodeResult(id: RequestId, result: unknown): string {
  return `{"id":${encodeId(id)},"result":${JSON.stringify(result)},"error":null}\n`;
}

/** `result` is null: XMRig counts `false` as accepted. Members of `error` are scalars: kawpowminer reads no others. */
export function encodeError(id: RequestId, code: number, message: string): string {
  return `{"id":${encodeId(id)},"result":null,"error":${JSON.stringify([code, message, null])}}\n`;
}

function encodeId(id: RequestId): string {
  return typeof id === 'object' && id !== null ? id.source : JSON.stringify(id);
}

/** `[1]` is the extranonce; anything in place of null that names a protocol would mislead kawpowminer. */
export function encodeSubscribed(id: RequestId, extranonceHex: string): string {
  return encodeResult(id, [null, extranonceHex]);
}

/** What the lines of a job are for everybody at the same difficulty: all but the id between the two parts. */
interface JobLines {
  readonly job: Job;
  readonly shareTarget: Uint8Array;
  readonly cleanJobs: boolean;
  readonly beforeId: string;
  readonly afterId: string;
}

/** The latest: a new job goes to thousands one after the other, and most have the same difficulty. */
let jobLines: JobLines | undefined;

/**
 * `mining.set_target` and `mining.notify` with the same target: some miners read only the one, some only the other.
 * @param cleanJobs the tip changed: work on earlier jobs is worth nothing
 */
export function encodeJob({ id, job, shareTarget }: IssuedJob, cleanJobs: boolean): string {
  const isSame =
    jobLines?.job === job && jobLines.shareTarget === shareTarget && jobLines.cleanJobs === cleanJobs;
  if (jobLines === undefined || !isSame) jobLines = linesOf(job, shareTarget, cleanJobs);
  return jobLines.beforeId + id + jobLines.afterId;
}

function linesOf(job: Job, shareTarget: Uint8Array, cleanJobs: boolean): JobLines {
  const { template, headerHashHex, seedHashHex } = job;
  const target = wireTarget(shareTarget);
  const bitsHex = template.bits.toString(16).padStart(8, '0');
  return {
    job,
    shareTarget,
    cleanJobs,
    // The id of a notification is null; XMRig takes any number for a response.
    beforeId:
      `{"id":null,"method":"mining.set_target","params":["${target}"]}\n` +
      `{"id":null,"method":"mining.notify","params":["`,
    afterId: `","${headerHashHex}","${seedHashHex}","${target}",${cleanJobs},${template.height},"${bitsHex}"]}\n`,
  };
}

/**
 * Plain hex, as XMRig reads it; but kawpowminer forces the first byte of an unprefixed target to zero, so one of 2^248
 * or more, as tests and devnets use, goes out with 0x.
 */
function wireTarget(target: Uint8Array): string {
  const hex = bytesToHex(target);
  return target[0] === 0 ? hex : `0x${hex}`;
}
