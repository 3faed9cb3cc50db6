import { networkInterfaces } from 'node:os';

/**
 * What miners can be pointed at.
 * @param host that the port is bound to; where that is every address of this machine, they are named
 * @returns for URLs: IPv6 in brackets
 */
export function addressesOf(host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host.includes(':') ? `[${host}]` : host];
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const reachable = all
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
  return reachable.length > 0 ? reachable : ['127.0.0.1'];
}
