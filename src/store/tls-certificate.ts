import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { KpssError } from '../error.ts';
import type { Clock, Log } from '../mining/ports.ts';
import type { PortTls, TlsMaterial } from '../stratum/tls-stage.ts';

/** Whoever has the key can play the server; the certificate is shown to everybody anyway. */
const KEY_MODE = 0o600;
const CERTIFICATE_MODE = 0o644;
const DIRECTORY_MODE = 0o700;
const DAY_MS = 86_400_000;
/** Miners that know the fingerprint would refuse another: one lasts for as long as the rig. */
const VALID_DAYS = 3650;
/** A rig whose clock is slow, or set to another zone, should not find a certificate of tomorrow. */
const VALID_BEFORE_DAYS = 2;
/** What every TLS library that miners are built with can read, those of ten years ago as well. */
const KEY_BITS = 2048;
/** A machine with containers has hundreds of addresses, and a miner reads the certificate at each connection. */
const NAMES_MAX = 32;
/** A chain of a dozen certificates; more is some other file. */
const FILE_BYTES_MAX = 256 * 1024;

/** A certificate as it is on the disk. */
export interface CertificateFacts extends TlsMaterial {
  readonly validToMs: number;
}

export interface TlsCertificatesModules {
  readonly clock: Clock;
  readonly log: Log;
}

/** The certificates of the miners' ports: the owner's files, and the one that is made here, for all ports together. */
export class TlsCertificates {
  readonly #folder: string;
  readonly #modules: TlsCertificatesModules;
  #making: Promise<CertificateFacts> | undefined;

  /** @param dataDirectory the made one is kept in its folder `tls` */
  constructor({ dataDirectory }: { readonly dataDirectory: string }, modules: TlsCertificatesModules) {
    this.#folder = join(dataDirectory, 'tls');
    this.#modules = modules;
  }

  /**
   * The certificate of a port, as it is on the disk now; the one that KPSS makes is made when there is none, or when it
   * has expired, and never otherwise.
   * @throws KpssError KPSS_TLS_CERTIFICATE
   */
  async read(tls: PortTls): Promise<CertificateFacts> {
    const { clock, log } = this.#modules;
    if (tls.kind === 'files') {
      const found = await readPair(tls.certificatePath, tls.keyPath);
      if (found.validToMs <= clock.nowMs())
        log.warn(
          { certificate: tls.certificatePath },
          `the certificate ${tls.certificatePath} expired on ${dayOf(found.validToMs)}: miners that check it stay away`,
        );
      return found;
    }
    // Several ports ask at once.
    this.#making ??= this.#keptOrMade().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  /**
   * The same without making one and without a line in the log.
   * @returns undefined where the next start makes one
   * @throws KpssError KPSS_TLS_CERTIFICATE
   */
  async look(tls: PortTls): Promise<CertificateFacts | undefined> {
    if (tls.kind === 'files') return readPair(tls.certificatePath, tls.keyPath);
    return (await isThere(this.#certificatePath))
      ? readPair(this.#certificatePath, this.#keyPath)
      : undefined;
  }

  get #certificatePath(): string {
    return join(this.#folder, 'stratum-cert.pem');
  }

  get #keyPath(): string {
    return join(this.#folder, 'stratum-key.pem');
  }

  async #keptOrMade(): Promise<CertificateFacts> {
    const { clock, log } = this.#modules;
    const kept = await this.look({ kind: 'self-signed' });
    if (kept !== undefined && kept.validToMs > clock.nowMs()) return kept;
    const pair = await makePair(clock.nowMs());
    try {
      await mkdir(this.#folder, { recursive: true, mode: DIRECTORY_MODE });
      // The certificate last: where it is, its key is, too.
      await place(this.#keyPath, pair.keyPem, KEY_MODE);
      await place(this.#certificatePath, pair.certificatePem, CERTIFICATE_MODE);
    } catch (cause) {
      throw trouble(
        `a certificate cannot be kept in ${this.#folder}: ${reasonOf(cause)}`,
        this.#folder,
        cause,
      );
    }
    // What is on the disk counts: another KPSS with the same folder may have been as quick.
    const made = await readPair(this.#certificatePath, this.#keyPath);
    const why = kept === undefined ? 'made' : 'the old one has expired: made';
    const text = `${why} a certificate for the miners’ TLS ports, and kept it as ${this.#certificatePath}`;
    log.info({ fingerprint: made.fingerprint }, text);
    return made;
  }
}

/** Beside its place first, so that a crash leaves no half of it. */
async function place(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, text, { mode, flush: true });
  // Where it was there before, with other rights.
  await chmod(temporary, mode);
  await rename(temporary, path);
}

async function readPair(certificatePath: string, keyPath: string): Promise<CertificateFacts> {
  const [certificatePem, keyPem] = await Promise.all([readPem(certificatePath), readPem(keyPath)]);
  const certificate = parsed(
    certificatePath,
    'is no certificate in PEM',
    () => new X509Certificate(certificatePem),
  );
  const key = parsed(keyPath, 'is no key in PEM without a passphrase', () => createPrivateKey(keyPem));
  if (!certificate.checkPrivateKey(key)) {
    throw trouble(`${keyPath} is not the key of the certificate ${certificatePath}`, keyPath);
  }
  const { fingerprint256: fingerprint, validTo } = certificate;
  return { certificatePem, keyPem, fingerprint, validToMs: Date.parse(validTo) };
}

async function readPem(path: string): Promise<string> {
  try {
    const status = await stat(path);
    // A pipe would keep a thread of Node's waiting for ever.
    if (!status.isFile()) throw new Error('it is no file');
    if (status.size > FILE_BYTES_MAX) throw new Error('it is too long for a certificate');
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw trouble(`${path} cannot be read: ${reasonOf(cause)}`, path, cause);
  }
}

/** The library's own words would be about ASN.1, and might show a part of the key. */
function parsed<T>(path: string, text: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw trouble(`${path} ${text}`, path);
  }
}

function trouble(message: string, path: string, cause?: unknown): KpssError {
  return new KpssError('KPSS_TLS_CERTIFICATE', message, { context: { path }, cause });
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EACCES' ? 'this user may not' : message;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

async function makePair(nowMs: number): Promise<Pick<TlsMaterial, 'certificatePem' | 'keyPem'>> {
  // A hundred modules, for one certificate in ten years.
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: 'KPSS' }], {
    keySize: KEY_BITS,
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - VALID_BEFORE_DAYS * DAY_MS),
    notAfterDate: new Date(nowMs + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: altNames() },
    ],
  });
  return { certificatePem: made.cert, keyPem: made.private };
}

/** What miners may call this machine. */
function altNames(): ({ type: 2; value: string } | { type: 7; ip: string })[] {
  // The machine's own may have signs that no certificate can hold.
  const names = ['localhost', hostname()].filter((name) => /^[a-z0-9.-]{1,253}$/i.test(name));
  const ips = ['127.0.0.1', '::1', ...ownAddresses()].filter((ip) => !ip.includes('%'));
  return [
    ...[...new Set(names)].map((value) => ({ type: 2 as const, value })),
    ...[...new Set(ips)].map((ip) => ({ type: 7 as const, ip })),
  ].slice(0, NAMES_MAX);
}

/** None where a sandbox forbids the question: miners hold the fingerprint against it, not the names. */
function ownAddresses(): string[] {
  try {
    return Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .map(({ address }) => address);
  } catch {
    return [];
  }
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
