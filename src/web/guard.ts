/**
 * Who may ask. There is no password: what protects a port that is open to this machine only is that nobody else gets
 * there. A web page in a browser of this machine does: straight, with a form or script of another site, or by a name of
 * its own that it lets point to 127.0.0.1 (DNS rebinding). Both show in what the browser sends along.
 */

/** Whether a port on this address is open to this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Whether a request to a port of this machine names this machine, as a browser or curl writes it: localhost, or an address
 * that no name service has a say in.
 * @param host the header
 */
export function isOwnName(host: string | undefined): boolean {
  if (host === undefined) return false;
  // A forwarded port may be another. Brackets belong around IPv6, and around nothing else.
  const name = host.toLowerCase().replace(/:\d{1,5}$/, '');
  return name === '[::1]' || (name !== '::1' && isLoopback(name));
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
