import type { Clock, Log } from '../mining/ports.ts';
import { type CertificateFacts, TlsCertificates } from '../store/tls-certificate.ts';
import type { PortOptions } from '../stratum/listener.ts';
import { type Finding, green, red, yellow } from './check.ts';

const ID = 'instance.certificate';
const DAY_MS = 86_400_000;
/** Whoever renews by hand does so once a month; certbot does it 30 days ahead. */
const SOON_DAYS = 30;
const UNHEARD: Log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * The certificate of a port, as the next start would find it.
 * @returns undefined for a plain port
 */
export async function examineCertificate(
  { port, tls }: PortOptions,
  dataDirectory: string,
  clock: Clock,
): Promise<Finding | undefined> {
  if (tls === undefined) return undefined;
  const certificates = new TlsCertificates({ dataDirectory }, { clock, log: UNHEARD });
  try {
    const isOurs = tls.kind === 'self-signed';
    return judgeCertificate(port, await certificates.look(tls), { isOurs, nowMs: clock.nowMs() });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return red(
      ID,
      `Port ${port} has no certificate that it can use: ${reason}.`,
      'KPSS does not start like this. docs/errors.md tells what to do about KPSS_TLS_CERTIFICATE.',
    );
  }
}

/** @param facts undefined where KPSS is still to make one */
export function judgeCertificate(
  port: number,
  facts: CertificateFacts | undefined,
  { isOurs, nowMs }: { readonly isOurs: boolean; readonly nowMs: number },
): Finding {
  if (facts === undefined) return green(ID, `The first start makes a certificate for port ${port}.`);
  const { validToMs, fingerprint } = facts;
  const day = new Date(validToMs).toISOString().slice(0, 10);
  const whose = `The certificate of port ${port}`;
  const cure = isOurs
    ? 'The first start after that makes another, with another fingerprint: tell it to miners that check it.'
    : 'Renew it. Miners that do not check it mine on.';
  if (validToMs <= nowMs) return yellow(ID, `${whose} expired on ${day}.`, cure);
  if (validToMs <= nowMs + SOON_DAYS * DAY_MS) return yellow(ID, `${whose} expires on ${day}.`, cure);
  return green(ID, `${whose} is good until ${day}: SHA-256 ${fingerprint}.`);
}
