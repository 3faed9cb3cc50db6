import { isTransient, RpcError } from './rpc-error.ts';
import { describe } from './status.ts';

/**
 * What one node's answer to submitblock means. `next` says what to do:
 * - `done`: this node has said its last word;
 * - `ask-the-chain`: the node has the block; only getblockheader tells whether it is in the best chain;
 * - `try-again`: the same block may be taken later, by this node or by another.
 */
export type SubmitVerdict =
  /** null: the block is the node's new tip. */
  | { readonly kind: 'accepted'; readonly next: 'done' }
  /** The node had this block already, from another node or from a sending whose answer was lost. */
  | { readonly kind: 'duplicate'; readonly next: 'ask-the-chain' }
  /** Valid as far as looked at, but not on the best chain: usually another block of this height came first. */
  | { readonly kind: 'inconclusive'; readonly next: 'ask-the-chain' }
  | { readonly kind: 'duplicate-inconclusive'; readonly next: 'ask-the-chain' }
  /** Refused for now: the node lacks the parent, or its clock is behind. */
  | { readonly kind: 'not-yet'; readonly next: 'try-again'; readonly reason: string }
  /** Refused for good. */
  | { readonly kind: 'rejected'; readonly next: 'done'; readonly reason: string }
  /** -22: the bytes are no block. A fault of ours. */
  | { readonly kind: 'undecodable'; readonly next: 'done'; readonly reason: string }
  /** -1 and the like: the call was wrong. A fault of ours. */
  | { readonly kind: 'usage'; readonly next: 'done'; readonly reason: string }
  /** No answer to the question; `mayHaveActed` when the block may be in the chain all the same. */
  | {
      readonly kind: 'no-answer';
      readonly next: 'try-again';
      readonly reason: string;
      readonly mayHaveActed: boolean;
    };

/** A lagging node gets the parent within seconds; a clock moves on by itself. Source: recordings, BIP 22. */
const NOT_YET_REASONS: ReadonlySet<string> = new Set(['prev-blk-not-found', 'time-too-new']);

/** ravend refuses a height more than 10 above its tip as undecodable; it will be right when the node caught up. */
const HEIGHT_TOO_LARGE = 'Block height is to large';

/** Source: Ravencoin Core, src/rpc/protocol.h */
const UNDECODABLE = -22;
/** Wrong type, wrong parameter, wrong request. */
const USAGE: ReadonlySet<number> = new Set([-3, -8, -32600, -32602]);
/** ravend's code for a wrong call, and for whatever fails within it: a disk, memory. Only its message tells which. */
const MISC_ERROR = -1;
const USAGE_MESSAGE = /^(submitblock |JSON value is not )/;

/** As many characters of a node's reason as a log line takes. ravend's longest is under 60. */
const REASON_LENGTH_MAX = 120;

/**
 * Classifies the `result` of submitblock. A refusal is an ordinary result, a string.
 * @returns `rejected` for every reason not known here: a node that says no has not taken the block
 */
export function classifyResult(result: unknown): SubmitVerdict {
  if (result === null) return { kind: 'accepted', next: 'done' };
  if (typeof result !== 'string') {
    const reason = `submitblock gave a ${typeof result}, neither null nor a reason`;
    return { kind: 'no-answer', next: 'try-again', reason, mayHaveActed: true };
  }
  if (result === 'duplicate' || result === 'inconclusive' || result === 'duplicate-inconclusive') {
    return { kind: result, next: 'ask-the-chain' };
  }
  const reason = result.slice(0, REASON_LENGTH_MAX) || 'no reason given';
  if (NOT_YET_REASONS.has(result)) return { kind: 'not-yet', next: 'try-again', reason };
  return { kind: 'rejected', next: 'done', reason };
}

/**
 * Classifies the failure of a submitblock call. Whatever is not surely about our own request is tried again: the block
 * is worth it.
 */
export function classifyError(error: unknown): SubmitVerdict {
  if (!(error instanceof RpcError)) {
    return { kind: 'no-answer', next: 'try-again', reason: describe(error).sentence, mayHaveActed: true };
  }
  const reason = error.rpcMessage ?? error.message;
  const code = error.rpcCode ?? 0;
  if (code === UNDECODABLE && reason.startsWith(HEIGHT_TOO_LARGE)) {
    return { kind: 'not-yet', next: 'try-again', reason: 'the node is more than ten blocks behind' };
  }
  if (code === UNDECODABLE) return { kind: 'undecodable', next: 'done', reason };
  const isUsage = USAGE.has(code) || (code === MISC_ERROR && USAGE_MESSAGE.test(reason));
  if (isUsage) return { kind: 'usage', next: 'done', reason: reason.slice(0, REASON_LENGTH_MAX) };
  if (error.kind === 'rpc' || error.kind === 'closed' || isTransient(error)) {
    return { kind: 'no-answer', next: 'try-again', reason: error.message, mayHaveActed: error.mayHaveActed };
  }
  return { kind: 'usage', next: 'done', reason: error.message };
}
