import type { NodeRpc } from '../mining/ports.ts';
import { isRecord } from './json.ts';
import { RpcError, SMALL_ANSWER_BYTES_MAX } from './rpc-error.ts';
import { describe, type NodeStatus, wrongNetwork } from './status.ts';

/** As getblockchaininfo calls the networks; the table of coins has the same words. */
export type ChainName = 'main' | 'test' | 'regtest';

interface ChainCheckOptions {
  /** Nothing is asked when left out. */
  readonly expectedChain: ChainName | undefined;
  /** Without user and password: the owner reads it. */
  readonly nodeUrl: string | undefined;
}

/** A name, and short, so that it can stand in a sentence. */
const CHAIN_NAME = /^[\w-]{1,32}$/;

/** Whether a node is on the network that KPSS is set to: asked once, and again after `forget`. */
export class ChainCheck {
  readonly #options: ChainCheckOptions;
  readonly #rpc: NodeRpc;
  /** Under way, or good. */
  #answer: Promise<NodeStatus | undefined> | undefined;

  constructor(options: ChainCheckOptions, rpc: NodeRpc) {
    this.#options = options;
    this.#rpc = rpc;
  }

  /**
   * Sends the question before it returns, unless it is under way or was answered well.
   * @returns undefined when the node is on the right network, else what to tell the owner. Never rejects.
   */
  ask(): Promise<NodeStatus | undefined> {
    const { expectedChain } = this.#options;
    if (expectedChain === undefined) return Promise.resolve(undefined);
    this.#answer ??= this.#askFor(expectedChain);
    return this.#answer;
  }

  /** The node was away: what comes back may be another one. An answer under way counts no more for the next `ask`. */
  forget(): void {
    this.#answer = undefined;
  }

  #askFor(expected: ChainName): Promise<NodeStatus | undefined> {
    const answer = this.#problem(expected).then((problem) => {
      if (problem !== undefined && this.#answer === answer) this.forget();
      return problem;
    });
    return answer;
  }

  async #problem(expected: ChainName): Promise<NodeStatus | undefined> {
    const { nodeUrl } = this.#options;
    try {
      const options = { answerBytesMax: SMALL_ANSWER_BYTES_MAX };
      return chainProblem(await this.#rpc.call('getblockchaininfo', [], options), expected, nodeUrl);
    } catch (error) {
      return describe(error);
    }
  }
}

/**
 * @param info what getblockchaininfo gave
 * @param nodeUrl without user and password
 * @returns undefined when the node is on the right network, else what to tell the owner
 * @throws RpcError of the kind `garbage` where the answer names no network
 */
export function chainProblem(
  info: unknown,
  expected: ChainName,
  nodeUrl: string | undefined,
): NodeStatus | undefined {
  const chain = chainOf(info);
  return chain === expected ? undefined : wrongNetwork(chain, expected, nodeUrl);
}

function chainOf(info: unknown): string {
  const chain = isRecord(info) ? info.chain : undefined;
  if (typeof chain === 'string' && CHAIN_NAME.test(chain)) return chain;
  throw new RpcError('garbage', 'getblockchaininfo did not name a chain');
}
