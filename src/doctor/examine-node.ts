import type { InstanceConfig, NodeConfig } from '../config/types.ts';
import { epochOf } from '../kawpow/epoch.ts';
import { PROOFS_OF_WORK } from '../kawpow/params.ts';
import type { Clock, NodeRpc, RandomSource } from '../mining/ports.ts';
import { parseTemplate, type TemplateResult } from '../mining/template.ts';
import { type Answer, type Asker, askProposal, askRest, askTemplate, createAsker } from './ask-node.ts';
import { type CheckId, type Finding, skipped } from './check.ts';
import { judgeNodeClock } from './clock-verdicts.ts';
import { judgeFirst, judgeNetwork, judgePeers, judgeSynced, judgeVersion } from './node-verdicts.ts';
import { tryP2p } from './p2p-probe.ts';
import { judgeSignals } from './signal-verdicts.ts';
import { hostAndPort, tryTcp } from './tcp.ts';
import { paidAddresses, trialBlockHex } from './trial-block.ts';
import {
  isOutdated,
  judgeMiningAddress,
  judgePayout,
  judgeProposal,
  judgeTemplate,
} from './work-verdicts.ts';
import { tryZmq } from './zmq-probe.ts';

/** All questions to a node together; with what else is looked at, the doctor is done in ten seconds. */
const NODE_MS_MAX = 8_000;

/** What needs an answer of the node. */
const OF_AN_ANSWERING_NODE: readonly CheckId[] = [
  'node.version',
  'node.network',
  'node.synced',
  'node.peers',
  'node.clock',
  'node.template',
  'node.miningaddress',
  'node.payout',
  'node.proposal',
  'node.polling',
];

export interface NodeExamination {
  readonly findings: readonly Finding[];
  /** The present epoch, where the node gave a template. */
  readonly epoch: number | undefined;
  /** Of the block that its template is for. */
  readonly height: number | undefined;
}

/** What a node is looked at with. */
export interface NodeModules {
  readonly rpc: NodeRpc;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** Looks at one node of an instance: asks it, and judges the answers. Never rejects. */
export async function examineNode(
  node: NodeConfig,
  instance: InstanceConfig,
  { rpc, clock, random }: NodeModules,
): Promise<NodeExamination> {
  const { network } = instance;
  const ask = createAsker(rpc, clock, clock.nowMs() + NODE_MS_MAX);
  const place = hostAndPort(node.url);
  // Meanwhile: a port that swallows what is sent to it takes its whole time.
  const ports = Promise.all([
    node.p2p && tryP2p(node.p2p, network, { clock, random }),
    node.zmq === undefined ? undefined : tryZmq(node.zmq, clock),
  ]);
  const [isOpen, first] = await Promise.all([
    place === undefined ? false : tryTcp(place.host, place.port, clock).then(({ ok }) => ok),
    ask('getblockchaininfo'),
  ]);
  const findings = judgeFirst(first, isOpen, node);
  if (!first.ok) {
    const why = findings[0]?.verdict === 'red' ? 'the node does not answer' : 'the node does not let KPSS in';
    const rest = OF_AN_ANSWERING_NODE.map((id) => skipped(id, why));
    const [p2p, zmq] = await ports;
    const signals = judgeSignals({ tips: [], p2p, zmq }, node, instance).slice(1);
    return { findings: [...findings, ...rest, ...signals], epoch: undefined, height: undefined };
  }
  const answers = await askRest(ask, first, paidAddresses(instance));
  const { template } = answers;
  const parsed = parse(template, instance);
  const proposal = parsed?.ok ? await propose(ask, parsed, instance) : undefined;
  const [p2p, zmq] = await ports;
  return {
    findings: [
      ...findings,
      judgeVersion(answers.network, network),
      judgeNetwork(first, network, node.url),
      judgeSynced(answers, clock.nowMs()),
      judgePeers(answers),
      judgeNodeClock(answers),
      judgeTemplate(template, parsed, network),
      judgeMiningAddress(template),
      judgePayout(answers, network),
      judgeProposal(proposal),
      ...judgeSignals({ tips: answers.tips, p2p, zmq }, node, instance),
    ],
    epoch: parsed?.ok ? epochOf(parsed.template.height, parsed.template.pow) : undefined,
    height: parsed?.ok ? parsed.template.height : undefined,
  };
}

function parse(answer: Answer, { network }: InstanceConfig): TemplateResult | undefined {
  return answer.ok ? parseTemplate(answer.value, PROOFS_OF_WORK[network.proofOfWork], network) : undefined;
}

/** Where the tip changed in between, the next template is tried, once. */
async function propose(
  ask: Asker,
  first: TemplateResult & { readonly ok: true },
  instance: InstanceConfig,
): Promise<Answer> {
  const answer = await askProposal(ask, trialBlockHex(first.template, instance));
  if (!isOutdated(answer)) return answer;
  const newer = parse(await askTemplate(ask), instance);
  return newer?.ok ? askProposal(ask, trialBlockHex(newer.template, instance)) : answer;
}
