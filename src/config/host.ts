import { isIP } from 'node:net';

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;
/** Where a program listens on all its addresses; nothing can be reached by it from elsewhere. */
const EVERYWHERE: readonly string[] = ['*', '0.0.0.0', '::'];

export interface HostPort {
  /** An IPv6 address without its brackets. */
  readonly host: string;
  /** 1 to 65535 */
  readonly port: number;
}

/** @returns whether it is this machine, whatever port; IPv6 with or without brackets */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(withoutBrackets(host));
}

/** @returns whether who listens there listens on all addresses of the machine */
export function isEverywhere(host: string): boolean {
  return EVERYWHERE.includes(withoutBrackets(host));
}

/** @returns whether two programs that listen there would want a port of the same address */
export function shareAddress(one: string, other: string): boolean {
  const [a, b] = [withoutBrackets(one).toLowerCase(), withoutBrackets(other).toLowerCase()];
  if (a === b) return true;
  // What listens on all of IPv6 does so on all of IPv4; not the other way round.
  const holds = (all: string, single: string): boolean =>
    all === '::' || all === '*' || (all === '0.0.0.0' && isIP(single) !== 6);
  if (holds(a, b) || holds(b, a)) return true;
  const isName = a === 'localhost' || b === 'localhost';
  return isName && isLoopback(a) && isLoopback(b);
}

/** @returns whether it can be an IP address, without brackets, or a host name */
export function isHost(host: string): boolean {
  return isIP(host) > 0 || /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(host);
}

/**
 * Where to connect to.
 * @param text `127.0.0.1:8767`, `node.example:8767` or `[::1]:8767`
 * @returns undefined for anything else
 */
export function parseHostPort(text: string): HostPort | undefined {
  const [, bracketed, host = bracketed ?? '', digits] =
    /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (!(port >= 1 && port <= 65535) || isEverywhere(host)) return undefined;
  const isRight = bracketed === undefined ? isHost(host) : isIP(host) === 6;
  return isRight ? { host, port } : undefined;
}

/** As sockets want it: a URL has brackets around an IPv6 address. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
