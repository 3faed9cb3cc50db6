import { RpcError } from './rpc-error.ts';
import { describe } from './status.ts';

/** What a node's answer to a proposed block means. */
export type ProposalVerdict =
  /** Once solved, it would be taken. */
  | { readonly kind: 'proved' }
  /** Once solved, it would be lost. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The tip moved meanwhile: nothing is said of the work. */
  | { readonly kind: 'outdated'; readonly reason: string }
  /** The node did not answer the question. */
  | { readonly kind: 'no-answer'; readonly reason: string };

/**
 * Reasons that speak of the chain and not of the block: the tip is another one by now, or the block came in already.
 * Source: ravend's getblocktemplate in mode "proposal", recorded; BIP 23
 */
const OUTDATED = /^(inconclusive|duplicate|bad-prevblk|prev-blk-not-found)/;

/** As many characters of a node's reason as a log line takes. ravend's longest is under 60. */
const REASON_LENGTH_MAX = 120;

/** ravend's "Block decode failed". */
const UNDECODABLE = -22;

/** Classifies the `result` of getblocktemplate in mode "proposal". */
export function classifyProposal(result: unknown): ProposalVerdict {
  if (result === null) return { kind: 'proved' };
  if (typeof result !== 'string') {
    return { kind: 'no-answer', reason: 'the node does not check proposed blocks' };
  }
  const reason = result.slice(0, REASON_LENGTH_MAX) || 'no reason given';
  return { kind: OUTDATED.test(reason) ? 'outdated' : 'refused', reason };
}

/** Classifies a failed call: only that the bytes are no block is a word on the block. */
export function classifyProposalFailure(error: unknown): ProposalVerdict {
  if (error instanceof RpcError && error.rpcCode === UNDECODABLE) {
    return {
      kind: 'refused',
      reason: (error.rpcMessage ?? 'Block decode failed').slice(0, REASON_LENGTH_MAX),
    };
  }
  return { kind: 'no-answer', reason: describe(error).sentence };
}

const CHECK_COIN =
  'Check that coin and network of kpss.yaml are those of the node; if they are, please report this.';
const REPORT = 'This is a fault of KPSS: please report it.';
const CHECK_CLOCK = "Check the clock of the node's machine, then restart the node.";
const RESTART = 'Restart the node; if it stays so, please report this.';

/** The beginning of a reason, what it means, and what to do. The first that fits counts. */
const WORDS: readonly (readonly [beginning: string, meaning: string, cure: string])[] = [
  ['bad-cb-amount', 'the block pays out more than it may', CHECK_COIN],
  ['bad-cb-community', 'the block does not pay the community fund what the coin demands', CHECK_COIN],
  ['bad-cb-minerdevfund', 'the block does not pay the development fund what the coin demands', CHECK_COIN],
  ['bad-cb-', 'the first transaction of the block is not as the coin demands', CHECK_COIN],
  ['bad-txnmrklroot', 'the transactions are not the ones that the header names', REPORT],
  ['bad-witness', 'the block commits to other witnesses than it has', REPORT],
  ['unexpected-witness', 'the block lacks the commitment to its witnesses', REPORT],
  ['bad-txn', "a transaction of the node's own template does not fit its chain", RESTART],
  ['bad-diffbits', 'the block has another difficulty than the network asks for', CHECK_COIN],
  ['bad-version', 'the block has a version that the network does not take any more', 'Update the node.'],
  ['time-', 'the time in the block is not one that the node takes', CHECK_CLOCK],
  ['Block decode failed', 'the node cannot read the block', CHECK_COIN],
];

/** @returns what a refusal means and what to do about it, for the owner */
export function explainRefusal(reason: string): string {
  const [, meaning, cure] = WORDS.find(([beginning]) => reason.startsWith(beginning)) ?? [
    '',
    'a reason that KPSS does not know',
    CHECK_COIN,
  ];
  return `${reason}, that is: ${meaning}. ${cure}`;
}
