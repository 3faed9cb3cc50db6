import ipaddr from 'ipaddr.js';

/** What one owner of an IPv6 connection has to himself: addresses within it cost nothing. */
const IPV6_NETWORK_BITS = 64;
/** What is commonly given to one customer of a data centre. */
const IPV4_SUBNET_BITS = 24;
/** Where IPv4 addresses stand in IPv6 (RFC 4291, 2.5.5.2). */
const MAPPED_BITS = 96;

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * One text for each address, however a socket, a header or a person writes it: IPv4 as such even where it stands in
 * IPv6, IPv6 in its short form (RFC 5952), without the zone that only this machine knows.
 * @returns undefined when it is no address
 */
export function peerAddress(text: string | undefined): string | undefined {
  return parse(text)?.toString();
}

/**
 * What a ban is laid on: an IPv4 address, or the /64 network of an IPv6 one.
 * @param text an address, or what this function gave before
 * @returns undefined when it is neither
 */
export function banKey(text: string): string | undefined {
  const isNetwork = text.endsWith(`/${IPV6_NETWORK_BITS}`);
  const address = parse(isNetwork ? text.slice(0, -`/${IPV6_NETWORK_BITS}`.length) : text);
  if (address === undefined || (isNetwork && address.kind() === 'ipv4')) return undefined;
  return address.kind() === 'ipv4' ? address.toString() : networkOf(address, IPV6_NETWORK_BITS);
}

/**
 * The neighbourhood of an address: an IPv4 /24, or an IPv6 /64.
 * @param address as `peerAddress` gives it
 */
export function subnetKey(address: string): string {
  const parsed = parse(address);
  if (parsed === undefined) return address;
  return networkOf(parsed, parsed.kind() === 'ipv4' ? IPV4_SUBNET_BITS : IPV6_NETWORK_BITS);
}

/**
 * @param text an address, or a network such as `10.0.0.0/8`
 * @returns what is wrong with it, as the end of a sentence about it; undefined when nothing is
 */
export function rangeTrouble(text: string): string | undefined {
  const range = parseRange(text);
  if (range === undefined) return 'expected an address or a network such as 10.0.0.0/8';
  return range[1] === 0
    ? 'expected a network that is not the whole world: anybody could claim any address'
    : undefined;
}

/** Some addresses and networks, to be asked whether an address is among them. */
export class AddressRanges {
  readonly #ranges: readonly [Address, number][];

  /** @param texts of which `rangeTrouble` found none wrong; others are left out */
  constructor(texts: readonly string[]) {
    this.#ranges = texts.flatMap((text) => {
      const range = rangeTrouble(text) === undefined ? parseRange(text) : undefined;
      return range === undefined ? [] : [range];
    });
  }

  /** @param address as `peerAddress` gives it */
  has(address: string): boolean {
    if (this.#ranges.length === 0) return false;
    const parsed = parse(address);
    if (parsed === undefined) return false;
    return this.#ranges.some(
      ([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits),
    );
  }
}

function parse(text: string | undefined): Address | undefined {
  const [bare = ''] = (text ?? '').split('%', 1);
  // Forms such as `10` for 0.0.0.10 are more often a mistake than meant.
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare);
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return undefined;
  const address = ipaddr.IPv6.parse(bare);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

function parseRange(text: string): [Address, number] | undefined {
  const [start = '', bitsText, ...more] = text.split('/');
  const address = parse(start);
  if (address === undefined || more.length > 0) return undefined;
  const width = start.includes(':') ? 128 : 32;
  if (bitsText !== undefined && !/^\d{1,3}$/.test(bitsText)) return undefined;
  const bits = bitsText === undefined ? width : Number(bitsText);
  if (bits > width) return undefined;
  const isMapped = width === 128 && address.kind() === 'ipv4';
  if (isMapped && bits < MAPPED_BITS) return undefined;
  return [address, isMapped ? bits - MAPPED_BITS : bits];
}

function networkOf(address: Address, bits: number): string {
  const bytes = address.toByteArray().map((byte, i) => (i < bits / 8 ? byte : 0));
  return `${ipaddr.fromByteArray(bytes)}/${bits}`;
}
