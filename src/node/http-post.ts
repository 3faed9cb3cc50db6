import http from 'node:http';
import https from 'node:https';
import { RpcError } from './rpc-error.ts';

/** Where requests go and the pool of connections they use. */
interface HttpTarget {
  readonly url: URL;
  readonly agent: http.Agent;
}

export type PostResult =
  | { readonly ok: true; readonly status: number; readonly text: string }
  | {
      readonly ok: false;
      readonly error: RpcError;
      /** The connection had been idle and was closed under the request, before an answer began. */
      readonly closedWhileIdle: boolean;
    };

interface PostRequest {
  /** A JSON text. */
  readonly body: Buffer;
  /** A longer answer is garbage; ANSWER_BYTES_MAX when undefined. */
  readonly answerBytesMax: number | undefined;
}

/** One HTTP request and its answer. */
export interface Exchange {
  readonly result: Promise<PostResult>;
  /** Ends it at once, with this error as its result. */
  abort(error: RpcError): void;
}

/**
 * ravend closes a connection that was idle for 30 s (seen: 30.1 s). We drop ours well before, so that a request seldom
 * meets a connection that is being closed.
 */
const IDLE_SOCKET_MS = 20_000;

/**
 * A template of full blocks (8 MB of transactions, in hex, with their hashes) is under 20 MB, a verbose block with
 * every script decoded under 60 MB. Beyond this the other side is not a node, or wants our memory.
 */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Values of an answer, as its commas and opening brackets count them. What parsing costs goes by them and not by the
 * bytes: 64 MiB of empty lists take seconds, in which no miner is answered, and gigabytes. The smallest transaction of a
 * template has ten, and a block (2 MB without witnesses) holds 33 000 of them. Half a million are parsed in some 150 ms.
 */
const ANSWER_VALUES_MAX = 500_000;
/** Below this nothing is counted: at most 64 Ki values, and most templates are shorter. */
const COUNTED_FROM_BYTES = 64 * 1024;
const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const OPENING_BRACE = 0x7b;

/** A pool of keep-alive connections to one node. */
export function createAgent(url: URL, maxSockets: number, idleSocketMs: number = IDLE_SOCKET_MS): http.Agent {
  // Last in, first out: a lone poller keeps one connection warm and lets the others go.
  const options = {
    keepAlive: true,
    maxSockets,
    maxFreeSockets: maxSockets,
    timeout: idleSocketMs,
    scheduling: 'lifo',
  } as const;
  return url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
}

/**
 * Posts a JSON text. An idle connection is given the request in process.nextTick, by Node's own agent.
 * @param authorization the header's value; appears in no error
 */
export function post(
  target: HttpTarget,
  { body, answerBytesMax }: PostRequest,
  authorization: string,
): Exchange {
  const { promise, resolve } = Promise.withResolvers<PostResult>();
  const send = target.url.protocol === 'https:' ? https.request : http.request;
  const request = send(target.url, {
    method: 'POST',
    agent: target.agent,
    headers: { 'Content-Type': 'application/json', Authorization: authorization },
  });
  let answering = false;
  const abort = (error: RpcError, closedWhileIdle = false): void => {
    resolve({ ok: false, error, closedWhileIdle });
    request.destroy();
  };
  request.on('error', (cause: NodeJS.ErrnoException) => {
    const unheard = request.reusedSocket && !answering && isClosed(cause);
    abort(connectionError(cause, target.url), unheard);
  });
  request.on('response', (response) => {
    answering = true;
    const bounds = { url: target.url, bytesMax: answerBytesMax ?? ANSWER_BYTES_MAX };
    collect(response, bounds, resolve, abort);
  });
  request.end(body);
  return { result: promise, abort };
}

function collect(
  response: http.IncomingMessage,
  { url, bytesMax }: { readonly url: URL; readonly bytesMax: number },
  resolve: (result: PostResult) => void,
  abort: (error: RpcError) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let values = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > COUNTED_FROM_BYTES) values += valuesIn(chunk);
    if (bytes > bytesMax || values > ANSWER_VALUES_MAX) {
      const bound = bytes > bytesMax ? `${bytesMax} bytes` : `${ANSWER_VALUES_MAX} values`;
      abort(new RpcError('garbage', `${url.origin} sends more than ${bound}`, about(url)));
      return;
    }
    chunks.push(chunk);
  });
  response.on('end', () => {
    resolve({
      ok: true,
      status: response.statusCode ?? 0,
      text: Buffer.concat(chunks, bytes).toString('utf8'),
    });
  });
  response.on('error', (cause) => {
    abort(
      new RpcError('unreachable', `${url.origin} closed the connection in the middle of its answer`, {
        ...about(url),
        cause,
      }),
    );
  });
}

function valuesIn(json: Uint8Array): number {
  let count = 0;
  for (const byte of json) {
    if (byte === COMMA || byte === OPENING_BRACKET || byte === OPENING_BRACE) count += 1;
  }
  return count;
}

/** Closed by the other side, as opposed to never opened. */
function isClosed(cause: NodeJS.ErrnoException): boolean {
  return cause.code === 'ECONNRESET' || cause.code === 'EPIPE';
}

/** Failures of the way to the node; the request was never sent in those that say so. */
const NOT_SENT: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'refuses the connection'],
  ['ENOTFOUND', 'has a host name that does not exist'],
  ['EAI_AGAIN', 'has a host name that cannot be looked up at the moment'],
  ['EHOSTUNREACH', 'cannot be reached: no route to the host'],
  ['ENETUNREACH', 'cannot be reached: no network'],
  ['ECONNABORTED', 'cannot be reached: connection aborted'],
]);

function connectionError(cause: NodeJS.ErrnoException, url: URL): RpcError {
  const code = cause.code ?? 'unknown error';
  const options = { context: { url: url.origin, code }, cause };
  const notSent = NOT_SENT.get(code);
  if (notSent !== undefined) {
    const message = `${url.origin} ${notSent} (${code})`;
    return new RpcError('unreachable', message, { ...options, mayHaveActed: false });
  }
  if (code.startsWith('HPE_')) {
    return new RpcError('garbage', `${url.origin} does not speak HTTP (${code})`, options);
  }
  if (code.includes('CERT') || code.includes('SIGNATURE')) {
    const message = `the certificate of ${url.origin} is not trusted (${code})`;
    return new RpcError('garbage', message, { ...options, mayHaveActed: false });
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) {
    const message = `${url.origin} does not speak TLS (${code}): is it http instead of https?`;
    return new RpcError('garbage', message, { ...options, mayHaveActed: false });
  }
  const message = isClosed(cause)
    ? `${url.origin} closed the connection without an answer (${code})`
    : `${url.origin} cannot be reached (${code})`;
  return new RpcError('unreachable', message, options);
}

function about(url: URL): { context: Record<string, unknown> } {
  return { context: { url: url.origin } };
}
