import type { Clock, NodeRpc } from '../mining/ports.ts';
import { proposalRequest, TEMPLATE_REQUEST } from '../node/template-request.ts';

/** What a call gave. */
export type Answer =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** From the question to the answer. */
      readonly tookMs: number;
      /** Half-way between the two, by our clock: when the node wrote it, as nearly as can be known. */
      readonly atMs: number;
    }
  | { readonly ok: false; readonly error: unknown };

/** Answers to what a node is asked, none of which changes anything at it. */
export interface NodeAnswers {
  readonly chain: Answer;
  readonly network: Answer;
  readonly peers: Answer;
  readonly template: Answer;
  /** validateaddress of each address that is paid, in the order they were given. */
  readonly addresses: readonly { readonly address: string; readonly answer: Answer }[];
  /** The same small question, one after the other. */
  readonly tips: readonly Answer[];
}

export type Asker = (method: string, params?: readonly unknown[]) => Promise<Answer>;

/** A node that needs three seconds for each is slow, and can be mined on; all of them must fit into the whole time. */
const CALL_MS_MAX = 5_000;
/** Less than this is no time for an answer. */
const CALL_MS_MIN = 200;
/** Enough for a middle that one slow answer does not move. */
const TIP_QUESTIONS = 5;
/** Beyond this many addresses the rest is not asked about: ravend queues 16 calls. */
const ADDRESSES_MAX = 8;

/**
 * Asks a node, each call within its time and all of them before the deadline. Never rejects.
 * @param deadlineMs by the clock
 */
export function createAsker(rpc: NodeRpc, clock: Pick<Clock, 'nowMs'>, deadlineMs: number): Asker {
  return async (method, params = []) => {
    const startMs = clock.nowMs();
    const timeoutMs = Math.round(Math.max(CALL_MS_MIN, Math.min(CALL_MS_MAX, deadlineMs - startMs)));
    try {
      const value = await rpc.call(method, params, { timeoutMs });
      const endMs = clock.nowMs();
      return { ok: true, value, tookMs: endMs - startMs, atMs: (startMs + endMs) / 2 };
    } catch (error) {
      return { ok: false, error };
    }
  };
}

/** getblocktemplate, as an instance asks for it. */
export function askTemplate(ask: Asker): Promise<Answer> {
  return ask('getblocktemplate', [TEMPLATE_REQUEST]);
}

/** Whether a block without its proof of work would be taken: null, or the reason why not. */
export function askProposal(ask: Asker, blockHex: string): Promise<Answer> {
  return ask('getblocktemplate', [proposalRequest(blockHex)]);
}

/**
 * Everything else, for a node that answered its first question.
 * @param chain that first answer, to getblockchaininfo
 */
export async function askRest(ask: Asker, chain: Answer, addresses: readonly string[]): Promise<NodeAnswers> {
  const [network, peers, template, ...validated] = await Promise.all([
    ask('getnetworkinfo'),
    ask('getpeerinfo'),
    askTemplate(ask),
    ...addresses.slice(0, ADDRESSES_MAX).map((address) => ask('validateaddress', [address])),
  ]);
  // Afterwards and one by one, so that they measure the node and not each other.
  const tips: Answer[] = [];
  for (let i = 0; i < TIP_QUESTIONS; i++) {
    const answer = await ask('getbestblockhash');
    tips.push(answer);
    if (!answer.ok) break;
  }
  const asked = validated.flatMap((answer, i) => {
    const address = addresses[i];
    return address === undefined ? [] : { address, answer };
  });
  return { chain, network, peers, template, addresses: asked, tips };
}
