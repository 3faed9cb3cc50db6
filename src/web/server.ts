import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { KpssError, listenTrouble } from '../error.ts';
import type { Clock, Log } from '../mining/ports.ts';
import type { ApiBan, ApiBans, ApiError, ApiErrorCode, ApiLifted, ApiStatus } from './api-types.ts';
import { isLoopback, isOwnName, isOwnOrigin } from './guard.ts';
import { keptAWhile } from './kept.ts';
import { METRICS_TYPE, metricsText } from './metrics.ts';
import { NotifyGate, readNotifiedHash } from './notify.ts';
import { createPatientServer } from './pipelining.ts';

/** A block hash and some JSON around it are under 100 bytes. */
const BODY_BYTES_MAX = 1024;
/** Address and headers; curl sends 200 bytes, a browser under 2 KiB. */
const HEADER_BYTES_MAX = 8 * 1024;
/** A dashboard and a node or two; whoever opens more shuts out others of this kind, and no miner. */
const CONNECTIONS_MAX = 64;
/** From the first byte of a request to its last; on one machine it takes under a millisecond. */
const REQUEST_WITHIN_MS = 5_000;
/** A connection on which nothing moves: a reader that stopped, or one who may ask again. */
const IDLE_MS_MAX = 10_000;
/** How often the two are looked for. */
const CHECK_INTERVAL_MS = 1_000;

/** What goes with every answer: it is data, for this moment, for nobody to frame or run. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** HTTP's number for each code. */
const STATUS_OF: Readonly<Record<ApiErrorCode, number>> = {
  'bad-request': 400,
  'bad-hash': 400,
  'wrong-host': 403,
  'wrong-origin': 403,
  'not-found': 404,
  'unknown-instance': 404,
  'not-banned': 404,
  timeout: 408,
  'too-large': 413,
  failed: 500,
};

const JSON_TYPE = 'application/json; charset=utf-8';
const WELCOME = `KPSS, a solo-mining stratum server. GET /api/v1/status tells how it is doing, as does: kpss status
GET /metrics tells the same to Prometheus
GET /api/v1/bans lists who is shut out, as does: kpss bans
POST /notify/INSTANCE?hash=BLOCK_HASH tells it of a new block: blocknotify= in raven.conf
`;

export interface WebServerOptions {
  /** Loopback addresses serve this machine only. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Names that can be notified. */
  readonly instances: readonly string[];
  /** How long a request may take to arrive, and how often that is looked at; usual ones when left out. */
  readonly requestWithinMs?: number;
  readonly checkIntervalMs?: number;
}

export interface WebServerModules {
  readonly clock: Clock;
  readonly log: Log;
  readonly status: () => ApiStatus;
  /**
   * A node told of a new tip: some at once, then at most one a second.
   * @param instance one of those in the options
   * @param hashHex display hex, lower case; undefined where only that there may be one is known
   */
  readonly notify: (instance: string, hashHex: string | undefined) => void;
  readonly bans: WebBans;
}

/** The bans of all instances, as far as their owner has to do with them. */
export interface WebBans {
  /** Those in force. */
  list(): ApiBan[];
  /**
   * @param instance one of those in the options
   * @param address one of the list, or one that belongs to a network of it; all where undefined
   * @returns how many were lifted
   */
  lift(instance: string, address: string | undefined): number;
}

/**
 * The HTTP server: tells how KPSS is doing, and takes news of blocks. docs/api.md is its manual. Nothing that a caller
 * does reaches the mining but a notice, and those are let through one by one; and the lifting of bans.
 */
export class WebServer {
  readonly #options: WebServerOptions;
  readonly #modules: WebServerModules;
  readonly #app: FastifyInstance;
  readonly #gates: ReadonlyMap<string, NotifyGate>;
  #bansJson: () => string;

  constructor(options: WebServerOptions, modules: WebServerModules) {
    this.#options = options;
    this.#modules = modules;
    const gate = (instance: string) =>
      new NotifyGate(modules.clock, (hashHex) => modules.notify(instance, hashHex));
    this.#gates = new Map(options.instances.map((instance) => [instance, gate(instance)]));
    this.#bansJson = this.#keptBans();
    const requestTimeout = options.requestWithinMs ?? REQUEST_WITHIN_MS;
    const http = {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: requestTimeout,
      requestTimeout,
      keepAliveTimeout: IDLE_MS_MAX,
      connectionsCheckingInterval: options.checkIntervalMs ?? CHECK_INTERVAL_MS,
      // A request without is refused here, in the same words as one with a wrong one.
      requireHostHeader: false,
    };
    this.#app = fastify({
      bodyLimit: BODY_BYTES_MAX,
      // At the end nobody is waited for.
      forceCloseConnections: true,
      serverFactory: (handler) => createPatientServer(http, handler).setTimeout(IDLE_MS_MAX),
      clientErrorHandler: (error, socket) => answerBroken(error.code, socket),
      frameworkErrors: (error, _request, reply) => this.#refuseBroken(error, reply),
    });
    this.#app.server.maxConnections = CONNECTIONS_MAX;
    this.#addRoutes();
  }

  /**
   * @returns the port it listens on
   * @throws KpssError KPSS_WEB_UNAVAILABLE when the port is taken or not allowed; it can be closed then
   */
  async listen(): Promise<number> {
    const { host, port } = this.#options;
    try {
      // For `localhost` fastify opens a second server on ::1, to which the bounds here do not apply.
      await this.#app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
    } catch (cause) {
      const message = `the status cannot be served at ${host}:${port}: ${listenTrouble(cause as NodeJS.ErrnoException)}`;
      throw new KpssError('KPSS_WEB_UNAVAILABLE', message, { context: { host, port }, cause });
    }
    // Accepting fails when file descriptors run out; later ones get through again.
    this.#app.server.on('error', (error) => this.#modules.log.error({ err: error }, 'status port'));
    const address = this.#app.server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Cuts all connections. May be called again. */
  async close(): Promise<void> {
    for (const gate of this.#gates.values()) gate.close();
    await this.#app.close();
  }

  #addRoutes(): void {
    const app = this.#app;
    app.removeAllContentTypeParsers();
    // Whatever it calls itself; curl calls a plain hash a form.
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    app.addHook('onRequest', async (request, reply) => this.#admit(request, reply));
    app.setNotFoundHandler((_request, reply) => {
      const text =
        'there are GET /api/v1/status, GET /api/v1/bans, GET /metrics and POST /notify/INSTANCE, and nothing by this name';
      return refuse(reply, 'not-found', text);
    });
    app.setErrorHandler((error, _request, reply) => this.#refuseBroken(error, reply));
    app.get('/', (_request, reply) => reply.type('text/plain; charset=utf-8').send(WELCOME));
    const { clock, status } = this.#modules;
    const statusJson = keptAWhile(clock, () => JSON.stringify(status()));
    const metrics = keptAWhile(clock, () => metricsText(status()));
    app.get('/api/v1/status', (_request, reply) => reply.type(JSON_TYPE).send(statusJson()));
    app.get('/metrics', async (_request, reply) => reply.type(METRICS_TYPE).send(await metrics()));
    app.get('/api/v1/bans', (_request, reply) => reply.type(JSON_TYPE).send(this.#bansJson()));
    app.delete<{ Params: { instance: string; address?: string } }>(
      '/api/v1/bans/:instance/:address?',
      ({ params }, reply) => this.#lift(params.instance, params.address, reply),
    );
    app.post<{ Params: { instance: string }; Querystring: { hash?: unknown }; Body: string | undefined }>(
      '/notify/:instance',
      ({ params, query, body }, reply) => this.#takeNotice(params.instance, query.hash, body ?? '', reply),
    );
  }

  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    reply.headers(HEADERS);
    const { host, origin } = request.headers;
    if (isLoopback(this.#options.host) && !isOwnName(host)) {
      const text =
        'this port is for its own machine: ask for it as 127.0.0.1 or localhost; docs/api.md says how to see it from another';
      return refuse(reply, 'wrong-host', text);
    }
    const changesNothing = request.method === 'GET' || request.method === 'HEAD';
    if (changesNothing || isOwnOrigin(origin, host)) return undefined;
    return refuse(reply, 'wrong-origin', 'pages of other sites may not send anything here');
  }

  #keptBans(): () => string {
    const { clock, bans } = this.#modules;
    return keptAWhile(clock, () => JSON.stringify({ bans: bans.list() } satisfies ApiBans));
  }

  #lift(instance: string, address: string | undefined, reply: FastifyReply): FastifyReply {
    if (!this.#gates.has(instance)) return this.#refuseInstance(reply);
    const lifted = this.#modules.bans.lift(instance, address);
    if (address !== undefined && lifted === 0) {
      return refuse(reply, 'not-banned', `this address is not banned at ${instance}`);
    }
    // Whoever asks next is to see it.
    this.#bansJson = this.#keptBans();
    return reply.send({ lifted } satisfies ApiLifted);
  }

  #refuseInstance(reply: FastifyReply): FastifyReply {
    const names = [...this.#gates.keys()].join(', ');
    return refuse(reply, 'unknown-instance', `there is no instance of this name; there is ${names}`);
  }

  #takeNotice(instance: string, query: unknown, body: string, reply: FastifyReply): FastifyReply {
    const gate = this.#gates.get(instance);
    if (gate === undefined) return this.#refuseInstance(reply);
    const found = readNotifiedHash(query, body);
    if (!found.ok) return refuse(reply, 'bad-hash', found.reason);
    gate.take(found.hashHex);
    // No words: what blocknotify prints stands in the middle of the node's own output.
    return reply.code(204).send();
  }

  /** What fastify itself does not take, and what fails within. */
  #refuseBroken(error: unknown, reply: FastifyReply): FastifyReply {
    reply.headers(HEADERS);
    const { statusCode = 500 } = error as { readonly statusCode?: number };
    if (statusCode === 413 || statusCode === 414) return refuse(reply, 'too-large', TOO_LARGE);
    if (statusCode < 500) return refuse(reply, 'bad-request', 'this request cannot be understood');
    this.#modules.log.error({ err: error }, 'answering a request failed within KPSS, please report this');
    return refuse(reply, 'failed', 'answering failed within KPSS; its log says more');
  }
}

const TOO_LARGE = 'this request is too large: one to here needs no more than a hundred bytes';

function refuse(reply: FastifyReply, code: ApiErrorCode, message: string): FastifyReply {
  const answer: ApiError = { error: { code, message } };
  return reply.code(STATUS_OF[code]).send(answer);
}

/** What is no HTTP, too large or too slow never gets as far as fastify. */
function answerBroken(cause: string, socket: Socket): void {
  if (!socket.writable) return;
  const [code, message] = brokenBy(cause);
  const body = JSON.stringify({ error: { code, message } } satisfies ApiError);
  const head = `HTTP/1.1 ${STATUS_OF[code]} Refused\r\ncontent-type: ${JSON_TYPE}\r\n`;
  socket.write(`${head}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
  socket.destroySoon();
}

function brokenBy(cause: string): [ApiErrorCode, string] {
  switch (cause) {
    case 'HPE_HEADER_OVERFLOW':
      return ['too-large', TOO_LARGE];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['timeout', 'this request took too long to arrive'];
    default:
      return ['bad-request', 'this is no HTTP request'];
  }
}
