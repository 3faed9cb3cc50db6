import { KpssError } from '../error.ts';

/** Where a stratum server listens. */
export interface StratumAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

const SCHEMES: Readonly<Record<string, { tls: boolean }>> = {
  'stratum+tcp:': { tls: false },
  'stratum:': { tls: false },
  'stratum+ssl:': { tls: true },
  'stratum+tls:': { tls: true },
};

/**
 * `stratum+tcp://host:port`, or `stratum+ssl://` for TLS; an IPv6 address stands in brackets.
 * @throws KpssError KPSS_MINER_URL with a sentence on what is wrong with it
 */
export function parseStratumUrl(text: string): StratumAddress {
  const refuse = (reason: string): KpssError =>
    new KpssError('KPSS_MINER_URL', `"${text}" is no server to mine at: ${reason}`, {
      context: { url: text },
    });
  const url = URL.parse(text);
  if (!url) throw refuse('expected something like stratum+tcp://127.0.0.1:3333');
  const scheme = SCHEMES[url.protocol];
  if (!scheme) {
    const known = 'expected stratum+tcp:// or, with TLS, stratum+ssl://';
    if (url.protocol.startsWith('stratum2')) throw refuse(`Stratum V2 is not spoken here; ${known}`);
    throw refuse(`${url.protocol}// is not known; ${known}`);
  }
  if (url.hostname === '') throw refuse('the host is missing');
  if (url.port === '' || url.port === '0')
    throw refuse('the port is missing, as in stratum+tcp://127.0.0.1:3333');
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port), tls: scheme.tls };
}
