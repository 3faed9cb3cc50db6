import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { silentLog } from '../../test/support/mining.ts';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import type { PortTls } from '../stratum/tls-stage.ts';
import { TlsCertificates } from './tls-certificate.ts';

const root = mkdtempSync(join(tmpdir(), 'kpss-tls-'));
after(() => rmSync(root, { recursive: true }));

const OURS: PortTls = { kind: 'self-signed' };
const NOW_MS = Date.UTC(2026, 10, 23);

function certificatesIn(name: string, nowMs = NOW_MS, log = silentLog): TlsCertificates {
  const clock = { ...createVirtualClock(), nowMs: () => nowMs };
  return new TlsCertificates({ dataDirectory: join(root, name) }, { clock, log });
}

function filesOf(name: string): { certificatePath: string; keyPath: string } {
  const folder = join(root, name, 'tls');
  return { certificatePath: join(folder, 'stratum-cert.pem'), keyPath: join(folder, 'stratum-key.pem') };
}

describe('a certificate of our own', () => {
  test('is one that old miners can read, and its key is its owner’s alone', async () => {
    const made = await certificatesIn('a').read(OURS);
    const certificate = new X509Certificate(made.certificatePem);
    assert.equal(certificate.publicKey.asymmetricKeyType, 'rsa');
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
    assert.equal(certificate.checkHost('localhost'), 'localhost');
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
    assert.ok(certificate.verify(certificate.publicKey));
    assert.equal(certificate.fingerprint256, made.fingerprint);
    assert.match(made.fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.ok(Date.parse(certificate.validFrom) < NOW_MS);
    assert.ok(Date.parse(certificate.validTo) > NOW_MS + 9 * 365 * 86_400_000);
    if (process.platform !== 'win32') assert.equal(statSync(filesOf('a').keyPath).mode & 0o777, 0o600);
  });

  test('is made once: for all ports, and for later starts', async () => {
    const first = certificatesIn('b');
    const made = await Promise.all([first.read(OURS), first.read(OURS)]);
    const again = await certificatesIn('b', NOW_MS + 9 * 365 * 86_400_000).read(OURS);
    assert.deepEqual(new Set([...made, again].map(({ fingerprint }) => fingerprint)).size, 1);
  });

  test('is made anew when it has expired, and the log says so', async () => {
    const before = await certificatesIn('c').read(OURS);
    const log = createKeptLog();
    const later = await certificatesIn('c', NOW_MS + 11 * 365 * 86_400_000, log).read(OURS);
    assert.notEqual(later.fingerprint, before.fingerprint);
    assert.match(
      log.lines.map(({ message }) => message).join(),
      /the old one has expired: made a certificate/,
    );
  });

  test('is not there before the first start, for whoever only looks', async () => {
    assert.equal(await certificatesIn('d').look(OURS), undefined);
    const { fingerprint } = await certificatesIn('d').read(OURS);
    assert.equal((await certificatesIn('d').look(OURS))?.fingerprint, fingerprint);
  });

  test('that is damaged is not replaced in silence', async () => {
    await certificatesIn('e').read(OURS);
    writeFileSync(filesOf('e').certificatePath, 'nonsense');
    await assert.rejects(certificatesIn('e').read(OURS), { code: 'KPSS_TLS_CERTIFICATE' });
  });
});

describe('the owner’s certificate', () => {
  test('is read anew each time', async () => {
    const certificates = certificatesIn('f');
    const own: PortTls = { kind: 'files', ...filesOf('g') };
    const { fingerprint } = await certificatesIn('g').read(OURS);
    assert.equal((await certificates.read(own)).fingerprint, fingerprint);
    const other = await certificatesIn('h').read(OURS);
    writeFileSync(own.certificatePath, other.certificatePem);
    writeFileSync(own.keyPath, other.keyPem);
    assert.equal((await certificates.read(own)).fingerprint, other.fingerprint);
  });

  test('that cannot be used is refused with the file and the reason, and nothing of the key', async () => {
    await certificatesIn('i').read(OURS);
    await certificatesIn('j').read(OURS);
    const [one, two] = [filesOf('i'), filesOf('j')];
    const none = join(root, 'none.pem');
    const cases: [Omit<Extract<PortTls, { kind: 'files' }>, 'kind'>, string][] = [
      [{ ...one, certificatePath: none }, `${none} cannot be read: there is no such file`],
      [{ ...one, keyPath: root }, `${root} cannot be read: it is no file`],
      [{ ...one, certificatePath: one.keyPath }, `${one.keyPath} is no certificate in PEM`],
      [
        { ...one, keyPath: one.certificatePath },
        `${one.certificatePath} is no key in PEM without a passphrase`,
      ],
      [
        { ...one, keyPath: two.keyPath },
        `${two.keyPath} is not the key of the certificate ${one.certificatePath}`,
      ],
    ];
    for (const [files, message] of cases) {
      await assert.rejects(certificatesIn('k').read({ kind: 'files', ...files }), {
        code: 'KPSS_TLS_CERTIFICATE',
        message,
      });
    }
  });

  test('that expired is used all the same, with a warning', async () => {
    await certificatesIn('l').read(OURS);
    const before = readFileSync(filesOf('l').certificatePath, 'utf8');
    const log = createKeptLog();
    const late = certificatesIn('m', NOW_MS + 11 * 365 * 86_400_000, log);
    assert.equal((await late.read({ kind: 'files', ...filesOf('l') })).certificatePem, before);
    assert.match(log.lines.map(({ message }) => message).join(), /expired on 2036-11-/);
  });
});
