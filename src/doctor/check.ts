import { RpcError } from '../node/rpc-error.ts';
import { describe } from '../node/status.ts';

/**
 * green: fine. yellow: a block can be found and gets paid, but its owner should know of this. red: no block can be found
 * this way before somebody acts, or before the node is ready. skipped: could not be looked at, or is switched off.
 */
export type Verdict = 'green' | 'yellow' | 'red' | 'skipped';

/** The same in every release: programs read them in `kpss doctor --json`. */
export type CheckId =
  | 'config'
  | 'machine.node-js'
  | 'machine.clock'
  | 'machine.data-directory'
  | 'machine.cache-directory'
  | 'machine.web-port'
  | 'machine.verifier'
  | 'instance.port'
  | 'instance.certificate'
  | 'instance.payout'
  | 'node.answers'
  | 'node.login'
  | 'node.version'
  | 'node.network'
  | 'node.synced'
  | 'node.peers'
  | 'node.clock'
  | 'node.template'
  | 'node.miningaddress'
  | 'node.payout'
  | 'node.proposal'
  | 'node.polling'
  | 'node.p2p'
  | 'node.zmq'
  | 'node.long-poll';

/** What one look at one thing gave. */
export interface Finding {
  readonly id: CheckId;
  readonly verdict: Verdict;
  /** What is, with its full stop. */
  readonly sentence: string;
  /** What to do about it; undefined where nothing is to be done. */
  readonly cure: string | undefined;
}

/** A finding, and whose it is: undefined stands for the whole machine. */
export interface Check extends Finding {
  readonly instance: string | undefined;
  readonly node: string | undefined;
}

export function green(id: CheckId, sentence: string): Finding {
  return { id, verdict: 'green', sentence, cure: undefined };
}

export function yellow(id: CheckId, sentence: string, cure: string): Finding {
  return { id, verdict: 'yellow', sentence, cure };
}

export function red(id: CheckId, sentence: string, cure: string): Finding {
  return { id, verdict: 'red', sentence, cure };
}

/** @param reason goes on after "since": `the node is not reached` */
export function skipped(id: CheckId, reason: string): Finding {
  return quiet(id, `Not looked at, since ${reason}.`);
}

/** For what is switched off, or need not be there. */
export function quiet(id: CheckId, sentence: string): Finding {
  return { id, verdict: 'skipped', sentence, cure: undefined };
}

/** Where one sentence ends and the next begins. */
export const NEXT_SENTENCE = /(?<=[.!…])\s+(?=[A-Z])/;

/** A failed call in the words that the log has for it: what is wrong, and what to do. */
export function wordsOf(error: unknown): { readonly sentence: string; readonly cure: string } {
  // The doctor looks once.
  const text = describe(error)
    .sentence.replace(/[;.] KPSS keeps trying\.$/, '.')
    .replace(/\? KPSS keeps trying\.$/, '?');
  const [sentence = text, ...rest] = text.split(NEXT_SENTENCE);
  const cure = rest.join(' ');
  if (cure !== '') return { sentence, cure };
  const [what, wait] = sentence.split(', and gives no work ');
  if (what !== undefined && wait !== undefined)
    return {
      sentence: `${what}.`,
      cure: `It gives no work ${wait} KPSS may be started meanwhile, and waits.`,
    };
  return { sentence, cure: 'Look into the node’s debug.log; if that does not help, please report it.' };
}

/** @returns red, in the words of a failed call */
export function failure(id: CheckId, error: unknown): Finding {
  const { sentence, cure } = wordsOf(error);
  return red(id, sentence, cure);
}

/**
 * A call that failed at a node that answers others: what the doctor has no time to wait for, an instance waits for.
 * @returns red in the words of the failed call, yellow where there was only no answer in time
 */
export function failureAmongAnswers(id: CheckId, error: unknown): Finding {
  const finding = failure(id, error);
  const isLate = error instanceof RpcError && error.kind === 'timeout';
  return isLate ? { ...finding, verdict: 'yellow' } : finding;
}

/** Whether blocks can be found as things are: nothing is red. */
export function isFit(checks: readonly Pick<Finding, 'verdict'>[]): boolean {
  return checks.every(({ verdict }) => verdict !== 'red');
}
