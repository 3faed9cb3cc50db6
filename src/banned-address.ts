import ipaddr from 'ipaddr.js';

/**
 * Which of the banned addresses somebody means: by an address, also one of a banned IPv6 network, or as it is listed.
 * @param text as it was typed
 * @param banned as the list of bans has them
 * @returns one of these, undefined when it is none
 */
export function findBanned(text: string, banned: readonly string[]): string | undefined {
  const given = text.trim().toLowerCase();
  if (banned.includes(given)) return given;
  const wanted = networkOf(given);
  if (wanted === undefined) return undefined;
  return banned.find((listed) => {
    const network = networkOf(listed);
    return network !== undefined && covers(network, wanted);
  });
}

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** An address alone is a network of one; one of IPv4 written as IPv6 is of IPv4. */
function networkOf(text: string): Range | undefined {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function covers(network: Range, [address, bits]: Range): boolean {
  const [base, baseBits] = network;
  if (base.kind() !== address.kind() || bits < baseBits) return false;
  return address.match(network);
}
