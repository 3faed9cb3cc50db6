import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/**
 * A node that says what ravend said: an HTTP server that answers each request with a recorded status, headers and
 * body, or misbehaves on request. For tests of whatever talks JSON-RPC over a real socket.
 */

/** One file of test/golden/ravend. */
export interface Recording {
  readonly description: string;
  readonly request: {
    readonly method?: string;
    readonly params?: readonly unknown[];
    readonly rawBody?: string;
  };
  readonly httpStatus: number;
  readonly httpHeaders: Readonly<Record<string, string>>;
  readonly responseText: string;
}

export interface ReplayRequest {
  readonly authorization: string | undefined;
  readonly path: string;
  readonly method: string;
  readonly params: readonly unknown[];
  readonly id: unknown;
  /** 1 for the first connection the server saw. */
  readonly connection: number;
  /** 1 for the first request the server saw. */
  readonly count: number;
}

export type Reply =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly text: string }
  /** The connection is reset without an answer. */
  | 'reset'
  /** No answer, ever. */
  | 'silence'
  /** Half of an answer, then the end of the connection. */
  | 'half'
  /** Whatever these bytes are, in place of an HTTP answer. */
  | { readonly raw: string };

export interface ReplayNode {
  readonly url: string;
  readonly requests: readonly ReplayRequest[];
  /** Connections open at the moment. */
  open(): number;
  /** Closes every idle connection, as ravend does after 30 s. */
  closeConnections(): void;
  close(): Promise<void>;
}

const golden = new URL('../golden/ravend/', import.meta.url);

/** @param path for example `errors/warmup-1.json` */
export function readRecording(path: string): Recording {
  return JSON.parse(readFileSync(new URL(path, golden), 'utf8')) as Recording;
}

/** File names in a folder of test/golden/ravend, in order. */
export function recordingsIn(folder: string): string[] {
  return readdirSync(new URL(folder, golden)).sort();
}

/**
 * The recorded answer as a reply. The id in a recording is that of the recorded request; ravend would have echoed
 * ours, so it is put in, but for `null`, with which ravend answers what it could not parse.
 */
export function replyOf(recording: Recording, id: unknown): Reply {
  const text = recording.responseText.replace(/"id":\d+\}\n$/, `"id":${JSON.stringify(id)}}\n`);
  return { status: recording.httpStatus, headers: recording.httpHeaders, text };
}

/** An ordinary answer as ravend writes it: JSON-RPC 1.0, a line break at the end. */
export function resultReply(id: unknown, result: unknown): Reply {
  return { status: 200, text: `${JSON.stringify({ result, error: null, id })}\n` };
}

/** Listens on loopback, on a free port unless one is given. */
export async function startReplayNode(
  answer: (request: ReplayRequest) => Reply,
  port = 0,
): Promise<ReplayNode> {
  const requests: ReplayRequest[] = [];
  const sockets = new Map<Socket, number>();
  let connections = 0;
  const server = http.createServer({ keepAliveTimeout: 0 }, (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Pick<
        ReplayRequest,
        'method' | 'params' | 'id'
      >;
      const request: ReplayRequest = {
        authorization: incoming.headers.authorization,
        path: incoming.url ?? '',
        method: body.method,
        params: body.params,
        id: body.id,
        connection: sockets.get(incoming.socket) ?? 0,
        count: requests.length + 1,
      };
      requests.push(request);
      write(answer(request), incoming.socket, response);
    });
  });
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.set(socket, connections);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    open: () => sockets.size,
    closeConnections: () => server.closeIdleConnections(),
    close: async () => {
      for (const socket of sockets.keys()) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function write(reply: Reply, socket: Socket, response: http.ServerResponse): void {
  if (reply === 'silence') return;
  if (reply === 'reset') {
    socket.resetAndDestroy();
    return;
  }
  if (reply === 'half') {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"result":');
    return;
  }
  if ('raw' in reply) {
    socket.end(reply.raw);
    return;
  }
  response.writeHead(reply.status, { ...reply.headers, 'Content-Length': Buffer.byteLength(reply.text) });
  response.end(reply.text);
}
