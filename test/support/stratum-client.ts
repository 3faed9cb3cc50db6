import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** jobId, headerHash, seedHash, target, cleanJobs, height, bits. */
type NotifyParams = readonly [string, string, string, string, boolean, number, string];

/** What a server sends. Its members are what the tests expect of it, and each test asserts them. */
export interface Message {
  readonly id: unknown;
  readonly method?: string;
  /** Of mining.notify; set_target has the target alone. */
  readonly params: NotifyParams;
  readonly result: unknown;
  readonly error: readonly [number, string, null] | null;
}

/** The extranonce prefix that a subscribe reply gives. */
export function prefixIn(reply: Message | undefined): string {
  const prefix = Array.isArray(reply?.result) ? reply.result[1] : undefined;
  if (typeof prefix !== 'string') throw new Error(`no prefix in ${JSON.stringify(reply)}`);
  return prefix;
}

/** How long a test waits for a message before it fails. */
const PATIENCE_MS = 15_000;

/** A raw stratum client for tests: sends any bytes, keeps all that comes back. */
export class StratumClient {
  readonly socket: Socket;
  readonly messages: Message[] = [];
  readonly lines: string[] = [];
  closed = false;
  #unfinished = '';
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.#take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  /** @param localAddress where it comes from; all of 127.0.0.0/8 is this machine */
  static async connect(port: number, host = '127.0.0.1', localAddress?: string): Promise<StratumClient> {
    const socket = connect({ port, host, ...(localAddress !== undefined && { localAddress }) });
    await once(socket, 'connect');
    return new StratumClient(socket);
  }

  /** As miners do, which do not check the certificate. */
  static async connectTls(port: number, host = '127.0.0.1'): Promise<StratumClient & { socket: TLSSocket }> {
    const socket = connectTls({ port, host, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    return new StratumClient(socket) as StratumClient & { socket: TLSSocket };
  }

  send(...messages: readonly unknown[]): void {
    this.sendRaw(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  }

  sendRaw(bytes: string | Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** The first message that fits, past or to come. */
  async find(fits: (message: Message) => boolean, what = fits.toString()): Promise<Message> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = this.messages.find(fits);
      if (found !== undefined) return found;
      if (this.closed) throw new Error(`closed while waiting for ${what}`);
      if (Date.now() > deadline)
        throw new Error(`nothing came for ${what}; last: ${this.lines.slice(-3).join(' | ')}`);
      await this.#more();
    }
  }

  /** Sends a request and waits for its reply. */
  async call(id: unknown, method: string, params: unknown): Promise<Message> {
    const from = this.messages.length;
    this.send({ id, method, params });
    return this.find(
      (message) =>
        message.id === id && message.method === undefined && this.messages.indexOf(message) >= from,
      `the reply to ${method} ${String(id)}`,
    );
  }

  /** The newest job; waits for one if there is none, or none after `since`. */
  async job(since = 0): Promise<Message> {
    await this.find((m) => m.method === 'mining.notify' && this.messages.indexOf(m) >= since, 'a job');
    return this.messages.findLast((m) => m.method === 'mining.notify') as Message;
  }

  async untilClosed(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!this.closed) {
      if (Date.now() > deadline) throw new Error('still open');
      await this.#more();
    }
  }

  destroy(): void {
    this.socket.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 200);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #take(chunk: string): void {
    const parts = (this.#unfinished + chunk).split('\n');
    this.#unfinished = parts.pop() ?? '';
    for (const line of parts) {
      this.lines.push(line);
      this.messages.push(JSON.parse(line));
    }
    this.#wake();
  }
}
