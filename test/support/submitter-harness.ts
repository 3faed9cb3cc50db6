import { RpcError } from '../../src/node/rpc-error.ts';
import {
  createSubmitter,
  type FoundBlock,
  type NodeVerdict,
  type SubmitOutcome,
} from '../../src/node/submitter.ts';
import { createKeptLog, createScriptedRpc, type ScriptedRpc } from './scripted-rpc.ts';
import { createVirtualClock } from './virtual-clock.ts';

export const BLOCK_HASH = '2fb95b3fdc46b41515e4b95c06e79a70ef199989feab9d6a7d6c31a2901bc1cc';
export const block: FoundBlock = { blockHex: '00', blockHash: BLOCK_HASH, height: 495 };

/** Answers in turn, the last one for ever; an Error is thrown. */
type Script = { submitblock: unknown[]; getblockheader?: unknown[] };

export function nodeThatSays(script: Script): ScriptedRpc {
  const left = { getblockheader: [], ...structuredCloneOf(script) };
  return createScriptedRpc((method) => {
    const answers = left[method as keyof Script] ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return answer;
  });
}

function structuredCloneOf(script: Script): Script {
  return {
    submitblock: [...script.submitblock],
    ...(script.getblockheader && { getblockheader: [...script.getblockheader] }),
  };
}

/** A submitter over a virtual clock and scripted nodes. */
export function setUpSubmitter(...scripts: Script[]) {
  const clock = createVirtualClock();
  const log = createKeptLog();
  const rpcs = scripts.map(nodeThatSays);
  const verdicts: NodeVerdict[] = [];
  /** Names of nodes whose status says why they take no blocks. */
  const leftAside = new Set<string>();
  const nodes = rpcs.map((rpc, index) => ({ name: `node${index + 1}`, rpc }));
  const submitter = createSubmitter(
    { onVerdict: (event) => verdicts.push(event), isLeftAside: (node) => leftAside.has(node) },
    { nodes, clock, log },
  );
  /** Submits, lets time pass, and gives the outcome if there is one by then. */
  const outcomeAfter = async (
    durationMs: number,
    found: FoundBlock = block,
  ): Promise<SubmitOutcome | undefined> => {
    let outcome: SubmitOutcome | undefined;
    void submitter.submit(found).then((settled) => {
      outcome = settled;
    });
    await clock.advance(durationMs);
    return outcome;
  };
  return {
    clock,
    log,
    nodes,
    rpcs,
    rpc: rpcs[0] as ScriptedRpc,
    submitter,
    verdicts,
    leftAside,
    outcomeAfter,
  };
}

export const unreachable = new RpcError('unreachable', 'refuses the connection (ECONNREFUSED)', {
  mayHaveActed: false,
});
export const lost = new RpcError('unreachable', 'closed the connection without an answer (ECONNRESET)');
export const notFound = new RpcError('rpc', 'Block not found (-5)', {
  rpcCode: -5,
  rpcMessage: 'Block not found',
});
export const confirmed = { confirmations: 1 };
export const orphaned = { confirmations: -1 };
