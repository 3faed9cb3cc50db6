import { KpssError } from '../error.ts';
import { RpcError, type RpcErrorKind } from './rpc-error.ts';

/** A word per situation, the same in every release: for metrics, the API and colours. */
export type NodeState =
  | 'connecting'
  | 'ready'
  | 'starting'
  | 'downloading'
  | 'no-peers'
  | 'wrong-password'
  | 'no-cookie'
  | 'forbidden'
  | 'unreachable'
  | 'busy'
  | 'timeout'
  | 'not-a-node'
  | 'wrong-network'
  | 'bad-template'
  | 'behind'
  | 'forked'
  | 'refused'
  | 'stopped'
  | 'failed';

/** How a node is doing: a word for programs and a sentence for the owner, who reads what is wrong and what to do. */
export interface NodeStatus {
  readonly state: NodeState;
  readonly sentence: string;
  /** The code of docs/errors.md that tells cause and cure, where something is wrong. */
  readonly code?: string;
}

/** Before the first answer. */
export const CONNECTING: NodeStatus = {
  state: 'connecting',
  sentence: 'Asking the node for its first block template.',
};

/** The node answers, and its templates can be mined on. */
export const READY: NodeStatus = { state: 'ready', sentence: 'The node gives block templates.' };

/** The node answers, but with a template that cannot be mined on. */
export function badTemplate(reason: string): NodeStatus {
  return {
    state: 'bad-template',
    code: 'KPSS_NODE_TEMPLATE',
    sentence:
      `The node's block template cannot be used: ${reason}. ` +
      'Check that the node is of the coin and network that KPSS is set to. KPSS asks again.',
  };
}

/**
 * The node answers, but its blocks are on another chain.
 * @param chain as the node names it
 * @param expected as KPSS is set
 */
export function wrongNetwork(chain: string, expected: string, url: string | undefined): NodeStatus {
  return {
    state: 'wrong-network',
    code: 'KPSS_NODE_NETWORK',
    sentence:
      `${nodeAt(url)} is on ${chain}, but KPSS is set to ${expected}. ` +
      'Set network in kpss.yaml, or point node.url to the right node.',
  };
}

/**
 * The node gives templates, but other nodes have had newer blocks for a while.
 * @param blocks how many, where it is known
 */
export function behind(url: string | undefined, blocks: number | undefined): NodeStatus {
  const far = blocks === undefined || blocks < 1 ? '' : blocks === 1 ? '1 block ' : `${blocks} blocks `;
  return {
    state: 'behind',
    code: 'KPSS_NODE_BEHIND',
    sentence:
      `${nodeAt(url)} is ${far}behind the other nodes, so its templates are left aside. ` +
      'After a pause it catches up by itself; if this lasts, look at its peers and its debug.log.',
  };
}

/** The node gives templates, but for a branch of the chain that the node in use is not on. */
export function forked(url: string | undefined): NodeStatus {
  return {
    state: 'forked',
    code: 'KPSS_NODE_FORK',
    sentence:
      `${nodeAt(url)} is on another branch of the chain than the node in use, so its templates are left aside. ` +
      'One of the two will follow the other soon; if this lasts, see which of them block explorers agree with, ' +
      'and whether both run the newest release.',
  };
}

/**
 * A node that downloads, with how far it is.
 * @param text as `downloadText` puts it
 */
export function downloading(status: NodeStatus, url: string | undefined, text: string): NodeStatus {
  return {
    ...status,
    sentence: `${nodeAt(url)} is downloading the blockchain: ${text}. It gives no work until then.`,
  };
}

const STATE_OF_KIND: Readonly<Record<RpcErrorKind, NodeState>> = {
  unauthorized: 'wrong-password',
  cookie: 'no-cookie',
  forbidden: 'forbidden',
  'warming-up': 'starting',
  'not-connected': 'no-peers',
  downloading: 'downloading',
  busy: 'busy',
  unreachable: 'unreachable',
  timeout: 'timeout',
  garbage: 'not-a-node',
  'method-not-found': 'not-a-node',
  'too-large': 'refused',
  closed: 'stopped',
  rpc: 'refused',
};

/**
 * States that only the owner can end, by changing a setting. They are asked about less often: ravend writes a log line
 * for every wrong password, and holds the answer back for 250 ms.
 */
const OWNER_ENDS: ReadonlySet<NodeState> = new Set([
  'wrong-password',
  'forbidden',
  'not-a-node',
  'wrong-network',
  'bad-template',
  'refused',
]);

/** Whether waiting alone will not end this state. */
export function needsTheOwner(status: NodeStatus): boolean {
  return OWNER_ENDS.has(status.state);
}

/** Whether the node gives templates, be they needed or left aside. */
export function givesTemplates({ state }: NodeStatus): boolean {
  return state === 'ready' || state === 'behind' || state === 'forked';
}

/**
 * What a failed call says about its node, in plain words and with what to do about it. The same failure always gives
 * the same words, so that a change of them is news.
 */
export function describe(error: unknown): NodeStatus {
  if (!(error instanceof RpcError)) {
    const what = error instanceof Error ? error.message : String(error);
    const sentence = `Asking the node failed within KPSS: ${what}. Please report this.`;
    return { state: 'failed', sentence, ...(error instanceof KpssError && { code: error.code }) };
  }
  return { state: STATE_OF_KIND[error.kind], sentence: sentenceOf(error), code: error.code };
}

function sentenceOf(error: RpcError): string {
  const node = nodeAt(error.context.url);
  const method = typeof error.context.method === 'string' ? error.context.method : 'the call';
  const says = error.rpcMessage ?? '';
  switch (error.kind) {
    case 'unauthorized':
      return `${node} refuses the RPC user or password. They must be those in its raven.conf (rpcuser, rpcpassword), or in the cookie file of its data directory.`;
    case 'cookie':
      return `${capital(error.message)}. KPSS logs in with this file, which ravend writes when it starts: start ravend. If its raven.conf sets rpcuser and rpcpassword it writes none; then give KPSS the same, as node.user and node.password.`;
    case 'forbidden':
      return `${node} takes no RPC calls from this machine. Add rpcallowip=<this machine's address> to its raven.conf and restart it.`;
    case 'warming-up':
      return `${node} is starting: ${says}${/[.!…]$/.test(says) ? '' : '.'} Nothing to do but wait.`;
    case 'not-connected':
      return `${node} has no connection to other nodes, so it gives no work. Check its internet connection; after a start it takes a minute or two.`;
    case 'downloading':
      return `${node} is still downloading the blockchain, and gives no work until it is done.`;
    case 'busy':
      return `${node} is too busy to answer: its queue of RPC requests is full. If this lasts, raise rpcworkqueue and rpcthreads in its raven.conf, or look for another program that asks it too much.`;
    case 'unreachable':
      return `${capital(error.message)}. Is it running, with server=1 in its raven.conf, and are host and port right? KPSS keeps trying.`;
    case 'timeout':
      return `${node} does not answer in time. Its machine may be overloaded or the way to it interrupted; KPSS keeps trying.`;
    case 'garbage':
      return `What answers is not a node's RPC: ${error.message}. Check host and port (ravend's RPC port is 8766, testnet 18766).`;
    case 'method-not-found':
      return `${node} does not know ${method}, which mining needs. Is it a full node of a KawPoW coin?`;
    case 'too-large':
      return `${node}, or a proxy before it, refuses a request for its size. A proxy must let 32 MB through.`;
    case 'closed':
      return 'KPSS has closed its connection to the node.';
    case 'rpc':
      return `${node} refuses ${method}: ${says} (${error.rpcCode}).`;
  }
}

function nodeAt(url: unknown): string {
  return typeof url === 'string' ? `The node at ${url}` : 'The node';
}

function capital(text: string): string {
  return text.startsWith('http') ? nodeAt(text) : text.charAt(0).toUpperCase() + text.slice(1);
}
