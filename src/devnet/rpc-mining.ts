import { difficultyOf } from './block-json.ts';
import type { BlockEntry } from './chain.ts';
import { kawpowHashMethod } from './kawpow-hash.ts';
import { parseLongPollId } from './long-poll.ts';
import { RPC_CODES, RpcFailure } from './rpc-failure.ts';
import { SUBMITBLOCK_HELP } from './rpc-help.ts';
import { type NodeParts, type RpcCall, type RpcMethods, rpcMethod } from './rpc-method.ts';
import type { RpcParams } from './rpc-params.ts';
import { weightOf } from './transactions.ts';

/** Blocks over which the network's hashrate is estimated when the caller names no other number. */
const HASHRATE_BLOCKS = 120;
/** Header, count and coinbase, as ravend reserves them. */
const RESERVED_WEIGHT = 4000;

/** The calls that make and take blocks. */
export function miningMethods(node: NodeParts): RpcMethods {
  const { chain, gate } = node;
  return [
    rpcMethod(
      'getblocktemplate',
      'Returns data needed to construct a block to work on; see BIPs 22, 23, 9 and 145.',
      (params, call) => blockTemplate(node, params, call),
      { names: ['template_request'], required: 0, usage: ' ( TemplateRequest )' },
    ),
    [
      'submitblock',
      {
        names: ['hexdata', 'dummy'],
        min: 1,
        max: 2,
        help: SUBMITBLOCK_HELP,
        run: (params) => gate.submit(params.text(0)),
      },
    ],
    ['getkawpowhash', kawpowHashMethod({ verifier: node.verifier, tipHeight: () => chain.tip.height })],
    rpcMethod('getmininginfo', 'Returns mining-related information.', () => miningInfo(node)),
    rpcMethod(
      'getnetworkhashps',
      'Returns the estimated network hashes per second.',
      (params) => {
        const count = params.isMissing(0) ? HASHRATE_BLOCKS : params.integer(0);
        const height = params.isMissing(1) ? -1 : params.integer(1);
        return networkHashrate(count, chain.at(height) ?? chain.tip);
      },
      { names: ['nblocks', 'height'], required: 0, usage: ' ( nblocks height )' },
    ),
  ];
}

async function blockTemplate(node: NodeParts, params: RpcParams, call: RpcCall): Promise<unknown> {
  const request = params.isMissing(0) ? {} : params.object(0);
  const mode = request.mode ?? 'template';
  if (mode === 'proposal') {
    if (typeof request.data !== 'string') {
      throw new RpcFailure(RPC_CODES.typeError, 'Missing data String key for proposal');
    }
    return node.gate.propose(request.data);
  }
  if (mode !== 'template') throw new RpcFailure(RPC_CODES.invalidParameter, 'Invalid mode');
  assertConnected(node);
  const { longpollid } = request;
  if (longpollid !== undefined && longpollid !== null) {
    // BIP 22 leaves an id of another type open; ravend waits for the next change.
    const id =
      typeof longpollid === 'string'
        ? parseLongPollId(longpollid)
        : { tip: node.chain.tip.hash, updates: node.templates.lastUpdates };
    await node.longPolls.wait(id, call.signal);
  }
  return node.templates.make();
}

function assertConnected(node: NodeParts): void {
  const kind = node.fault()?.kind;
  if (kind === 'not-connected') throw new RpcFailure(RPC_CODES.notConnected, 'Raven is not connected!');
  if (kind === 'downloading') throw new RpcFailure(RPC_CODES.downloading, 'Raven is downloading blocks...');
}

function miningInfo({ chain, mempool, templates, network }: NodeParts): Record<string, unknown> {
  const selected = templates.lastSelection;
  return {
    blocks: chain.tip.height,
    currentblockweight: selected.reduce((sum, entry) => sum + weightOf(entry.tx), RESERVED_WEIGHT),
    currentblocktx: selected.length,
    difficulty: difficultyOf(chain.tip.header.bits),
    networkhashps: networkHashrate(HASHRATE_BLOCKS, chain.tip),
    hashespersec: 0,
    pooledtx: mempool.size,
    chain: network.name,
    warnings: '',
  };
}

/** Work over time of the blocks up to one. The genesis block is left out: its time is years before the others. */
function networkHashrate(blockCount: number, last: BlockEntry): number {
  const count = Math.min(blockCount <= 0 ? HASHRATE_BLOCKS : blockCount, last.height - 1);
  if (count < 1) return 0;
  let first = last;
  const times = [last.header.timeS];
  for (let i = 0; i < count; i++) {
    first = first.parent as BlockEntry;
    times.push(first.header.timeS);
  }
  const seconds = Math.max(...times) - Math.min(...times);
  return seconds === 0 ? 0 : Number(last.chainWork - first.chainWork) / seconds;
}
