import type { NodeRpc } from '../mining/ports.ts';
import { isRecord } from './json.ts';
import { SMALL_ANSWER_BYTES_MAX } from './rpc-error.ts';

/** How a node says it is doing; undefined what it did not say, or not in a way that makes sense. */
export interface NodeFacts {
  readonly blocks: number | undefined;
  readonly headers: number | undefined;
  /** How much of the blockchain it has checked, from 0 to 1. */
  readonly progress: number | undefined;
  readonly peers: number | undefined;
  /** 4060100 for 4.6.1. */
  readonly versionNumber: number | undefined;
  /** `/Ravencoin:4.6.1/`, printable and short. */
  readonly subversion: string | undefined;
}

/** Both answers are in memory; ravend may hold its main lock for seconds. */
const FACTS_TIMEOUT_MS = 5_000;
/** ravend allows 256; it stands in a table. */
const SUBVERSION_CHARACTERS_MAX = 64;

/** Asks a node how it is doing. A question that fails leaves its part undefined. Never rejects. */
export async function askFacts(rpc: NodeRpc): Promise<NodeFacts> {
  const options = { timeoutMs: FACTS_TIMEOUT_MS, answerBytesMax: SMALL_ANSWER_BYTES_MAX };
  const ask = (method: string): Promise<unknown> => rpc.call(method, [], options).catch(() => undefined);
  const [chain, network] = await Promise.all([ask('getblockchaininfo'), ask('getnetworkinfo')]);
  return readFacts(chain, network);
}

/**
 * @param chain what getblockchaininfo gave
 * @param network what getnetworkinfo gave
 */
export function readFacts(chain: unknown, network: unknown): NodeFacts {
  const { blocks, headers, verificationprogress } = isRecord(chain) ? chain : {};
  const { connections, version, subversion } = isRecord(network) ? network : {};
  const facts = { blocks: countOf(blocks), headers: countOf(headers) };
  return {
    ...facts,
    progress: progressOf(facts.blocks, facts.headers, verificationprogress),
    peers: countOf(connections),
    versionNumber: countOf(version),
    subversion: typeof subversion === 'string' ? printable(subversion) : undefined,
  };
}

/**
 * verificationprogress counts transactions, which tells the time better than blocks do; but a node that has no headers
 * yet calls itself done, so the blocks have their say.
 */
function progressOf(
  blocks: number | undefined,
  headers: number | undefined,
  verified: unknown,
): number | undefined {
  if (blocks === undefined || headers === undefined || headers === 0) return undefined;
  const ofBlocks = Math.min(1, blocks / headers);
  const isShare = typeof verified === 'number' && verified >= 0 && verified <= 1;
  return isShare ? Math.min(verified, ofBlocks) : ofBlocks;
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/**
 * Two digits for each part but the first, as ravend puts its version in a number.
 * @returns `4.6.1` for 4060100; the fourth part only if there is one
 */
export function versionText(versionNumber: number): string {
  const part = (divisor: number): number => Math.floor(versionNumber / divisor) % 100;
  const build = part(1);
  const text = `${Math.floor(versionNumber / 1_000_000)}.${part(10_000)}.${part(100)}`;
  return build === 0 ? text : `${text}.${build}`;
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '').slice(0, SUBVERSION_CHARACTERS_MAX);
}
