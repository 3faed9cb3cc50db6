import type { NodeRpc } from '../mining/ports.ts';
import { isRecord } from './json.ts';
import { SMALL_ANSWER_BYTES_MAX } from './rpc-error.ts';

/**
 * The tips that are compared are the nodes' present ones, each noted again with every template. A node that catches up
 * brings four new ones a second, 120 between two templates, and of 16 nodes all but one may do so at once.
 */
const TIPS_MAX = 2_048;
/** The header is in ravend's memory; it waits for the main lock at the worst, as getbestblockhash does. */
const HEADER_TIMEOUT_MS = 5_000;
/**
 * So far apart, heights decide whatever work is claimed. Six honest blocks weigh more than any difference that a fork
 * can have in its difficulty; without this, one wrong claim could hold the mining at an old tip for ever.
 */
const HEIGHTS_APART = 6;

interface TipFacts {
  work: bigint | undefined;
  /** Of the block that is the tip. */
  height: number | undefined;
}

/**
 * What is known of tips: the work of the chain that ends there, as nodes claim it, and the height. Where claims differ,
 * the lowest counts: nodes are compared by their tips, so that a node can only make the tips smaller that it was on.
 */
export class TipWorks {
  /** By hash, the oldest first. */
  readonly #tips = new Map<string, TipFacts>();

  noteWork(tip: string, work: bigint): void {
    const facts = this.#factsOf(tip);
    if (facts.work === undefined || work < facts.work) facts.work = work;
  }

  noteHeight(tip: string, height: number): void {
    const facts = this.#factsOf(tip);
    if (facts.height === undefined || height < facts.height) facts.height = height;
  }

  heightOf(tip: string | undefined): number | undefined {
    return tip === undefined ? undefined : this.#tips.get(tip)?.height;
  }

  /**
   * @returns above 0 when the first is surely ahead, below 0 when the second is, 0 when they are alike or it is not known
   */
  compare(first: string, second: string): number {
    if (first === second) return 0;
    const a = this.#tips.get(first);
    const b = this.#tips.get(second);
    if (a?.height !== undefined && b?.height !== undefined) {
      const blocks = a.height - b.height;
      if (Math.abs(blocks) >= HEIGHTS_APART) return blocks;
    }
    if (a?.work === undefined || b?.work === undefined || a.work === b.work) return 0;
    return a.work > b.work ? 1 : -1;
  }

  /** Whether two tips have the same work, or, where that is not known, the same height. */
  isLevel(first: string, second: string): boolean {
    const a = this.#tips.get(first);
    const b = this.#tips.get(second);
    if (a?.work !== undefined && b?.work !== undefined) return a.work === b.work;
    return a?.height !== undefined && a.height === b?.height;
  }

  #factsOf(tip: string): TipFacts {
    const known = this.#tips.get(tip) ?? { work: undefined, height: undefined };
    this.#tips.delete(tip);
    this.#tips.set(tip, known);
    const [oldest] = this.#tips.keys();
    if (this.#tips.size > TIPS_MAX && oldest !== undefined) this.#tips.delete(oldest);
    return known;
  }
}

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
