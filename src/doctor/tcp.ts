import { connect, createServer } from 'node:net';
import type { Clock } from '../mining/ports.ts';

export type TcpAnswer = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** A handshake over half the world takes a third of a second; a packet that was dropped is sent again after one. */
const CONNECT_MS_MAX = 2_500;

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no way there',
  ENETUNREACH: 'no way there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be looked up',
  EADDRINUSE: 'another program has it',
  EADDRNOTAVAIL: 'that address is not this machine’s',
  EACCES: 'not allowed: ports below 1024 are the system’s',
};

/** Opens a connection and closes it again. Never rejects. */
export function tryTcp(host: string, port: number, clock: Pick<Clock, 'setTimer'>): Promise<TcpAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: TcpAnswer): void => {
      timer.cancel();
      socket.destroy();
      resolve(answer);
    };
    const timer = clock.setTimer(CONNECT_MS_MAX, () => end({ ok: false, reason: 'no answer in time' }));
    socket.on('connect', () => end({ ok: true }));
    socket.on('error', (error) => end({ ok: false, reason: reasonOf(error) }));
  });
}

export type ListenAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly isTaken: boolean; readonly reason: string };

/** Opens a port as a server would, and closes it again. Never rejects. */
export function tryListen(host: string, port: number): Promise<ListenAnswer> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ ok: false, isTaken: error.code === 'EADDRINUSE', reason: reasonOf(error) }),
    );
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve({ ok: true })));
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  const code = error.code ?? '';
  return WORDS[code] ?? (code === '' ? error.message : code);
}

/** @param url of a node's RPC */
export function hostAndPort(url: string): { readonly host: string; readonly port: number } | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const usual = protocol === 'https:' ? 443 : 80;
  return { host, port: port === '' ? usual : Number(port) };
}
