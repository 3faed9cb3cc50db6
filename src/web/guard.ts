/**
 * Who may ask. There is no password: what protects a port that is open to this machine only is that nobody else gets
 * there. A web page in a browser of this machine does: straight, with a form or script of another site, or by a name of
 * its own that it lets point to 127.0.0.1 (DNS rebinding). Both show in what the browser sends along.
 */

/** The names of this machine as a browser or curl writes them, without the port: a forwarded one may be another. */
const OWN_NAMES: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Whether a port on this address is open to this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Whether a request to a port of this machine names this machine.
 * @param host the header
 */
export function isOwnName(host: string | undefined): boolean {
  return host !== undefined && OWN_NAMES.has(host.toLowerCase().replace(/:\d{1,5}$/, ''));
}

/**
 * Whether a request that changes something comes from a page of our own, or from no browser at all: those leave the
 * origin out.
 * @param origin the header
 * @param host the header
 */
export function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  return (
    origin === undefined || (host !== undefined && origin.toLowerCase() === `http://${host.toLowerCase()}`)
  );
}
