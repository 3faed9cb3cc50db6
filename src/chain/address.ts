import { base58 } from '@scure/base';
import { concatBytes, equalBytes } from './bytes.ts';
import { NETWORKS, type Network } from './coins.ts';
import { sha256d } from './hash.ts';
import { p2pkhScript, p2shScript } from './script.ts';

/** Longer texts are no address; the bound keeps base58, which is quadratic, away from a hostile login. */
const ADDRESS_LENGTH_MAX = 64;
const HASH_BYTES = 20;
const CHECKSUM_BYTES = 4;

type AddressResult =
  | { readonly ok: true; readonly kind: 'p2pkh' | 'p2sh'; readonly script: Uint8Array }
  | {
      readonly ok: false;
      readonly reason: 'not-base58' | 'wrong-length' | 'wrong-checksum' | 'other-network';
      readonly text: string;
    };

/**
 * A base58check address to the output script that pays it.
 * @returns the script, or why not: `text` is a sentence for its owner
 */
export function decodeAddress(address: string, network: Network): AddressResult {
  if (address.length > ADDRESS_LENGTH_MAX) return refuse('wrong-length', 'it is too long for an address');
  const raw = decodeBase58(address);
  if (raw === undefined) return refuse('not-base58', 'it has characters that no address has');
  if (raw.length !== 1 + HASH_BYTES + CHECKSUM_BYTES)
    return refuse('wrong-length', 'it has not the length of an address');
  const payload = raw.subarray(0, 1 + HASH_BYTES);
  if (!equalBytes(checksum(payload), raw.subarray(1 + HASH_BYTES))) {
    return refuse('wrong-checksum', 'its checksum is wrong: a character was mistyped or lost');
  }
  const version = payload[0];
  const hash = payload.subarray(1);
  // A coin may use one version for both; such an address pays a public key's hash.
  if (version === network.p2pkhVersion) return { ok: true, kind: 'p2pkh', script: p2pkhScript(hash) };
  if (version === network.p2shVersion) return { ok: true, kind: 'p2sh', script: p2shScript(hash) };
  return refuse(
    'other-network',
    `it is not an address of ${network.coin} ${network.name}${whoseVersion(version)}`,
  );
}

/**
 * @param version the network's version byte
 * @param hash 20 bytes
 */
export function encodeAddress(version: number, hash: Uint8Array): string {
  if (hash.length !== HASH_BYTES) throw new RangeError('an address holds 20 bytes');
  const payload = concatBytes(Uint8Array.of(version), hash);
  return base58.encode(concatBytes(payload, checksum(payload)));
}

function refuse(reason: Extract<AddressResult, { ok: false }>['reason'], text: string): AddressResult {
  return { ok: false, reason, text };
}

function checksum(payload: Uint8Array): Uint8Array {
  return sha256d(payload).subarray(0, CHECKSUM_BYTES);
}

function decodeBase58(text: string): Uint8Array | undefined {
  try {
    return base58.decode(text);
  } catch {
    return undefined;
  }
}

function whoseVersion(version: number | undefined): string {
  const owners = NETWORKS.filter((n) => n.p2pkhVersion === version || n.p2shVersion === version);
  if (owners.length === 0) return '';
  return `, but of ${owners.map((n) => `${n.coin} ${n.name}`).join(' or ')}`;
}
