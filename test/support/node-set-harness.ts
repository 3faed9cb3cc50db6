import { NodeSet, type NodeSetOptions } from '../../src/node/node-set.ts';
import { RpcError } from '../../src/node/rpc-error.ts';
import type { NodeStatus } from '../../src/node/status.ts';
import { createKeptLog, createScriptedRpc } from './scripted-rpc.ts';
import { createVirtualClock } from './virtual-clock.ts';

/** A block of the tests' little world: `a1` is at height 1, `b1` beside it; one block is one unit of work. */
export function blockHash(name: string): string {
  return Buffer.from(name).toString('hex').padStart(64, '0');
}

function nameOf(hash: string): string {
  return Buffer.from(hash.replace(/^(00)*/, ''), 'hex').toString();
}

function heightOf(name: string): number {
  return Number(name.slice(1));
}

interface SetTemplate {
  readonly previousBlockHash: string;
  readonly height: number;
  readonly node: string;
}

/** What a test sets on one node; the faults hold until they are taken away. */
export interface TestNode {
  tip: string;
  chain: string;
  /** Every call fails. */
  away?: RpcError | undefined;
  noTemplate?: RpcError | undefined;
  /** Nothing is answered; the calls time out after five seconds. */
  hangs?: boolean;
  /** How long every answer takes; it is that of the end. */
  delayMs?: number;
  /** What getblockheader names as chainwork instead of the truth; an error is thrown. */
  chainwork?: unknown;
  /** Blocks that it does not have in its chain: confirmations of -1. */
  readonly beside: Set<string>;
  info: Record<string, unknown>;
  network: unknown;
}

export const GONE = new RpcError('unreachable', 'http://node refuses the connection (ECONNREFUSED)', {
  context: { url: 'http://node' },
});
export const TIMED_OUT = new RpcError('timeout', 'no answer', { context: { url: 'http://node' } });

/**
 * A node set over a virtual clock and scripted nodes `n1`, `n2` … of falling priority.
 * @param count how many nodes
 */
export function setUpNodeSet(count: number, options: Partial<NodeSetOptions<SetTemplate>> = {}) {
  const clock = createVirtualClock();
  const startMs = clock.nowMs();
  const log = createKeptLog();
  const nodes = Array.from({ length: count }, (_, index) => {
    const name = `n${index + 1}`;
    const state: TestNode = { tip: 'a1', chain: 'main', beside: new Set(), info: {}, network: undefined };
    const rpc = createScriptedRpc((method, params) => {
      if (state.delayMs !== undefined) {
        const { promise, resolve } = Promise.withResolvers<void>();
        clock.setTimer(state.delayMs, resolve);
        return promise.then(() => answer(state, name, method, params));
      }
      if (!state.hangs) return answer(state, name, method, params);
      const { promise, reject } = Promise.withResolvers<never>();
      clock.setTimer(5_000, () => reject(TIMED_OUT));
      return promise;
    });
    return { name, url: `http://${name}`, priority: index + 1, rpc, state };
  });
  const jobs: { tip: string; newTip: boolean; node: string; atMs: number }[] = [];
  const statuses: NodeStatus[] = [];
  const set = new NodeSet<SetTemplate>(
    {
      expectedChain: 'main',
      onTemplate: ({ previousBlockHash }, { newTip, node }) =>
        jobs.push({ tip: nameOf(previousBlockHash), newTip, node, atMs: clock.nowMs() - startMs }),
      onStatus: (status) => statuses.push(status),
      ...options,
    },
    { nodes, clock, log, parseTemplate: (raw) => ({ ok: true, template: raw as SetTemplate }) },
  );
  const node = (index: number) => {
    const found = nodes[index];
    if (found === undefined) throw new RangeError(`there is no node ${index}`);
    return found;
  };
  return {
    clock,
    log,
    set,
    jobs,
    statuses,
    n1: node(0),
    n2: node(Math.min(1, count - 1)),
    n3: node(Math.min(2, count - 1)),
    /** Without their times. */
    served: () => jobs.map(({ node, tip, newTip }) => `${node} ${tip}${newTip ? ' new' : ''}`),
    lines: (pattern: RegExp) => log.lines.map(({ message }) => message).filter((text) => pattern.test(text)),
    /** What the set tells of one node. */
    report: (name: string) => {
      const found = set.reports().find((report) => report.name === name);
      if (found === undefined) throw new RangeError(`there is no report of ${name}`);
      return found;
    },
    setTips: (tip: string) => {
      for (const { state } of nodes) state.tip = tip;
    },
  };
}

function answer(state: TestNode, node: string, method: string, params: readonly unknown[]): unknown {
  if (state.away !== undefined) throw state.away;
  const height = heightOf(state.tip);
  switch (method) {
    case 'getbestblockhash':
      return blockHash(state.tip);
    case 'getblockheader':
      return header(state, nameOf(String(params[0])));
    case 'getblockchaininfo':
      return { chain: state.chain, blocks: height, headers: height, ...state.info };
    case 'getnetworkinfo':
      return state.network;
    default:
      if (state.noTemplate !== undefined) throw state.noTemplate;
      return { previousBlockHash: blockHash(state.tip), height: height + 1, node };
  }
}

function header(state: TestNode, name: string): unknown {
  if (state.chainwork instanceof Error) throw state.chainwork;
  const height = heightOf(name);
  const chainwork = 'chainwork' in state ? state.chainwork : height.toString(16).padStart(64, '0');
  const confirmations = state.beside.has(name) ? -1 : heightOf(state.tip) - height + 1;
  return { chainwork, height, confirmations };
}
