import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { KawPow } from '../kawpow/params.ts';
import type { Clock, Timer } from '../mining/ports.ts';
import {
  type MinerJob,
  parsePrefix,
  parseServerLine,
  type ServerError,
  type ServerMessage,
} from './miner-messages.ts';
import type { StratumAddress } from './miner-url.ts';

/** As kawpowminer: an unanswered request means a dead server. */
const REPLY_MS_MAX = 2000;
const CONNECT_MS_MAX = 10_000;
/** A server that sends no job for so long has lost its node or its mind; kawpowminer waits as long. */
const JOB_MS_MAX = 180_000;
/** A job has 400 characters; a longer line than this comes from something that is no stratum server. */
const LINE_LENGTH_MAX = 64 * 1024;
/** A server that asks and asks and does not read must not fill the memory. */
const BACKLOG_BYTES_MAX = 64 * 1024;

interface ConnectionOptions {
  readonly address: StratumAddress;
  readonly user: string;
  readonly password: string;
  readonly agent: string;
  /** Take any certificate. */
  readonly insecure: boolean;
  readonly pow: KawPow;
}

export interface ConnectionEvents {
  /** The server took the user; jobs follow. */
  onReady(): void;
  /** @param prefix the nonce's leading bytes that belong to this connection */
  onJob(job: MinerJob, prefix: Uint8Array): void;
  /** Something came that is no stratum; the connection goes on. */
  onGarbage(reason: string): void;
  /** The end, once, whatever it was; not after close(). */
  onLost(reason: string): void;
}

type ReplyHandler = (result: unknown, error: ServerError | undefined) => void;

/** One connection to a stratum server, from the first byte to the end; it does not come back by itself. */
export class MinerConnection {
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #events: ConnectionEvents;
  readonly #socket: Socket;
  readonly #pending = new Map<number, { readonly handle: ReplyHandler; readonly timer: Timer }>();
  #watch: Timer;
  #prefix: Uint8Array | undefined;
  #ready = false;
  /** A job that came before the reply to authorize. */
  #early: MinerJob | undefined;
  #unfinished = '';
  #nextId = 1;
  #ended = false;

  constructor(options: ConnectionOptions, clock: Clock, events: ConnectionEvents) {
    this.#options = options;
    this.#clock = clock;
    this.#events = events;
    this.#socket = this.#connect();
    this.#socket.setEncoding('utf8');
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: string) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#end(lossText(error)));
    this.#socket.on('close', () => this.#end('the server closed the connection'));
    this.#watch = clock.setTimer(CONNECT_MS_MAX, () => this.#end('no connection within 10 s'));
  }

  /**
   * Sends a share.
   * @param handle gets the server's word on it; not called where the connection ends before
   * @returns whether it could be sent
   */
  submit(params: readonly string[], handle: (error: ServerError | undefined) => void): boolean {
    if (this.#ended || !this.#ready) return false;
    this.#request('mining.submit', params, (_result, error) => handle(error));
    return true;
  }

  /** Ends it without a word to anybody. */
  close(): void {
    this.#finish();
  }

  #connect(): Socket {
    const { address, insecure } = this.#options;
    const { host, port } = address;
    if (!address.tls) return connectTcp({ host, port }, () => this.#begin());
    // An IP address may not be sent as a server name.
    const servername = isIP(host) ? {} : { servername: host };
    return connectTls({ host, port, ...servername, rejectUnauthorized: !insecure }, () => this.#begin());
  }

  #begin(): void {
    this.#expectJob();
    this.#request('mining.subscribe', [this.#options.agent], (result, error) => {
      if (error) return this.#end(`the server refused to subscribe: ${error.text}`);
      const prefix = parsePrefix(result);
      if (!prefix) return this.#end('the server answered subscribe with something else');
      this.#prefix = prefix;
      this.#authorize();
    });
  }

  #authorize(): void {
    const { user, password } = this.#options;
    this.#request('mining.authorize', [user, password], (_result, error) => {
      if (error) return this.#end(`the server refused the user ${user}: ${error.text}`);
      this.#ready = true;
      this.#events.onReady();
      if (this.#early) this.#onJob(this.#early);
    });
  }

  #request(method: string, params: readonly string[], handle: ReplyHandler): void {
    const id = this.#nextId;
    this.#nextId += 1;
    const timer = this.#clock.setTimer(REPLY_MS_MAX, () => this.#end(`no answer to ${method} within 2 s`));
    this.#pending.set(id, { handle, timer });
    this.#write({ id, method, params });
  }

  #write(message: object): void {
    if (this.#socket.writableLength > BACKLOG_BYTES_MAX) {
      this.#end('the server does not read');
      return;
    }
    this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  #take(chunk: string): void {
    const lines = (this.#unfinished + chunk).split('\n');
    this.#unfinished = lines.pop() ?? '';
    for (const line of lines) {
      if (this.#ended) return;
      if (line.trim() !== '') this.#handle(parseServerLine(line, this.#options.pow));
    }
    if (this.#unfinished.length > LINE_LENGTH_MAX) this.#end('the server sent a line without end');
  }

  #handle(message: ServerMessage): void {
    switch (message.kind) {
      case 'job':
        this.#onJob(message.job);
        break;
      case 'reply':
        this.#onReply(message);
        break;
      case 'question':
        this.#write({ id: message.id, result: null, error: [20, 'unsupported method', null] });
        break;
      case 'ignored':
        this.#events.onGarbage(message.reason);
        break;
    }
  }

  #onReply({ id, result, error }: Extract<ServerMessage, { kind: 'reply' }>): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    pending.timer.cancel();
    pending.handle(result, error);
  }

  #onJob(job: MinerJob): void {
    if (!this.#ready || !this.#prefix) {
      this.#early = job;
      return;
    }
    this.#expectJob();
    this.#events.onJob(job, this.#prefix);
  }

  #expectJob(): void {
    this.#watch.cancel();
    this.#watch = this.#clock.setTimer(JOB_MS_MAX, () => this.#end('no job for 180 s'));
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#finish();
    this.#events.onLost(reason);
  }

  #finish(): void {
    this.#ended = true;
    this.#watch.cancel();
    for (const { timer } of this.#pending.values()) timer.cancel();
    this.#pending.clear();
    this.#socket.destroy();
  }
}

/** Of a certificate that nobody vouches for, Node.js gives advice about itself, and none that helps a miner. */
function lossText(error: Error & { readonly code?: string }): string {
  const { code } = error;
  if (code !== 'DEPTH_ZERO_SELF_SIGNED_CERT' && code !== 'SELF_SIGNED_CERT_IN_CHAIN') return error.message;
  return 'the server’s certificate is self-signed, as those are that KPSS makes; --insecure takes it';
}
