import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { isEverywhere, isLoopback } from './config/host.ts';
import type { VardiffOptions } from './mining/vardiff.ts';
import type { OpenPort } from './stratum/openings.ts';

/**
 * What miners can be pointed at.
 * @param host that the port is bound to; where that is every address of this machine, they are named
 * @returns for URLs: IPv6 in brackets
 */
export function addressesOf(host: string): string[] {
  if (!isEverywhere(host)) return [host.includes(':') ? `[${host}]` : host];
  const all = ownInterfaces();
  const reachable = all
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
  return reachable.length > 0 ? reachable : ['127.0.0.1'];
}

/**
 * The line that tells miners' owners of a port: its URLs, its difficulty, what to hold its certificate against, and,
 * where only this machine reaches it, how others may.
 */
export function portLine({ options, port, fingerprint }: OpenPort): string {
  const { host, vardiff, tls, proxies } = options;
  const scheme = tls === undefined ? 'stratum+tcp' : 'stratum+ssl';
  const urls = addressesOf(host).map((address) => `${scheme}://${address}:${port}`);
  const parts = [`miners connect to ${urls.join(' or ')} (${difficultyText(vardiff)})`];
  if (fingerprint !== undefined) parts.push(`certificate SHA-256 ${fingerprint}`);
  if (proxies !== undefined) parts.push(`with a PROXY header from ${proxies.join(', ')}`);
  const reach = isLoopback(host)
    ? '; only this machine reaches it (--host 0.0.0.0, or host: 0.0.0.0 under stratum, opens it to your network)'
    : '';
  return parts.join(', ') + reach;
}

/** For the log's fields. */
export function portFields({ options, port, fingerprint }: OpenPort) {
  const { host, vardiff } = options;
  const { minDifficulty, maxDifficulty } = vardiff;
  return { host, port, minDifficulty, maxDifficulty, ...(fingerprint !== undefined && { fingerprint }) };
}

function difficultyText({ minDifficulty, maxDifficulty }: VardiffOptions): string {
  return minDifficulty === maxDifficulty
    ? `difficulty ${minDifficulty}`
    : `vardiff ${minDifficulty}…${maxDifficulty}`;
}

/** Where a sandbox forbids the question, there is no answer. */
function ownInterfaces(): NetworkInterfaceInfo[] {
  try {
    return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  } catch {
    return [];
  }
}
