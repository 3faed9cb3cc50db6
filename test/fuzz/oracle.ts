import type { CloseReason } from '../../src/stratum/wire.ts';
import { judge, REFUSALS, type Verdict, type WireJob } from './reference.ts';

/** Demerits that close a connection. */
const DEMERITS_MAX = 100;
const LINE_BYTES_MAX = 8 * 1024;
const ID_LENGTH_MAX = 128;
const LONG_NUMBER = new RegExp(`[\\d.e+-]{${ID_LENGTH_MAX + 1}}`, 'i');
/** An id of 128 characters, each as an escape of six, and what the longest answer says. */
const REPLY_BYTES_MAX = 4_096;

interface Message {
  readonly id: unknown;
  readonly method?: string;
  readonly params?: unknown[];
  readonly result?: unknown;
  readonly error?: [number, string, null] | null;
}

/** @returns the lines of a connection's bytes, and whether one of them is too long; the same as the splitter, but at once */
export function splitAll(bytes: Uint8Array): { lines: string[]; overflow: boolean } {
  const lines: string[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    if (end - start > LINE_BYTES_MAX) return { lines, overflow: true };
    if (newline < 0) break;
    const text = new TextDecoder().decode(bytes.subarray(start, end)).trim();
    if (text !== '') lines.push(text);
    start = end + 1;
  }
  return { lines, overflow: false };
}

/** Knows a connection from the wire alone, and says of each line and what came back whether that was right. */
export class Oracle {
  readonly jobs = new Map<string, WireJob>();
  readonly passed = new Set<string>();
  newestJob: WireJob | undefined;
  newestJobId = '';
  prefixHex: string | undefined;
  demerits = 0;
  /** Where to go on looking for shares. */
  nextNonce = 1;
  accepted = 0;
  #targetHex = '';
  #account: string | undefined;

  get isLoggedIn(): boolean {
    return this.#account !== undefined;
  }

  /** @returns what is wrong, or undefined */
  check(line: string, sent: string, closes: readonly CloseReason[]): string | undefined {
    const messages: Message[] = [];
    for (const text of sent.split('\n').slice(0, -1)) {
      if (text.length > REPLY_BYTES_MAX) return 'a reply is too long';
      try {
        messages.push(JSON.parse(text));
      } catch {
        return `not strict JSON: ${text}`;
      }
    }
    if (sent !== '' && !sent.endsWith('\n')) return 'the last line has no end';
    const replies = messages.filter(({ method }) => method === undefined);
    const problem = this.#checkReplies(line, replies);
    for (const message of messages) this.#learn(message);
    if (problem !== undefined) return problem;
    const shouldClose = this.demerits >= DEMERITS_MAX;
    if (shouldClose !== closes.length > 0)
      return `${this.demerits} demerits, and the connection is ${shouldClose ? 'open' : 'closed'}`;
    return undefined;
  }

  #checkReplies(line: string, replies: readonly Message[]): string | undefined {
    const request = parse(line);
    const isRequest = request !== undefined && request.method !== undefined;
    const wanted = request !== undefined && !isRequest ? 0 : 1;
    if (replies.length !== wanted) return `${replies.length} replies instead of ${wanted}`;
    const [reply] = replies;
    if (reply === undefined) return undefined;
    const id = echoOf(request?.id);
    const isTooLong = typeof id === 'number' && LONG_NUMBER.test(line) && reply.id === null;
    // As values: 0 and -0, 1 and 1.0 are the same number.
    if (reply.id !== id && !isTooLong) return `the id ${String(id)} came back as ${String(reply.id)}`;
    const isError = reply.error !== null;
    if (isError !== (reply.result === null)) return 'both an error and a result, or neither';
    const verdict = this.#verdictOf(request, reply);
    if (verdict === undefined) return isError ? `refused: ${reply.error?.[1]}` : undefined;
    if (verdict === 'accepted') {
      this.demerits = Math.max(0, this.demerits - 1);
      this.accepted += 1;
      return reply.result === true ? undefined : `a right share got ${JSON.stringify(reply)}`;
    }
    const { code, demerits } = REFUSALS[verdict];
    this.demerits += demerits;
    const [gotCode, text] = reply.error ?? [];
    if (gotCode === code && text?.startsWith(verdict)) return undefined;
    return `«${verdict}» is what it deserves, it got ${JSON.stringify(reply)}`;
  }

  /** Undefined where it is to be answered with a result. */
  #verdictOf(request: Record<string, unknown> | undefined, reply: Message): Verdict | undefined {
    if (request === undefined) return 'not';
    const { method } = request;
    if (typeof method !== 'string') return 'method';
    const params = Array.isArray(request.params) ? request.params : [request.params];
    if (method === 'mining.submit') return judge(Array.isArray(request.params) ? params : [], this);
    if (method === 'mining.authorize') return this.#logIn(params);
    const isKnown =
      /^mining\.(subscribe|configure|hashrate|extranonce\.subscribe|get_transactions|multi_version|ping)$/;
    if (isKnown.test(method) || method === 'eth_submitHashrate' || method === 'client.get_version')
      return undefined;
    // What is no suggestion is refused; which ones are is not looked at here.
    if (/^mining\.suggest_(difficulty|target)$/.test(method))
      return reply.error === null ? undefined : 'not a difficulty';
    return 'unsupported method';
  }

  #logIn(params: readonly unknown[]): Verdict | undefined {
    const [userName] = params;
    const account = typeof userName === 'string' && userName.trim().startsWith('b') ? 'b' : 'a';
    if (this.#account !== undefined && this.#account !== account) return 'one connection pays one address';
    this.#account = account;
    return undefined;
  }

  #learn({ method, params, result }: Message): void {
    if (method === 'mining.set_target') this.#targetHex = String(params?.[0]).replace('0x', '');
    if (method === 'mining.notify') {
      const [id, headerHex, , , , , bitsHex] = params as string[];
      const job = { headerHex: headerHex ?? '', targetHex: this.#targetHex, bitsHex: bitsHex ?? '' };
      this.newestJobId = id ?? '';
      this.newestJob = job;
      this.jobs.set(this.newestJobId, job);
    }
    // mining.configure and others answer with lists and objects, too, but not with four digits.
    if (Array.isArray(result) && /^[0-9a-f]{4}$/.test(String(result[1]))) this.prefixHex = String(result[1]);
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const message = JSON.parse(line);
    return typeof message === 'object' && message !== null && !Array.isArray(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function echoOf(id: unknown): unknown {
  if (typeof id === 'string') return id.length <= ID_LENGTH_MAX ? id : null;
  return typeof id === 'number' || typeof id === 'boolean' ? id : null;
}
