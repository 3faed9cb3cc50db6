import { connect, type Socket } from 'node:net';

/** All sockets are read into the same memory, one after the other: thousands of miners cost the machine little. */
const READ_BUFFER = Buffer.alloc(64 * 1024);

/** Ten thousand miners are 40 of each; two thousand newcomers a second 8. */
const NETWORKS = 250;

const NOTIFY = '{"id":null,"method":"mining.notify"';

/** What a miner tells the crowd that it is part of. */
export interface LoadMinerEvents {
  /** A job, as the line it came in. */
  onJob(miner: LoadMiner, line: string, atMs: number): void;
  /** The answer to a submit. */
  onReply(miner: LoadMiner, reply: { readonly id: number; readonly result: unknown }, atMs: number): void;
  /** The connection is gone without having been closed from here. */
  onLost(miner: LoadMiner): void;
}

const SUBSCRIBE_ID = 1;
const AUTHORIZE_ID = 2;
/** Ids of submits begin here. */
export const FIRST_SUBMIT_ID = 40;

/** One connection as kawpowminer has it: subscribes, waits, authorizes, waits, and reads whatever comes. */
export class LoadMiner {
  readonly #socket: Socket;
  readonly #events: LoadMinerEvents;
  readonly #name: string;
  #unfinished = '';
  #isClosing = false;
  /** Four hex digits, once it is subscribed. */
  prefix = '';
  /** performance.now() of the connection's beginning, and of its first job. */
  readonly connectMs = performance.now();
  firstJobMs: number | undefined;
  /** The newest job's line. */
  job = '';

  constructor(port: number, index: number, events: LoadMinerEvents) {
    this.#events = events;
    this.#name = `rig${index}`;
    this.#socket = connect({
      port,
      // As miners of many networks, each below what the server takes of one; and ports are enough for a whole run.
      localAddress: `127.0.${1 + (index % NETWORKS)}.1`,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (length) => {
          this.#read(READ_BUFFER.toString('latin1', 0, length));
          return true;
        },
      },
    });
    this.#socket.on('connect', () => this.#send(SUBSCRIBE_ID, 'mining.subscribe', '"bench/1.0"'));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      if (!this.#isClosing) this.#events.onLost(this);
    });
  }

  /** @param line with its newline */
  write(line: string): void {
    this.#socket.write(line, 'latin1');
  }

  /** With a reset, so that no port stays behind waiting. */
  close(): void {
    this.#isClosing = true;
    this.#socket.resetAndDestroy();
  }

  #send(id: number, method: string, params: string): void {
    this.write(`{"id":${id},"method":"${method}","params":[${params}]}\n`);
  }

  #read(text: string): void {
    const atMs = performance.now();
    const whole = this.#unfinished + text;
    let start = 0;
    for (let end = whole.indexOf('\n'); end >= 0; end = whole.indexOf('\n', start)) {
      this.#take(whole.slice(start, end), atMs);
      start = end + 1;
    }
    this.#unfinished = whole.slice(start);
  }

  #take(line: string, atMs: number): void {
    if (line.startsWith(NOTIFY)) {
      this.firstJobMs ??= atMs;
      this.job = line;
      this.#events.onJob(this, line, atMs);
      return;
    }
    if (line.startsWith('{"id":null')) return;
    const reply = JSON.parse(line) as { id: number; result: unknown };
    if (reply.id === SUBSCRIBE_ID && Array.isArray(reply.result)) {
      this.prefix = reply.result[1];
      this.#send(AUTHORIZE_ID, 'mining.authorize', `"${this.#name}","x"`);
    } else if (reply.id >= FIRST_SUBMIT_ID) this.#events.onReply(this, reply, atMs);
  }
}
