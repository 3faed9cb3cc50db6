import type http from 'node:http';
import { KpssError } from '../error.ts';
import type { Clock, NodeCallOptions, NodeRpc } from '../mining/ports.ts';
import { type CredentialSource, type Credentials, createCredentialSource } from './credentials.ts';
import { createAgent, type Exchange, type PostResult, post } from './http-post.ts';
import { type AskedCall, readAnswer } from './rpc-answer.ts';
import { afterLostAnswer, RpcError } from './rpc-error.ts';

export interface RpcClientOptions {
  /** For example `http://127.0.0.1:8766`; http or https, without user and password. */
  readonly url: string;
  readonly credentials: Credentials;
  /** For calls that do not bring their own. */
  readonly timeoutMs?: number;
  readonly maxSockets?: number;
  /** How long an unused connection is kept. */
  readonly idleSocketMs?: number;
  /** Measures the timeouts. */
  readonly clock: Pick<Clock, 'setTimer'>;
}

export interface RpcClient extends NodeRpc {
  /** Ends every outstanding call with an RpcError of kind `closed`, and every connection. */
  close(): void;
}

/**
 * ravend answers within milliseconds, but holds its main lock while it connects a block, which takes seconds on a slow
 * disk. What is not answered in this time is not answered because the node hangs, or the way to it does.
 */
const RPC_TIMEOUT_MS = 10_000;

/** As many requests as ravend queues (rpcworkqueue=16): more of them would be refused, fewer could make a block wait. */
const SOCKETS_MAX = 16;

/** ravend answers a larger request with 413 and hangs up. A full block is 16 MB of hex at most. */
const REQUEST_BYTES_MAX = 32 * 1024 * 1024;

/**
 * A client for one node's JSON-RPC over keep-alive HTTP(S). When a connection is idle and the credentials are known, a
 * call hands its request to Node.js before it returns, and Node.js writes it to the socket in process.nextTick: after
 * the code that runs now, before any other event. Every failure rejects with an RpcError.
 * @throws KpssError KPSS_RPC_URL for a URL that cannot be used, KPSS_RPC_CREDENTIALS for such credentials
 */
export function createRpcClient(options: RpcClientOptions): RpcClient {
  return new HttpRpcClient(options);
}

interface Call extends AskedCall {
  readonly body: Buffer;
  readonly answerBytesMax: number | undefined;
  exchange?: Exchange;
  /** Set by timeout and close: whatever step comes next must not begin. */
  ended?: RpcError;
}

class HttpRpcClient implements RpcClient {
  readonly #url: URL;
  readonly #agent: http.Agent;
  readonly #credentials: CredentialSource;
  readonly #timeoutMs: number;
  readonly #clock: Pick<Clock, 'setTimer'>;
  /** Bounded by the callers: each service has at most one call of a kind under way. */
  readonly #enders = new Set<(error: RpcError) => void>();
  #nextId = 1;
  #closed = false;

  constructor(options: RpcClientOptions) {
    this.#url = parseUrl(options.url);
    this.#credentials = createCredentialSource(options.credentials);
    this.#agent = createAgent(this.#url, options.maxSockets ?? SOCKETS_MAX, options.idleSocketMs);
    this.#timeoutMs = options.timeoutMs ?? RPC_TIMEOUT_MS;
    this.#clock = options.clock;
  }

  call(method: string, params: readonly unknown[] = [], options: NodeCallOptions = {}): Promise<unknown> {
    const id = this.#nextId++;
    const url = this.#url.origin;
    if (this.#closed) return Promise.reject(closedError(url, false));
    const body = options.areHex ? hexBody(id, method, params) : jsonBody(id, method, params);
    const call: Call = { method, id, url, body, answerBytesMax: options.answerBytesMax };
    if (body.length > REQUEST_BYTES_MAX) {
      const message = `${method}: a request of more than ${REQUEST_BYTES_MAX} bytes, which no node takes`;
      return Promise.reject(new RpcError('too-large', message, { context: { method, url } }));
    }
    return this.#withinTime(call, options.timeoutMs ?? this.#timeoutMs);
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#enders) end(closedError(this.#url.origin, true));
    this.#agent.destroy();
  }

  #withinTime(call: Call, timeoutMs: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const end = (error: RpcError): void => {
      call.ended = error;
      call.exchange?.abort(error);
      reject(error);
    };
    const timer = this.#clock.setTimer(timeoutMs, () => end(timeoutError(call, timeoutMs)));
    this.#enders.add(end);
    this.#answerTo(call)
      .then(resolve, reject)
      .finally(() => {
        timer.cancel();
        this.#enders.delete(end);
      });
    return promise;
  }

  /** No await before the first request is on its way: a found block must not wait for anything. */
  async #answerTo(call: Call): Promise<unknown> {
    const authorization = this.#credentials.current() ?? (await this.#credentials.authorization());
    let result = await this.#send(call, authorization);
    let answerLost = false;
    if (!result.ok && result.closedWhileIdle) {
      // The others in the pool were most likely closed by the same restart.
      this.#dropIdleSockets();
      answerLost = true;
      result = await this.#send(call, authorization);
    }
    try {
      if (result.ok && result.status === 401) {
        const replacement = await this.#credentials.replacementFor(authorization);
        if (replacement !== undefined) result = await this.#send(call, replacement);
      }
      return this.#resultOf(result, call);
    } catch (error) {
      throw answerLost && error instanceof RpcError ? afterLostAnswer(error) : error;
    }
  }

  #send(call: Call, authorization: string): Promise<PostResult> {
    if (call.ended !== undefined) return Promise.reject(call.ended);
    call.exchange = post({ url: this.#url, agent: this.#agent }, call, authorization);
    return call.exchange.result;
  }

  #resultOf(result: PostResult, call: Call): unknown {
    if (!result.ok) {
      // When it comes back it has written a new cookie.
      if (result.error.kind === 'unreachable') this.#credentials.invalidate();
      throw result.error;
    }
    const answer = readAnswer(result, call);
    if (!answer.ok) throw answer.error;
    return answer.result;
  }

  #dropIdleSockets(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }
}

function jsonBody(id: number, method: string, params: readonly unknown[]): Buffer {
  return Buffer.from(JSON.stringify({ jsonrpc: '1.0', id, method, params }));
}

/**
 * The same for texts in which nothing needs escaping. Hex is Latin-1, which is turned into bytes fastest, and each text by
 * itself: a block of 2 MB that is put into a longer text is copied once more for every node.
 */
function hexBody(id: number, method: string, params: readonly unknown[]): Buffer {
  const texts = params.flatMap((text, i) => [i === 0 ? '"' : ',"', String(text), '"']);
  const parts = [`{"jsonrpc":"1.0","id":${id},"method":"${method}","params":[`, ...texts, ']}'];
  const body = Buffer.allocUnsafe(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) at += body.write(part, at, 'latin1');
  return body;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new KpssError(
      'KPSS_RPC_URL',
      'a node URL looks like http://127.0.0.1:8766 (http or https, host, port)',
    );
  }
  if (url.username !== '' || url.password !== '') {
    // The URL is shown in logs and errors, so it must not carry the password.
    throw new KpssError(
      'KPSS_RPC_URL',
      'user and password do not belong into the node URL; give them separately',
    );
  }
  return url;
}

function timeoutError(call: Call, timeoutMs: number): RpcError {
  const message = `${call.method} at ${call.url}: no answer within ${timeoutMs} ms`;
  return new RpcError('timeout', message, { context: { method: call.method, url: call.url, timeoutMs } });
}

function closedError(url: string, mayHaveActed: boolean): RpcError {
  return new RpcError('closed', `the client of ${url} was closed`, { mayHaveActed, context: { url } });
}
