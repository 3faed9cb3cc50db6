import { peerAddress } from './peer-address.ts';

// The PROXY protocol, versions 1 and 2: https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt

/** "PROXY TCP6", two addresses and two ports at their longest, and the line end (2.1 there). */
const V1_BYTES_MAX = 107;
/** Of version 2, all told. Load balancers add some hundred bytes about the connection; 4 KiB is no header of theirs. */
const V2_BYTES_MAX = 4_096;
const V1_START = Uint8Array.from('PROXY ', (char) => char.charCodeAt(0));
/** No text of any other protocol begins like this, on purpose (2.2 there). */
const V2_START = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
/** The start, version and command, family, and the length of the rest. */
const V2_FIXED_BYTES = 16;
const NOTHING = new Uint8Array(0);

/** Where a connection comes from, as its proxy says. */
export interface ProxiedPeer {
  readonly address: string;
  readonly port: number;
}

export type ProxyHeader =
  /** More bytes are needed. */
  | { readonly kind: 'more' }
  /** These bytes are no header, but the first ones of the connection itself. */
  | { readonly kind: 'none'; readonly rest: Uint8Array }
  /**
   * A whole header, and what came behind it.
   * `peer` is undefined where the proxy speaks for itself, as in a health check, or does not know.
   */
  | { readonly kind: 'header'; readonly peer: ProxiedPeer | undefined; readonly rest: Uint8Array }
  /** It began like a header, and is none. */
  | { readonly kind: 'malformed'; readonly text: string };

const MORE: ProxyHeader = { kind: 'more' };

/** Reads the PROXY header at the start of one connection, whatever chunks it comes in. Keeps at most 4 KiB. */
export class ProxyHeaderReader {
  #bytes: Uint8Array = NOTHING;

  /** @returns anything but `more` once; after that the reader is done */
  push(chunk: Uint8Array): ProxyHeader {
    const bytes = new Uint8Array(this.#bytes.length + chunk.length);
    bytes.set(this.#bytes);
    bytes.set(chunk, this.#bytes.length);
    this.#bytes = bytes;
    if (bytes.length === 0) return MORE;
    if (agrees(bytes, V1_START)) return readV1(bytes);
    if (agrees(bytes, V2_START)) return readV2(bytes);
    return { kind: 'none', rest: bytes };
  }
}

/**
 * Whether the first bytes of a connection are, or may become, the start of a header. Five of them at least: version 2
 * begins with two line ends, as a miner might that sends empty lines.
 */
export function looksLikeProxyHeader(bytes: Uint8Array): boolean {
  return bytes.length >= 5 && (agrees(bytes, V1_START) || agrees(bytes, V2_START));
}

/** @returns whether bytes and start are the same as far as both go */
function agrees(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, i) => i >= bytes.length || bytes[i] === byte);
}

function readV1(bytes: Uint8Array): ProxyHeader {
  const end = bytes.subarray(0, V1_BYTES_MAX).indexOf(0x0a);
  if (end < 0)
    return bytes.length < V1_BYTES_MAX ? MORE : malformed('version 1, without an end in 107 bytes');
  const line = String.fromCharCode(...bytes.subarray(0, end));
  if (!line.endsWith('\r')) return malformed('version 1, a line end without carriage return');
  const rest = bytes.slice(end + 1);
  const [, family, source, target, sourcePort, targetPort, ...more] = line.slice(0, -1).split(' ');
  if (family === 'UNKNOWN') return { kind: 'header', peer: undefined, rest };
  const fits = family === 'TCP4' ? isIpv4 : isIpv6;
  if ((family !== 'TCP4' && family !== 'TCP6') || more.length > 0)
    return malformed('version 1, unknown form');
  if (!fits(source) || !fits(target)) return malformed(`version 1, ${family} with other addresses`);
  if (!isPort(sourcePort) || !isPort(targetPort)) return malformed('version 1, a port that is none');
  return withPeer(source, Number(sourcePort), rest);
}

function readV2(bytes: Uint8Array): ProxyHeader {
  if (bytes.length < V2_FIXED_BYTES) return MORE;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const command = view.getUint8(12);
  const family = view.getUint8(13);
  const length = V2_FIXED_BYTES + view.getUint16(14);
  if (length > V2_BYTES_MAX) return malformed(`version 2, ${length} bytes long`);
  if (command !== 0x20 && command !== 0x21) return malformed(`version 2, command ${command}`);
  if (bytes.length < length) return MORE;
  const rest = bytes.slice(length);
  // LOCAL: the proxy's own connection, whatever the addresses say.
  if (command === 0x20) return { kind: 'header', peer: undefined, rest };
  const addressBytes = { 17: 4, 33: 16 }[family];
  if (addressBytes === undefined) {
    // Those that exist but are not TCP over IP fall back to the connection's own address (2.2 there).
    const isKnown = [0x00, 0x12, 0x22, 0x31, 0x32].includes(family);
    return isKnown ? { kind: 'header', peer: undefined, rest } : malformed(`version 2, family ${family}`);
  }
  if (length < V2_FIXED_BYTES + 2 * addressBytes + 4)
    return malformed('version 2, too short for its addresses');
  const source = bytes.subarray(V2_FIXED_BYTES, V2_FIXED_BYTES + addressBytes);
  return withPeer(textOf(source), view.getUint16(V2_FIXED_BYTES + 2 * addressBytes), rest);
}

/** The address that a header gives in bytes, as text; not in its short form. */
function textOf(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((address[2 * i] ?? 0) << 8) | (address[2 * i + 1] ?? 0)).toString(16),
  );
  return groups.join(':');
}

function withPeer(source: string | undefined, port: number, rest: Uint8Array): ProxyHeader {
  const address = peerAddress(source);
  return address === undefined
    ? malformed('an address that is none')
    : { kind: 'header', peer: { address, port }, rest };
}

function isIpv4(text: string | undefined): boolean {
  return text !== undefined && !text.includes(':') && peerAddress(text) !== undefined;
}

function isIpv6(text: string | undefined): boolean {
  return text?.includes(':') === true && !text.includes('%') && peerAddress(text) !== undefined;
}

function isPort(text: string | undefined): boolean {
  return text !== undefined && /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 0xffff;
}

function malformed(text: string): ProxyHeader {
  return { kind: 'malformed', text };
}
