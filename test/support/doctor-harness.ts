import assert from 'node:assert/strict';
import { systemClock } from '../../src/clock.ts';
import type { CheckId, Finding } from '../../src/doctor/check.ts';
import { examineNode, type NodeExamination } from '../../src/doctor/examine-node.ts';
import type { Clock } from '../../src/mining/ports.ts';
import { createRpcClient } from '../../src/node/rpc-client.ts';
import { good, only, onlyNode } from './config.ts';
import { noRandom, rawTemplate } from './mining.ts';
import {
  type Recording,
  type ReplayRequest,
  type Reply,
  readRecording,
  replyOf,
  startReplayNode,
} from './replay-node.ts';

/** Recorded as one that is valid on regtest, and not in the node's wallet. */
export const RECORDED_ADDRESS = 'mufpGCucKyxh1ahcaCAqp6URzhdTnoJaas';

/** What a call of the doctor is: getblocktemplate is two. */
export type DoctorCall =
  | 'getblockchaininfo'
  | 'getnetworkinfo'
  | 'getpeerinfo'
  | 'getblocktemplate'
  | 'proposal'
  | 'validateaddress'
  | 'getbestblockhash';

const HEALTHY: Readonly<Record<DoctorCall, string>> = {
  getblockchaininfo: 'misc/getblockchaininfo.json',
  getnetworkinfo: 'misc/getnetworkinfo.json',
  getpeerinfo: 'misc/getpeerinfo.json',
  getblocktemplate: 'getblocktemplate/2-tx-no-miningaddress.json',
  proposal: 'getblocktemplate/proposal-ok.json',
  validateaddress: 'misc/validateaddress-p2pkh.json',
  getbestblockhash: 'misc/getbestblockhash.json',
};

export function doctorCallOf({ method, params }: Pick<ReplayRequest, 'method' | 'params'>): DoctorCall {
  const [request] = params as readonly { mode?: string }[];
  const call = method === 'getblocktemplate' && request?.mode === 'proposal' ? 'proposal' : method;
  assert(call in HEALTHY, `the doctor asked for ${call}`);
  return call as DoctorCall;
}

export interface Looked extends NodeExamination {
  readonly requests: readonly ReplayRequest[];
  find(id: CheckId): Finding;
}

/** A file below test/golden/ravend, a recording, or a reply, in place of the healthy answer. */
export type Instead = string | Recording | ((request: ReplayRequest) => Reply);

/**
 * Has the doctor look at a node that answers as ravend was recorded, on regtest unless `settings` say otherwise.
 * @param instead of a call's healthy answer; `all` for every call
 * @param settings lines of kpss.yaml
 */
export async function lookAt(
  instead: Readonly<Partial<Record<DoctorCall | 'all', Instead>>>,
  {
    settings = `network: regtest\npayout: { address: ${RECORDED_ADDRESS} }`,
    login = 'user: u, password: p',
  } = {},
): Promise<Looked> {
  const node = await startReplayNode((request) => {
    const call = doctorCallOf(request);
    const answer = instead.all ?? instead[call] ?? HEALTHY[call];
    if (typeof answer === 'function') return answer(request);
    return replyOf(typeof answer === 'string' ? readRecording(answer) : answer, request.id);
  });
  const config = good(`${settings}\nnode: { url: "${node.url}", ${login} }\n`);
  const { url, credentials } = onlyNode(config);
  const rpc = createRpcClient({ url, credentials, clock: systemClock });
  try {
    const examination = await examineNode(onlyNode(config), only(config), {
      rpc,
      clock: clockOfTemplate(),
      random: noRandom,
    });
    const find = (id: CheckId): Finding => {
      const found = examination.findings.filter((finding) => finding.id === id);
      assert.equal(found.length, 1, id);
      return found[0] as Finding;
    };
    return { ...examination, requests: [...node.requests], find };
  } finally {
    rpc.close();
    await node.close();
  }
}

/** Runs as the real one, and stands at first where the recorded template's does. */
function clockOfTemplate(): Clock {
  const aheadMs = systemClock.nowMs() - Number(rawTemplate().curtime) * 1000;
  return { ...systemClock, nowMs: () => systemClock.nowMs() - aheadMs };
}

/** Those that are neither green nor switched off. */
export function amiss({ findings }: Pick<Looked, 'findings'>): Finding[] {
  return findings.filter(({ verdict }) => verdict === 'red' || verdict === 'yellow');
}
