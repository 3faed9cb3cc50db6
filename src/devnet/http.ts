import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KpssError } from '../error.ts';
import type { Clock } from '../mining/ports.ts';
import type { DevnetFault } from './rpc-method.ts';
import type { RpcServer } from './rpc-server.ts';

/** Only this machine: the password travels in the clear. */
export const DEVNET_HOST = '127.0.0.1';

/** libevent's limit in ravend. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;
/** After so long without a request ravend closes a connection. */
const IDLE_MS_MAX = 30_000;
/** ravend takes its time over a wrong password, against guessing. */
const WRONG_PASSWORD_DELAY_MS = 250;
/** Requests being worked on; ravend has 4 threads and a queue of 16, and says the same when they are full. */
const REQUESTS_MAX = 64;

const HTML_TYPE = 'text/html; charset=ISO-8859-1';
const TOO_LARGE_BODY =
  '<HTML><HEAD>\n<TITLE>413 Request Entity Too Large</TITLE>\n</HEAD><BODY>\n<H1>Request Entity Too Large</H1>\n</BODY></HTML>\n';

interface HttpOptions {
  readonly user: string;
  readonly password: string;
}

interface HttpModules {
  readonly rpc: RpcServer;
  readonly clock: Clock;
  readonly fault: () => DevnetFault | undefined;
  /** How long answers are held back. */
  readonly delayMs: () => number;
}

/** ravend's HTTP side: what it says before, instead of and around a JSON-RPC answer. Can leave its port and return. */
export class DevnetHttp {
  readonly #expected: string;
  readonly #modules: HttpModules;
  #server: Server | undefined;
  #port = 0;
  #busy = 0;

  constructor(options: HttpOptions, modules: HttpModules) {
    this.#expected = `${options.user}:${options.password}`;
    this.#modules = modules;
  }

  get port(): number {
    return this.#port;
  }

  get isListening(): boolean {
    return this.#server !== undefined;
  }

  /**
   * @param port 0 for any that is free; the one it had, to come back
   * @throws KpssError KPSS_DEVNET_LISTEN when the port cannot be had
   */
  async listen(port: number): Promise<void> {
    const server = createServer((request, response) => {
      // Whatever a caller sends, the node and the server beside it in the process stay up.
      this.#serve(request, response).catch(() => response.destroy());
    });
    server.keepAliveTimeout = IDLE_MS_MAX;
    await new Promise<void>((resolve, reject) => {
      server.on('error', (cause) =>
        reject(
          new KpssError(
            'KPSS_DEVNET_LISTEN',
            `the devnet cannot listen on ${DEVNET_HOST}:${port}: ${cause.message}`,
            {
              context: { host: DEVNET_HOST, port },
              cause,
            },
          ),
        ),
      );
      server.listen(port, DEVNET_HOST, resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Refuses new connections and cuts those there are, in the middle of whatever they do. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  /** In ravend's order: address, path, work queue, verb, password, then the call. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A caller that hangs up is no event of note; without a listener it would end the process.
    request.on('error', () => undefined);
    const { fault } = this.#modules;
    if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) return refuseBody(response);
    if (fault()?.kind === 'forbidden') return send(response, 403, HTML_TYPE, '');
    const path = request.url ?? '';
    if (path !== '/' && !path.startsWith('/wallet/')) return send(response, 404, HTML_TYPE, '');
    if (fault()?.kind === 'work-queue-full' || this.#busy >= REQUESTS_MAX) {
      return send(response, 500, HTML_TYPE, 'Work queue depth exceeded');
    }
    if (request.method !== 'POST') {
      return send(response, 405, HTML_TYPE, 'JSONRPC server handles only POST requests');
    }
    this.#busy += 1;
    try {
      await this.#call(request, response);
    } finally {
      this.#busy -= 1;
    }
  }

  async #call(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const { signal } = gone;
    if (!this.#isAuthorized(request)) {
      const delayMs = request.headers.authorization === undefined ? 0 : WRONG_PASSWORD_DELAY_MS;
      await this.#pause(delayMs, signal);
      response.setHeader('WWW-Authenticate', 'Basic realm="jsonrpc"');
      return send(response, 401, HTML_TYPE, '');
    }
    const body = await readBody(request);
    if (body === 'gone') return;
    if (body === 'too-large') return refuseBody(response);
    const answer = await this.#modules.rpc.answer(body.text, { signal });
    await this.#pause(this.#modules.delayMs(), signal);
    send(response, answer.status, 'application/json', answer.body);
  }

  #isAuthorized(request: IncomingMessage): boolean {
    const [scheme, encoded = ''] = (request.headers.authorization ?? '').split(' ');
    return scheme === 'Basic' && Buffer.from(encoded, 'base64').toString() === this.#expected;
  }

  /** Ends early when the caller goes. */
  #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    if (delayMs <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#modules.clock.setTimer(delayMs, resolve);
      signal.addEventListener('abort', () => {
        timer.cancel();
        resolve();
      });
    });
  }
}

async function readBody(request: IncomingMessage): Promise<{ text: string } | 'too-large' | 'gone'> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > BODY_BYTES_MAX) return 'too-large';
      chunks.push(chunk);
    }
  } catch {
    return 'gone';
  }
  return { text: Buffer.concat(chunks).toString() };
}

function refuseBody(response: ServerResponse): void {
  response.setHeader('Connection', 'close');
  send(response, 413, 'text/html', TOO_LARGE_BODY);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
