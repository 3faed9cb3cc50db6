import type { Log } from '../mining/ports.ts';
import type { Listener, PortOptions } from './listener.ts';

/** A port and what listens there. */
export interface Opening {
  port: PortOptions;
  readonly listener: Listener;
  isOpen: boolean;
}

/** A port that is open. */
export interface OpenPort {
  readonly options: PortOptions;
  /** The number it got. */
  readonly port: number;
  /** SHA-256 of its certificate; undefined for a plain port. */
  readonly fingerprint: string | undefined;
}

interface OpeningsModules {
  readonly log: Log;
  create(port: PortOptions): Opening;
  /** A port is open from now on. */
  onOpened(opened: OpenPort): void;
  /** It is closed: its miners have to go. */
  onShut(opening: Opening): void;
  /** Its miners get another difficulty. */
  onVardiff(opening: Opening): void;
}

/** What makes a port the same one; all else can be changed while miners are connected. */
function keyOf({ host, port, tls }: PortOptions): string {
  return JSON.stringify([host, port, tls]);
}

/** The ports of an instance, opened and closed as its options say. */
export class Openings {
  readonly #modules: OpeningsModules;
  /** In the order of the options. */
  #list: Opening[];
  /** Closed while others stay; each until its last connection is gone. */
  readonly #leaving = new Set<Promise<void>>();
  #isClosing = false;

  constructor(ports: readonly PortOptions[], modules: OpeningsModules) {
    this.#modules = modules;
    this.#list = ports.map((port) => modules.create(port));
  }

  /** In the order of the options. */
  get list(): readonly Opening[] {
    return this.#list;
  }

  /**
   * @returns the ports, in order
   * @throws KpssError KPSS_PORT_UNAVAILABLE, KPSS_TLS_CERTIFICATE; others may be open then
   */
  async open(): Promise<number[]> {
    const ports: number[] = [];
    for (const opening of this.#list) ports.push(await this.#open(opening));
    for (const [i, opening] of this.#list.entries()) this.#tellOpen(opening, ports[i] ?? 0);
    return ports;
  }

  /** Closes those that are not among these, and has the others' rules be as these say. Opens none. */
  keepOnly(ports: readonly PortOptions[]): void {
    const left = [...this.#list];
    this.#list = ports.map((port) => {
      const at = left.findIndex((opening) => keyOf(opening.port) === keyOf(port));
      const [kept] = at < 0 ? [] : left.splice(at, 1);
      if (kept === undefined) return this.#modules.create(port);
      const isOtherVardiff = JSON.stringify(kept.port.vardiff) !== JSON.stringify(port.vardiff);
      kept.port = port;
      if (isOtherVardiff) this.#modules.onVardiff(kept);
      return kept;
    });
    for (const opening of left) this.#shut(opening);
  }

  /**
   * Opens those that are not open yet.
   * @throws KpssError KPSS_PORT_UNAVAILABLE, KPSS_TLS_CERTIFICATE of one; all others were opened
   */
  async openMissing(): Promise<void> {
    const failed: unknown[] = [];
    for (const opening of this.#list) {
      if (opening.isOpen || this.#isClosing) continue;
      await this.#open(opening).then(
        (port) => this.#tellOpen(opening, port),
        (error: unknown) => failed.push(error),
      );
    }
    if (failed.length > 0) throw failed[0];
  }

  /** See Listener. @throws KpssError KPSS_TLS_CERTIFICATE of one; the others were read */
  async readCertificates(): Promise<void> {
    const open = this.#list.filter(({ isOpen }) => isOpen);
    const read = await Promise.allSettled(open.map((opening) => this.#readCertificate(opening)));
    for (const result of read) if (result.status === 'rejected') throw result.reason;
  }

  /** Stops accepting at once. Settled when the last connection of each is gone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#leaving, ...this.#list.map(({ listener }) => listener.close())]);
  }

  async #readCertificate({ listener, port: { host, port } }: Opening): Promise<void> {
    const before = listener.fingerprint;
    await listener.readCertificate();
    const { fingerprint } = listener;
    if (fingerprint === before) return;
    const text = `${host}:${port} has another certificate, new connections get it: SHA-256 ${fingerprint}`;
    this.#modules.log.info({ host, port, fingerprint }, text);
  }

  async #open(opening: Opening): Promise<number> {
    const port = await opening.listener.listen();
    opening.isOpen = true;
    return port;
  }

  #tellOpen({ port: options, listener: { fingerprint } }: Opening, port: number): void {
    this.#modules.onOpened({ options, port, fingerprint });
  }

  /** The system has the port back when this returns; its miners may take a moment longer. */
  #shut(opening: Opening): void {
    if (!opening.isOpen) return;
    const { host, port } = opening.port;
    this.#modules.log.info({ host, port }, `the miners’ port ${host}:${port} is closed`);
    const closed = opening.listener.close();
    this.#leaving.add(closed);
    void closed.then(() => this.#leaving.delete(closed));
    this.#modules.onShut(opening);
  }
}
