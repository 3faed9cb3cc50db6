import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, afterEach, describe, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { createKeptLog } from '../../test/support/scripted-rpc.ts';
import { EASY } from '../../test/support/session-harness.ts';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { KpssError } from '../error.ts';
import { Listener } from './listener.ts';
import type { TlsMaterial } from './tls-stage.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
const LINE = '{"id":1}\n';

async function makeMaterial(): Promise<TlsMaterial> {
  const made = await generate([{ name: 'commonName', value: 'test' }], {
    keySize: 2048,
    algorithm: 'sha256',
  });
  return { certificatePem: made.cert, keyPem: made.private, fingerprint: 'as it was read' };
}
const MATERIAL = await makeMaterial();

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});
after(() => {
  assert.equal(endings.length, 0);
});

/** A port with TLS that answers each chunk with the same. */
async function start(proxies: readonly string[] = []) {
  const clock = createVirtualClock();
  const log = createKeptLog();
  const clients: string[] = [];
  const settings = { material: MATERIAL as TlsMaterial | undefined };
  const listener = new Listener(
    { host: '127.0.0.1', port: 0, vardiff: EASY, tls: { kind: 'self-signed' }, proxies },
    {
      clock,
      log,
      readTls: async () => {
        if (settings.material !== undefined) return settings.material;
        throw new KpssError('KPSS_TLS_CERTIFICATE', 'it is gone');
      },
      socketsMax: 100,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      admit: () => true,
      onSocket: (socket, { address }) => {
        clients.push(address);
        socket.on('error', () => {});
        socket.on('data', (chunk) => socket.write(chunk));
        socket.on('end', () => socket.end());
      },
      onBadProxy: () => {},
      onDropped: () => {},
      onTrouble: () => {},
    },
  );
  const port = await listener.listen();
  endings.push(() => listener.close());
  return { listener, port, clock, log, clients, settings };
}

async function secure(port: number, options = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  socket.on('error', () => {});
  endings.push(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

async function echo(socket: TLSSocket): Promise<string> {
  socket.write(LINE);
  const [chunk] = await once(socket, 'data');
  return String(chunk);
}

/** A client that speaks no TLS, and what it reads until it is closed. */
async function plain(port: number, bytes: string | Uint8Array): Promise<{ closed: Promise<unknown> }> {
  const socket = connect({ port, host: '127.0.0.1' });
  endings.push(() => void socket.destroy());
  socket.on('error', () => {});
  // A reset is an end as well.
  const closed = new Promise((resolve) => socket.on('close', resolve));
  await once(socket, 'connect');
  if (bytes.length > 0) socket.write(bytes);
  socket.resume();
  return { closed };
}

describe('a port with TLS', () => {
  test('encrypts with its certificate, by TLS 1.2 and 1.3', async () => {
    const { port, listener } = await start();
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
      const socket = await secure(port, { minVersion: version, maxVersion: version });
      assert.equal(socket.getPeerX509Certificate()?.toString().trim(), MATERIAL.certificatePem.trim());
      assert.equal(socket.getProtocol(), version);
      assert.equal(await echo(socket), LINE);
    }
    assert.equal(listener.fingerprint, 'as it was read');
  });

  test('speaks no version that is broken', async () => {
    const { port } = await start();
    const options = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' };
    await assert.rejects(secure(port, options));
  });

  test('closes a plain miner at once, says so once in a while, and serves the next', async () => {
    const { port, log, clients } = await start();
    for (let i = 0; i < 3; i++) await (await plain(port, LINE)).closed;
    const told = log.lines.filter(({ level }) => level !== 'debug');
    assert.equal(told.length, 1);
    assert.match(told[0]?.message ?? '', /a plain connection on a TLS port was closed/);
    assert.deepEqual(clients, []);
    assert.equal(await echo(await secure(port)), LINE);
  });

  test('closes what only looks like TLS, without a word above debug', async () => {
    const { port, log } = await start();
    const garbage = [
      Uint8Array.of(0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5),
      Uint8Array.of(0x16, 3, 1, 0xff, 0xff, 1),
      Uint8Array.from({ length: 70_000 }, (_, i) => (i === 0 ? 0x16 : (i * 7) & 0xff)),
    ];
    for (const bytes of garbage) await (await plain(port, bytes)).closed;
    assert.deepEqual(
      log.lines.filter(({ level }) => level !== 'debug'),
      [],
    );
    assert.equal(await echo(await secure(port)), LINE);
  });

  test('closes whoever does not finish the handshake in time, however it dribbles', async () => {
    const { port, clock, log } = await start();
    const silent = await plain(port, '');
    const dribbling = await plain(port, Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0));
    const miner = await secure(port);
    await clock.advance(HANDSHAKE_TIMEOUT_MS + 1);
    await Promise.all([silent.closed, dribbling.closed]);
    assert.equal(log.lines.filter(({ message }) => message === 'no TLS handshake in time').length, 2);
    assert.equal(await echo(miner), LINE);
  });

  test('does no key exchange whose work comes after the hello', async () => {
    const { port } = await start();
    const old = connectTls({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.2',
      ciphers: 'AES128-GCM-SHA256',
    });
    const [error] = await once(old, 'error');
    assert.match(String(error), /alert handshake failure/);
    assert.equal(await echo(await secure(port, { maxVersion: 'TLSv1.2' })), LINE);
  });

  test('does not renegotiate', async () => {
    const { port } = await start();
    const socket = await secure(port, { maxVersion: 'TLSv1.2' });
    const failure = await new Promise((resolve) => {
      socket.on('close', () => resolve('closed'));
      socket.on('error', resolve);
      socket.renegotiate({}, (error) => resolve(error ?? undefined));
    });
    assert.notEqual(failure, undefined);
  });

  test('reads its certificate anew when told; those connected stay, and a bad one changes nothing', async () => {
    const { port, listener, settings } = await start();
    const before = await secure(port);
    const next = await makeMaterial();
    settings.material = next;
    await listener.readCertificate();
    const later = await secure(port);
    assert.equal(later.getPeerX509Certificate()?.toString().trim(), next.certificatePem.trim());
    settings.material = undefined;
    await assert.rejects(listener.readCertificate(), { code: 'KPSS_TLS_CERTIFICATE' });
    assert.equal(await echo(before), LINE);
    assert.equal(await echo(await secure(port)), LINE);
  });

  test('knows the client behind a proxy, whose header comes before the handshake', async () => {
    const { port, clients } = await start(['127.0.0.1']);
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.write('PROXY TCP4 192.0.2.7 192.0.2.1 5000 3333\r\n');
    assert.equal(await echo(await secure(port, { socket })), LINE);
    assert.deepEqual(clients, ['192.0.2.7']);
  });

  test('ends with those that are still at their handshake', async () => {
    const { port, listener } = await start();
    const { closed } = await plain(port, Uint8Array.of(0x16));
    // So that the one before it was taken.
    (await secure(port)).destroy();
    await Promise.all([listener.close(), closed]);
    endings.splice(0, 1);
  });

  test('is not opened without a certificate', async () => {
    const { settings, listener } = await start();
    settings.material = undefined;
    await assert.rejects(listener.readCertificate(), { code: 'KPSS_TLS_CERTIFICATE' });
  });
});
