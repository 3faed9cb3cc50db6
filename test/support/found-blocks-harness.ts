import assert from 'node:assert/strict';
import { BlockLedger, type BlockOutcome } from '../../src/block-ledger.ts';
import { bytesToHex } from '../../src/chain/bytes.ts';
import { findNetwork } from '../../src/chain/coins.ts';
import { FoundBlocks } from '../../src/found-blocks.ts';
import { IssuedJobs } from '../../src/mining/issued-jobs.ts';
import { JobBook } from '../../src/mining/job-book.ts';
import type { Share } from '../../src/mining/share.ts';
import { Tally } from '../../src/mining/tally.ts';
import { RpcError } from '../../src/node/rpc-error.ts';
import { createSubmitter } from '../../src/node/submitter.ts';
import { createMemoryJournal, type MemoryJournal } from './memory-journal.ts';
import { PAYOUT, recordedTemplate, tipOf } from './mining.ts';
import { createKeptLog, createScriptedRpc } from './scripted-rpc.ts';
import { notFound, unreachable } from './submitter-harness.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Of the recorded template. */
export const HEIGHT = 258;

/** A node that outlives the program, with a chain of its own. */
export function createChainNode(name = 'node1') {
  const node = {
    name,
    tipHeight: HEIGHT - 1,
    isAway: false,
    /** It takes a block, and its answer never arrives. */
    losesAnswers: false,
    /** What submitblock answers in place of taking the block. */
    refusal: undefined as string | undefined,
    /** Blocks in its best chain, by hash, with their heights. */
    chain: new Map<string, number>(),
    /** Every block that was sent to it, by hash, answered or not. */
    sent: [] as string[],
    /** Which hash a sent block has: a node would compute it. */
    hashes: new Map<string, string>(),
    rpc: createScriptedRpc((method, [argument]) => answer(method, String(argument))),
  };
  const answer = (method: string, argument: string): unknown => {
    if (method === 'submitblock') node.sent.push(node.hashes.get(argument) ?? argument);
    if (node.isAway) throw unreachable;
    if (method === 'getblockcount') return node.tipHeight;
    if (method === 'getblockheader') {
      const height = node.chain.get(argument);
      if (height === undefined) throw notFound;
      return { confirmations: node.tipHeight - height + 1 };
    }
    if (node.refusal !== undefined) return node.refusal;
    const hash = node.hashes.get(argument) ?? argument;
    if (node.chain.has(hash)) return 'duplicate';
    node.tipHeight = Math.max(node.tipHeight, HEIGHT);
    node.chain.set(hash, HEIGHT);
    if (node.losesAnswers) throw new RpcError('unreachable', 'closed the connection without an answer');
    return null;
  };
  return node;
}

export type ChainNode = ReturnType<typeof createChainNode>;

/** One run of the program over a journal and nodes that outlive it. */
export function startRun(
  clock: VirtualClock,
  nodes: readonly ChainNode[],
  options: { journal?: MemoryJournal | undefined; broadcast?: (blockHex: string) => unknown } = {},
) {
  const network = findNetwork('ravencoin', 'regtest');
  assert(network);
  const log = createKeptLog();
  const tally = new Tally(clock.nowMs());
  const jobs = new JobBook(new Uint8Array(0));
  jobs.add(recordedTemplate());
  const { journal, broadcast } = options;
  const ledger = new BlockLedger(network, { tally, clock, log, nodes, journal });
  const submitter = createSubmitter({ onVerdict: (verdict) => ledger.hear(verdict) }, { nodes, clock, log });
  const outcomes: BlockOutcome[] = [];
  const blocks = new FoundBlocks({
    submitter,
    nodes,
    ledger,
    jobs,
    tally,
    clock,
    log,
    broadcast,
    onSettled: (block) => outcomes.push(block),
  });
  blocks.recover();
  const issued = new IssuedJobs();
  let nextNonce = 1n;
  const createShare = (): Share => {
    const job = jobs.current(PAYOUT);
    assert(job);
    nextNonce += 1n;
    const share: Share = {
      issued: issued.issue(job, 1, () => true),
      nonce: nextNonce,
      claimedMixHash: new Uint8Array(32),
      finalHash: new Uint8Array(32).fill(Number(nextNonce)),
      isCandidate: true,
    };
    return share;
  };
  return {
    log,
    ledger,
    blocks,
    outcomes,
    tally,
    jobs,
    hashOf: (share: Share) => bytesToHex(share.finalHash),
    createShare,
    /** Two blocks of others: work for the first's height is too late. */
    passBy(): void {
      for (const byte of [1, 2])
        jobs.add(recordedTemplate({ height: HEIGHT + byte, previousblockhash: tipOf(byte) }));
    },
    messages: (level: string) =>
      log.lines.filter((line) => line.level === level).map(({ message }) => message),
    async stop(): Promise<void> {
      const stopped = blocks
        .finish()
        .then(() => submitter.stop())
        .then(() => ledger.close());
      await clock.advance(20_000);
      await stopped;
    },
  };
}

/** What a crash leaves: the text as far as it is durable. */
export function afterCrash(journal: MemoryJournal): MemoryJournal {
  return createMemoryJournal(journal.text);
}
