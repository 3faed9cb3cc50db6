import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { bytesToHex } from '../../src/chain/bytes.ts';
import { epochOf, seedHashOf } from '../../src/kawpow/epoch.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';

/** How long a test waits for something before it fails. */
const PATIENCE_MS = 15_000;

/** What the miner sent: a request, or an answer to one of ours. */
export interface Request {
  id: unknown;
  method?: string;
  params: string[];
  error?: unknown;
}

/** What the server does with a request; false leaves it unanswered. */
export type Answerer = (request: Request, connection: ScriptedConnection) => object | false;

/** Members of a job; the rest is made up. */
export interface ScriptedJob {
  id: string;
  height?: number;
  headerHash?: Uint8Array;
  /** As sent. */
  target: string;
  seedHash?: string;
  clean?: boolean;
  bits?: string;
}

export const IMPOSSIBLE_TARGET = `${'0'.repeat(63)}1`;
export const EASY_TARGET = `0x${'f'.repeat(64)}`;

/** Self-signed for localhost and 127.0.0.1 until 2125, and good for nothing else. */
export const TEST_CERTIFICATE = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHujSaoCMT57mW22m
zauI/JQOUo+ozOgvagrUmhMyPyShRANCAASmooyMxJyUz1gOT9V413Qh6wcG2ajp
qiqlPvMVexsBOm6282YJhJwJgwi4x0MNCpShdngc+lF5jkbswasb577x
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUSqAzN7Uwr0zW4uSqf++KIiu27LwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE2MDgxNVoYDzIxMjYxMDI5
MTYwODE1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASmooyMxJyUz1gOT9V413Qh6wcG2ajpqiqlPvMVexsBOm6282YJhJwJ
gwi4x0MNCpShdngc+lF5jkbswasb577xo28wbTAdBgNVHQ4EFgQUn+b7mVeGQNXy
NvyF+LkfVx+qAFMwHwYDVR0jBBgwFoAUn+b7mVeGQNXyNvyF+LkfVx+qAFMwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAIFkDIU+UDFwu6Gz/u1ELUkjX9Ti+YkQ1L5NubB/bnoPAiEA
h5lLOY+MkjZN/MkwmFI8QjY/yl5CM/TYD8SGj2DWgXk=
-----END CERTIFICATE-----
`,
};

/** The server's side of one connection. */
export class ScriptedConnection {
  readonly socket: Socket;
  readonly requests: Request[] = [];
  closed = false;
  #unfinished = '';

  constructor(socket: Socket, onRequest: (request: Request) => void) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('data', (chunk: string) => {
      const lines = (this.#unfinished + chunk).split('\n');
      this.#unfinished = lines.pop() ?? '';
      for (const line of lines) {
        const request = JSON.parse(line) as Request;
        this.requests.push(request);
        onRequest(request);
      }
    });
  }

  send(...messages: object[]): void {
    this.sendRaw(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  }

  sendRaw(text: string | Uint8Array): void {
    if (!this.closed) this.socket.write(text);
  }

  sendJob(job: ScriptedJob): void {
    this.send(jobMessage(job));
  }

  submits(jobId?: string): Request[] {
    return this.requests.filter(
      (r) => r.method === 'mining.submit' && (jobId === undefined || r.params[1] === jobId),
    );
  }

  async submit(jobId: string): Promise<Request> {
    await until(() => this.submits(jobId).length > 0, `a share of job ${jobId}`);
    return this.submits(jobId)[0] as Request;
  }
}

export function jobMessage(job: ScriptedJob): object {
  const height = job.height ?? 1;
  const params = [
    job.id,
    bytesToHex(job.headerHash ?? new Uint8Array(32).fill(1)),
    job.seedHash ?? bytesToHex(seedHashOf(epochOf(height, KAWPOW))),
    job.target,
    job.clean ?? true,
    height,
    job.bits ?? '03000001',
  ];
  return { id: null, method: 'mining.notify', params };
}

/** The usual answers: extranonce prefix 00a7, every user and share is fine. */
export function friendly(request: Request): object {
  if (request.method === 'mining.subscribe') return { id: request.id, result: [null, '00a7'], error: null };
  return { id: request.id, result: true, error: null };
}

/** A stratum server that does what a test says. */
export class ScriptedStratum {
  readonly connections: ScriptedConnection[] = [];
  answer: Answerer = friendly;
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(tls: boolean) {
    const onSocket = (socket: Socket): void => {
      const connection: ScriptedConnection = new ScriptedConnection(socket, (request) => {
        // The miner's answers to our questions want none.
        if (request.method === undefined) return;
        const answer = this.answer(request, connection);
        if (answer) connection.send(answer);
      });
      this.connections.push(connection);
    };
    this.#server = tls ? createTlsServer(TEST_CERTIFICATE, onSocket) : createServer(onSocket);
    this.#scheme = tls ? 'stratum+ssl' : 'stratum+tcp';
  }

  static async listen(options: { tls?: boolean } = {}): Promise<ScriptedStratum> {
    const scripted = new ScriptedStratum(options.tls ?? false);
    scripted.#server.listen(0, '127.0.0.1');
    await once(scripted.#server, 'listening');
    return scripted;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The n-th connection once its user is authorized. */
  async ready(index = 0): Promise<ScriptedConnection> {
    const isReady = (): boolean =>
      this.connections[index]?.requests.some((request) => request.method === 'mining.authorize') ?? false;
    await until(isReady, `connection ${index}`);
    return this.connections[index] as ScriptedConnection;
  }

  async close(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Waits for something that comes by itself. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`nothing came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
