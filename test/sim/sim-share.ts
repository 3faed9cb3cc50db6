import { hexToBytes } from '../../src/chain/bytes.ts';
import { bitsToTarget, meetsTarget } from '../../src/chain/target.ts';
import { finalHash } from '../../src/kawpow/final-hash.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import type { SeededRandom } from './random.ts';
import { trueMixHash } from './sim-chain.ts';

/** A job as it came over the wire. */
export interface MinerJob {
  readonly id: string;
  readonly headerHashHex: string;
  /** 32 bytes, big-endian. */
  readonly shareTarget: Uint8Array;
  readonly networkTarget: Uint8Array;
}

/** What a miner does wrong, if it does. */
export type ShareKind =
  | 'honest'
  | 'repeated'
  | 'false-mix'
  | 'too-easy'
  | 'wrong-prefix'
  | 'no-such-job'
  | 'wrong-header'
  | 'malformed';

export interface SimShare {
  readonly kind: ShareKind;
  readonly job: MinerJob;
  readonly nonce: bigint;
  readonly finalHash: Uint8Array;
  readonly mixHash: Uint8Array;
}

/** Nonces tried for one share; where a difficulty is so high that none of them is one, the miner rests until its turn. */
const TRIES_MAX = 400;

/** @param params of a mining.notify @param shareTarget of the set_target before it */
export function readJob(params: readonly unknown[], shareTarget: Uint8Array): MinerJob {
  const [id, headerHashHex, , , , , bits] = params as string[];
  const networkTarget = bitsToTarget(Number.parseInt(bits ?? '', 16));
  return { id: id ?? '', headerHashHex: headerHashHex ?? '', shareTarget, networkTarget };
}

/** @returns a share of that kind, at the real final hash, or undefined when none was found */
export function findShare(
  kind: ShareKind,
  job: MinerJob,
  prefixHex: string,
  random: SeededRandom,
): SimShare | undefined {
  const headerHash = hexToBytes(job.headerHashHex);
  const prefix = Number.parseInt(prefixHex, 16) ^ (kind === 'wrong-prefix' ? 1 : 0);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const low = (BigInt(random.int(0, 0xffff)) << 32n) | BigInt(random.uint32());
    const nonce = (BigInt(prefix) << 48n) | low;
    const mixHash = kind === 'false-mix' ? random.bytes(32) : trueMixHash(headerHash, nonce);
    const hash = finalHash(headerHash, nonce, mixHash, KAWPOW);
    const isShare = meetsTarget(hash, job.shareTarget) || meetsTarget(hash, job.networkTarget);
    if (isShare !== (kind === 'too-easy')) return { kind, job, nonce, mixHash, finalHash: hash };
  }
  return undefined;
}
