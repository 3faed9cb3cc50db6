import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import type { Clock, Log, Timer } from '../mining/ports.ts';
import { RareLine } from '../mining/rare-line.ts';
import { HelloQueue, readHello } from './hello-queue.ts';
import { subnetKey } from './peer-address.ts';

/** How a port is encrypted: with a certificate that KPSS makes and keeps, or with its owner's (paths of PEM files). */
export type PortTls =
  | { readonly kind: 'self-signed' }
  | { readonly kind: 'files'; readonly certificatePath: string; readonly keyPath: string };

/** A certificate that is ready for use. */
export interface TlsMaterial {
  /** The certificate, and its chain below it. */
  readonly certificatePem: string;
  readonly keyPem: string;
  /** SHA-256 of the certificate's DER: 32 bytes in hex, in capitals, with colons, as miners and browsers show it. */
  readonly fingerprint: string;
}

/**
 * Has the certificate of a port, made or read anew at each call.
 * @throws KpssError KPSS_TLS_CERTIFICATE
 */
export type ReadTls = (tls: PortTls) => Promise<TlsMaterial>;

/** The library's own, which ours is always below: 120 s are the most that may be set. */
const TLS_TIMEOUT_MS = 240_000;
/** A miner on the wrong port comes again every few seconds for as long as its owner sleeps. */
const PLAIN_LINE_EVERY_MS = 600_000;

export interface TlsStageModules {
  readonly clock: Clock;
  readonly log: Log;
}

/** A connection that has not said yet who it is. */
interface Pending {
  readonly socket: Socket;
  readonly timer: Timer;
  readonly onSecure: (secure: TLSSocket) => void;
}

/**
 * The encryption of one port: makes of an accepted socket one that is encrypted. Whoever does not get there in time, or
 * speaks something else, is closed; nothing that a stranger sends is told above debug, but that somebody came without
 * TLS is now and then, since this is a miner with the wrong URL.
 */
export class TlsStage {
  #handshakeTimeoutMs: number;
  readonly #modules: TlsStageModules;
  /** By remote address and port, which no two connections of a port share. No more than the port takes connections. */
  readonly #pending = new Map<string, Pending>();
  readonly #hellos = new HelloQueue();
  #server: Server | undefined;
  readonly #plain = new RareLine(PLAIN_LINE_EVERY_MS);

  /** @param handshakeTimeoutMs from the first moment to the end of the handshake */
  constructor({ handshakeTimeoutMs }: { readonly handshakeTimeoutMs: number }, modules: TlsStageModules) {
    this.#handshakeTimeoutMs = handshakeTimeoutMs;
    this.#modules = modules;
  }

  /** For the handshakes to come. */
  useTimeout(handshakeTimeoutMs: number): void {
    this.#handshakeTimeoutMs = handshakeTimeoutMs;
  }

  /** From now on new connections get this certificate; those that there are keep theirs. */
  async use({ certificatePem, keyPem }: TlsMaterial): Promise<void> {
    // Not before somebody wants it: a start without TLS does not pay for it.
    const [{ createServer, DEFAULT_CIPHERS }, { constants }] = await Promise.all([
      import('node:tls'),
      import('node:crypto'),
    ]);
    // Miners are built with libraries of ten years ago, and TLS 1.2 is what these have. A renegotiation is work for the
    // server at no cost for whoever asks, and no miner does.
    const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;
    // With the key exchange of old the server would have its work after the hello, when nothing can hold it any more.
    const ciphers = `${DEFAULT_CIPHERS}:!kRSA`;
    const context = {
      cert: certificatePem,
      key: keyPem,
      minVersion: 'TLSv1.2',
      secureOptions,
      ciphers,
    } as const;
    if (this.#server !== undefined) {
      this.#server.setSecureContext(context);
      return;
    }
    // The time for the handshake is ours to measure: the library's begins anew with each byte.
    const server = createServer({ ...context, handshakeTimeout: TLS_TIMEOUT_MS });
    server.on('secureConnection', (secure) => this.#secured(secure));
    server.on('tlsClientError', (error, secure) => {
      this.#modules.log.debug({ remote: remoteOf(secure), err: error }, 'TLS handshake failed');
      secure.destroy();
    });
    this.#server = server;
  }

  /**
   * Encrypts a connection. What of it was read already must have been put back (`unshift`).
   * @param socket that nobody reads
   * @param address where it comes from, as peer-address.ts writes it
   * @param onSecure once the handshake is done; never when it fails
   */
  take(socket: Socket, address: string, onSecure: (secure: TLSSocket) => void): void {
    const key = remoteOf(socket);
    // An error is always followed by close, where the one clean-up happens.
    socket.on('error', () => {});
    if (key === undefined || this.#server === undefined || this.#pending.has(key)) {
      socket.destroy();
      return;
    }
    const timer = this.#modules.clock.setTimer(this.#handshakeTimeoutMs, () => {
      this.#modules.log.debug({ remote: key }, 'no TLS handshake in time');
      socket.destroy();
    });
    this.#pending.set(key, { socket, timer, onSecure });
    socket.on('close', () => this.#settle(key, socket));
    this.#awaitHello(socket, key, subnetKey(address));
    // Whoever goes again without a byte.
    socket.on('end', () => {
      if (this.#pending.has(key)) socket.destroy();
    });
  }

  /** The library gets a hello when it is whole, and its turn has come: from then on nothing here could hold it. */
  #awaitHello(socket: Socket, key: string, owner: string): void {
    let hello = Buffer.alloc(0);
    const look = (): void => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      hello = Buffer.concat([hello, chunk]);
      const state = readHello(hello);
      if (state === 'more') return;
      socket.removeListener('readable', look);
      if (state === 'plain') this.#tellPlain(key);
      if (state !== 'whole') {
        socket.destroy();
        return;
      }
      this.#hellos.add(owner, () => {
        if (socket.destroyed) return false;
        socket.unshift(hello);
        this.#server?.emit('connection', socket);
        return true;
      });
    };
    socket.on('readable', look);
  }

  /** Ends those whose handshake is not done. */
  close(): void {
    for (const { socket } of this.#pending.values()) socket.destroy();
  }

  #secured(secure: TLSSocket): void {
    const key = remoteOf(secure);
    const pending = key === undefined ? undefined : this.#pending.get(key);
    if (key === undefined || pending === undefined) {
      secure.destroy();
      return;
    }
    this.#settle(key, pending.socket);
    pending.onSecure(secure);
  }

  #settle(key: string, socket: Socket): void {
    const pending = this.#pending.get(key);
    // Its address and port may have come again in the meantime.
    if (pending === undefined || pending.socket !== socket) return;
    pending.timer.cancel();
    this.#pending.delete(key);
  }

  #tellPlain(remote: string): void {
    const isDue = this.#plain.note(this.#modules.clock.nowMs()) !== undefined;
    const text =
      'a plain connection on a TLS port was closed: the miner’s URL begins with stratum+ssl:// there, or it belongs on another port';
    this.#modules.log[isDue ? 'info' : 'debug']({ remote }, text);
  }
}

function remoteOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress}:${remotePort}`;
}
