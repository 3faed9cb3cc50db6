import { bytesToHex } from '../chain/bytes.ts';
import { blockJson, difficultyOf, headerJson } from './block-json.ts';
import { type BlockBody, type BlockEntry, type Chain, chainWorkHex } from './chain.ts';
import { RPC_CODES, RpcFailure } from './rpc-failure.ts';
import { GETBLOCKCOUNT_HELP } from './rpc-help.ts';
import { type NodeParts, type RpcMethods, rpcMethod } from './rpc-method.ts';
import type { RpcParams } from './rpc-params.ts';

/** The calls that look at blocks. */
export function chainMethods(node: NodeParts): RpcMethods {
  return [...tipMethods(node), ...blockMethods(node)];
}

function tipMethods({ chain, network }: NodeParts): RpcMethods {
  return [
    rpcMethod('getbestblockhash', 'Returns the hash of the tip.', () => chain.tip.hash),
    ['getblockcount', { names: [], min: 0, max: 0, help: GETBLOCKCOUNT_HELP, run: () => chain.tip.height }],
    rpcMethod('getdifficulty', 'Returns the difficulty of the tip.', () =>
      difficultyOf(chain.tip.header.bits),
    ),
    rpcMethod('getblockchaininfo', 'Returns the state of the chain.', () => chainInfo(chain, network.name)),
    rpcMethod('getchaintips', 'Returns all known tips.', () => chainTips(chain)),
  ];
}

function blockMethods({ chain, network }: NodeParts): RpcMethods {
  return [
    rpcMethod(
      'getblockhash',
      'Returns the hash of the block at a height.',
      (params) => blockAt(chain, params.integer(0)).hash,
      { names: ['height'], required: 1, usage: ' height', example: '1000' },
    ),
    rpcMethod(
      'getblock',
      'Returns a block: 0 as hex, 1 as an object, 2 with its transactions decoded.',
      (params) => {
        const entry = blockNamed(chain, params.text(0));
        if (!hasBody(entry)) throw new RpcFailure(RPC_CODES.misc, 'Block not found on disk');
        const verbosity = verbosityOf(params);
        if (verbosity <= 0) return bytesToHex(entry.body.bytes);
        return blockJson(chain, entry, { network, decodeTransactions: verbosity >= 2 });
      },
      {
        names: ['blockhash', 'verbosity'],
        required: 1,
        usage: ' "blockhash" ( verbosity )',
        example: '"blockhash"',
      },
    ),
    rpcMethod(
      'getblockheader',
      'Returns a header: as an object, or with false as hex.',
      (params) => {
        const entry = blockNamed(chain, params.text(0));
        const verbose = params.isMissing(1) || params.boolean(1);
        return verbose ? headerJson(chain, entry) : bytesToHex(entry.headerBytes);
      },
      { names: ['blockhash', 'verbose'], required: 1, usage: ' "hash" ( verbose )', example: '"blockhash"' },
    ),
  ];
}

function verbosityOf(params: RpcParams): number {
  if (params.isMissing(1)) return 1;
  return typeof params.raw(1) === 'boolean' ? Number(params.boolean(1)) : params.integer(1);
}

function hasBody(entry: BlockEntry): entry is BlockEntry & { body: BlockBody } {
  return entry.body !== undefined;
}

function blockAt(chain: Chain, height: number): BlockEntry {
  const entry = chain.at(height);
  if (!entry) throw new RpcFailure(RPC_CODES.invalidParameter, 'Block height out of range');
  return entry;
}

function blockNamed(chain: Chain, text: string): BlockEntry {
  const entry = chain.find(text.toLowerCase());
  if (!entry) throw new RpcFailure(RPC_CODES.notFound, 'Block not found');
  return entry;
}

function chainInfo(chain: Chain, networkName: string): Record<string, unknown> {
  const { tip } = chain;
  return {
    chain: networkName,
    blocks: tip.height,
    headers: tip.height,
    bestblockhash: tip.hash,
    difficulty: difficultyOf(tip.header.bits),
    difficulty_algorithm: 'KPSS-devnet',
    mediantime: chain.medianTimePastS(tip),
    verificationprogress: 1,
    chainwork: chainWorkHex(tip),
    size_on_disk: chain.bodyBytes,
    pruned: false,
    softforks: [],
    bip9_softforks: {
      assets: deployment('active'),
      messaging_restricted: deployment('active'),
      transfer_script: deployment('started', 8),
      enforce: deployment('active'),
      coinbase: deployment('defined'),
    },
    warnings: '',
  };
}

function deployment(status: string, bit?: number): Record<string, unknown> {
  return { status, ...(bit === undefined ? {} : { bit }), startTime: 0, timeout: 999999999999, since: 0 };
}

function chainTips(chain: Chain): unknown[] {
  return chain
    .tips()
    .sort((a, b) => b.height - a.height)
    .map((entry) => {
      let fork = entry;
      while (!chain.isActive(fork)) fork = fork.parent as BlockEntry;
      const branchlen = entry.height - fork.height;
      return { height: entry.height, hash: entry.hash, branchlen, status: tipStatus(chain, entry) };
    });
}

function tipStatus(chain: Chain, entry: BlockEntry): string {
  if (chain.isActive(entry)) return 'active';
  if (entry.failed) return 'invalid';
  if (!entry.body) return 'headers-only';
  return entry.connectedOnce ? 'valid-fork' : 'valid-headers';
}
