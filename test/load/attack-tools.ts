import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Who does not give it is refused. */
export const PASSWORD = 'open sesame';

/** Where an attack goes. */
export interface Target {
  readonly plainPort: number;
  readonly tlsPort: number;
  /** Believes PROXY headers from 127.0.9.1 only. */
  readonly proxyPort: number;
  /** Of another instance, whose deadlines are a second or two and whose lines have no pace. */
  readonly shortPort: number;
  readonly shortTlsPort: number;
}

/** What an attacker saw; each test says what it must be. */
export type AttackReport = Readonly<Record<string, number>>;

export type Attack = (target: Target) => Promise<AttackReport>;

/** One hostile connection, from any address of this machine: 127.0.0.0/8 is all loopback. */
export class Hostile {
  readonly socket: Socket;
  closed = false;
  received = '';

  constructor(port: number, from: string) {
    this.socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
    });
    this.socket.on('data', (chunk: Buffer) => {
      // Enough for every question that an attack asks of it.
      if (this.received.length < 1_000_000) this.received += chunk.toString('latin1');
    });
  }

  /** @returns whether it was taken */
  async opened(): Promise<boolean> {
    if (this.socket.connecting)
      await Promise.race([once(this.socket, 'connect'), once(this.socket, 'close')]).catch(() => {});
    return !this.closed && !this.socket.destroyed;
  }

  send(bytes: string | Uint8Array): boolean {
    return this.socket.destroyed || this.socket.write(bytes);
  }

  /** Waits until what was written is with the system, or the connection is gone. */
  async drained(): Promise<void> {
    while (!this.closed && this.socket.writableLength > 0) await sleep(5);
  }

  /** @returns whether it was closed within that time */
  async closedWithin(ms: number): Promise<boolean> {
    for (let waitedMs = 0; !this.closed && waitedMs < ms; waitedMs += 20) await sleep(20);
    return this.closed;
  }

  /** The first message that fits; undefined when none came in that time. */
  async message(fits: (message: Message) => boolean, withinMs = 5_000): Promise<Message | undefined> {
    for (let waitedMs = 0; waitedMs <= withinMs; waitedMs += 20) {
      const found = this.messages().find(fits);
      if (found !== undefined || this.closed) return found;
      await sleep(20);
    }
    return undefined;
  }

  messages(): Message[] {
    return this.received
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Message);
  }

  /** Subscribes and logs in, in one write. @returns the prefix and the first job, or undefined when it got none */
  async logIn(user = 'hostile', password = PASSWORD): Promise<{ prefix: string; job: Message } | undefined> {
    this.send(
      `{"id":1,"method":"mining.subscribe","params":["hostile/1.0"]}\n` +
        `{"id":2,"method":"mining.authorize","params":["${user}","${password}"]}\n`,
    );
    const subscribed = await this.message(({ id }) => id === 1);
    const job = await this.message(({ method }) => method === 'mining.notify');
    const prefix = Array.isArray(subscribed?.result) ? subscribed.result[1] : undefined;
    return job === undefined || typeof prefix !== 'string' ? undefined : { prefix, job };
  }

  destroy(): void {
    this.socket.destroy();
  }
}

export interface Message {
  readonly id: unknown;
  readonly method?: string;
  readonly params?: readonly unknown[];
  readonly result?: unknown;
  readonly error?: readonly [number, string, null] | null;
}

/** A submit of the newest job's fields, with any nonce and mix hash. */
export function submitLine(id: number, job: Message, nonceHex: string, mixHashHex: string): string {
  const [jobId, headerHash] = job.params ?? [];
  const params = ['hostile', jobId, `0x${nonceHex}`, `0x${String(headerHash)}`, `0x${mixHashHex}`];
  return `${JSON.stringify({ id, method: 'mining.submit', params })}\n`;
}

/** Does something so many times, at most so many at once. */
export async function many(count: number, atOnce: number, what: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < count) await what(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, run));
}
