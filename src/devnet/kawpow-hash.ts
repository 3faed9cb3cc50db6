import { bytesToHex, equalBytes, hexToBytes } from '../chain/bytes.ts';
import { meetsTarget } from '../chain/target.ts';
import type { Verifier } from '../kawpow/verifier.ts';
import { RPC_CODES, RpcFailure } from './rpc-failure.ts';
import { GETKAWPOWHASH_HELP } from './rpc-help.ts';
import type { RpcMethod } from './rpc-method.ts';
import type { RpcParams } from './rpc-params.ts';
import { HEIGHT_AHEAD_MAX } from './submit.ts';

const HASH_BYTES = 32;

/** `getkawpowhash`: a full verification by the node, with ravend's quirks, which recordings show. */
export function kawpowHashMethod(modules: {
  verifier: Pick<Verifier, 'hash'>;
  tipHeight: () => number;
}): RpcMethod {
  return {
    names: ['header_hash', 'mix_hash', 'nonce', 'height', 'target'],
    min: 4,
    max: Number.POSITIVE_INFINITY,
    help: GETKAWPOWHASH_HELP,
    run: async (params: RpcParams) => {
      const headerHash = digitsToHash(params.text(0));
      const claimedMixHash = uint256(params.text(1));
      const nonceHex = params.text(2);
      const height = params.integer(3);
      const nonce = parseNonce(nonceHex);
      if (height < 0 || height > modules.tipHeight() + HEIGHT_AHEAD_MAX) {
        throw new RpcFailure(RPC_CODES.deserialization, 'Block height is to large');
      }
      const target = params.count === 5 ? uint256(params.text(4)) : undefined;
      const proof = await modules.verifier.hash({ height, headerHash, nonce });
      if (!proof.ok) throw new RpcFailure(RPC_CODES.internal, `Hash could not be computed: ${proof.reason}`);
      return {
        // Booleans are strings here; so ravend has it.
        result: String(equalBytes(proof.mixHash, claimedMixHash)),
        digest: bytesToHex(proof.finalHash),
        mix_hash: bytesToHex(proof.mixHash),
        info: '',
        ...(target ? { meets_target: String(meetsTarget(proof.finalHash, target)) } : {}),
      };
    },
  };
}

/**
 * Hex digits to 32 bytes as ravend's to_hash256 does: upper-case letters come out as other numbers, a short text leaves
 * the rest zero. What it would write beyond the end is left out.
 */
function digitsToHash(text: string): Uint8Array {
  const bytes = new Uint8Array(HASH_BYTES);
  for (let i = 1; i < text.length && i < 2 * HASH_BYTES; i += 2) {
    bytes[i >> 1] = (digit(text.charCodeAt(i - 1)) << 4) | digit(text.charCodeAt(i));
  }
  return bytes;
}

function digit(code: number): number {
  return code <= '9'.charCodeAt(0) ? code - '0'.charCodeAt(0) : code - 'a'.charCodeAt(0) + 10;
}

/** Bitcoin's uint256S: an optional 0x, then hex of any case up to the first other character, as a number. */
function uint256(text: string): Uint8Array {
  const digits = /^\s*(?:0x)?([0-9a-f]*)/i.exec(text)?.[1] ?? '';
  return hexToBytes(digits.slice(-2 * HASH_BYTES).padStart(2 * HASH_BYTES, '0'));
}

function parseNonce(text: string): bigint {
  if (!/^(?:0x)?[0-9a-f]{1,16}$/i.test(text)) {
    throw new RpcFailure(RPC_CODES.invalidParams, 'Invalid nonce hex string');
  }
  return BigInt(`0x${text.replace(/^0x/i, '')}`);
}
