import assert from 'node:assert/strict';
import { bytesToHex, hexToBytes } from '../../../src/chain/bytes.ts';
import { meetsTarget } from '../../../src/chain/target.ts';
import { parsePrefix, parseServerLine } from '../../../src/devnet/miner-messages.ts';
import { epochOf, seedHashOf } from '../../../src/kawpow/epoch.ts';
import { KAWPOW } from '../../../src/kawpow/params.ts';
import type { Job, WireMessage } from './checker.ts';

/** kawpowminer aborts above this: 300 years of blocks. */
const KAWPOWMINER_HEIGHT_MAX = 157_680_000;

/** How one client takes what the checker let through. What it could not work with fails an assertion. */
export interface ClientReader {
  /** The job of mining.notify, with the target set before it. */
  job(params: readonly unknown[], setTarget: string | undefined): Job;
  /** What it would tell its user of the reply to a share. */
  verdict(reply: WireMessage): 'accepted' | 'rejected' | 'no word';
}

/** All seven parameters, of the types that every client accepts, and plain hex but for targets that begin with 0x. */
function readJob(params: readonly unknown[], shareTarget: string | undefined): Job {
  const [id, headerHash, seedHash, target, cleanJobs, height, bits] = params;
  assert.equal(params.length, 7);
  assert(typeof id === 'string' && /^[0-9a-f]{4,8}$/.test(id), 'a job id of 4 to 8 lower-case hex digits');
  assert(typeof headerHash === 'string' && /^[0-9a-f]{64}$/.test(headerHash));
  assert(typeof seedHash === 'string' && /^[0-9a-f]{64}$/.test(seedHash));
  assert(typeof target === 'string' && /^(0x)?[0-9a-f]{64}$/.test(target));
  assert.equal(typeof cleanJobs, 'boolean');
  assert(Number.isInteger(height) && (height as number) >= 0);
  assert(typeof bits === 'string' && /^[0-9a-f]{8}$/.test(bits));
  const counts = hexToBytes((shareTarget ?? target).replace('0x', ''));
  return {
    id,
    headerHash,
    height: height as number,
    isShare: (finalHash) => meetsTarget(finalHash, counts),
  };
}

/** Takes nothing but the one right answer for an answer. */
function strictVerdict({ result, error }: WireMessage): 'accepted' | 'rejected' {
  if (result === true && error === null) return 'accepted';
  assert(result === null && Array.isArray(error), 'neither accepted nor rejected');
  return 'rejected';
}

/** For clients whose source is not public: what all of the others take. */
export const STRICT: ClientReader = { job: (params) => readJob(params, undefined), verdict: strictVerdict };

/**
 * kawpowminer 1.2.4. The epoch is computed anew when the seed hash changes; of an unprefixed target of 64 digits the
 * first byte is taken for zero; a height beyond its bounds aborts it.
 */
export const KAWPOWMINER: ClientReader = {
  job(params, setTarget) {
    const job = readJob(params, undefined);
    assert(job.height <= KAWPOWMINER_HEIGHT_MAX);
    assert.equal(params[2], bytesToHex(seedHashOf(epochOf(job.height, KAWPOW))));
    const target = params[3] as string;
    assert.equal(setTarget, target);
    const read = target.startsWith('0x') ? target.slice(2) : `00${target.slice(2)}`;
    assert.equal(read, target.replace('0x', ''), 'a target that it would take for a harder one');
    return { ...job, isShare: (finalHash) => meetsTarget(finalHash, hexToBytes(read)) };
  },
  // «result null, error null» is a success for it, «false» in either an error.
  verdict({ result, error }) {
    if (Array.isArray(error)) assert(error.every((member) => typeof member !== 'object' || member === null));
    return error === null && result !== false ? 'accepted' : 'rejected';
  },
};

/** XMRig 6: the first 16 characters of the notify's target, compared with the top of the hash; no error means accepted. */
export const XMRIG: ClientReader = {
  job(params) {
    assert(params.length >= 6);
    const top = BigInt(`0x${String(params[3]).slice(0, 16)}`);
    return {
      ...readJob(params, undefined),
      isShare: (finalHash) => BigInt(`0x${bytesToHex(finalHash.subarray(0, 8))}`) < top,
    };
  },
  verdict: ({ error }) => (error === null ? 'accepted' : 'rejected'),
};

/** kawpow-metal: the target of mining.set_target only; says nothing where the result is no boolean. */
export const KAWPOW_METAL: ClientReader = {
  job(params, setTarget) {
    assert(params.length >= 6);
    assert(setTarget !== undefined, 'a job without a target before it');
    return readJob(params, setTarget);
  },
  verdict: ({ result }) => (typeof result !== 'boolean' ? 'no word' : result ? 'accepted' : 'rejected'),
};

/** rdna3-kawpow-miner: the notify's target with any 0x taken off; `true` or rejected, where there is a result at all. */
export const RDNA3: ClientReader = {
  job(params) {
    assert(String(params[3]).replace(/^(0x)+/, '').length >= 16);
    return readJob(params, undefined);
  },
  verdict(reply) {
    assert('result' in reply);
    return reply.result === true ? 'accepted' : 'rejected';
  },
};

/** KPSS’s own miner, which reads with its own code. */
export const KPSS_MINER: ClientReader = {
  job(params) {
    const line = JSON.stringify({ id: null, method: 'mining.notify', params });
    const message = parseServerLine(line, KAWPOW);
    assert(message.kind === 'job', line);
    const { id, headerHash, height, shareTarget } = message.job;
    return {
      id,
      headerHash: bytesToHex(headerHash),
      height,
      isShare: (finalHash) => meetsTarget(finalHash, shareTarget),
    };
  },
  verdict(reply) {
    const message = parseServerLine(JSON.stringify(reply), KAWPOW);
    assert(message.kind === 'reply');
    return message.error === undefined ? 'accepted' : 'rejected';
  },
};

/** Two bytes, the most significant of the nonce, as even the strictest rental service takes them. */
export function readPrefix(result: unknown): string {
  assert(Array.isArray(result) && result.length === 2 && typeof result[1] === 'string');
  assert.match(result[1], /^[0-9a-f]{4}$/);
  assert.equal(parsePrefix(result)?.length, 2);
  assert(!JSON.stringify(result).includes('EthereumStratum'), 'a tag that sends kawpowminer astray');
  return result[1];
}
