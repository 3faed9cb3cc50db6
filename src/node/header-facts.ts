import type { NodeRpc } from '../mining/ports.ts';
import { isRecord } from './json.ts';
import { SMALL_ANSWER_BYTES_MAX } from './rpc-error.ts';

/** The header is in ravend's memory; it waits for the main lock at the worst, as getbestblockhash does. */
const HEADER_TIMEOUT_MS = 5_000;

/** A block as a node knows it. */
export interface HeaderFacts {
  readonly work: bigint | undefined;
  readonly height: number | undefined;
  /** 1 for the node's tip, more for what lies below, -1 beside its chain. */
  readonly confirmations: number | undefined;
}

/**
 * Asks a node for a header.
 * @param hash display order
 * @returns what of the answer makes sense
 * @throws RpcError as the call does
 */
export async function askHeader(rpc: NodeRpc, hash: string): Promise<HeaderFacts> {
  const raw = await rpc.call('getblockheader', [hash], {
    timeoutMs: HEADER_TIMEOUT_MS,
    answerBytesMax: SMALL_ANSWER_BYTES_MAX,
  });
  const { chainwork, height, confirmations } = isRecord(raw) ? raw : {};
  const isWork = typeof chainwork === 'string' && /^[0-9a-f]{64}$/i.test(chainwork);
  return {
    work: isWork ? BigInt(`0x${chainwork}`) : undefined,
    height: Number.isSafeInteger(height) && Number(height) >= 0 ? Number(height) : undefined,
    confirmations: Number.isSafeInteger(confirmations) ? Number(confirmations) : undefined,
  };
}
