import type { Network } from '../chain/coins.ts';
import type { InstanceConfig, NodeConfig } from '../config/types.ts';
import { connectionEndText } from '../node/p2p-end-text.ts';
import type { SignalReport } from '../node/tip-signal.ts';
import type { Answer } from './ask-node.ts';
import {
  type CheckId,
  type Finding,
  green,
  NEXT_SENTENCE,
  quiet,
  skipped,
  wordsOf,
  yellow,
} from './check.ts';
import type { P2pAnswer } from './p2p-probe.ts';

/** What was found out about the ways in which a node tells of new blocks; undefined where one is not configured. */
export interface SignalFacts {
  readonly tips: readonly Answer[];
  readonly p2p: P2pAnswer | undefined;
  readonly zmq: Pick<SignalReport, 'state' | 'sentence'> | undefined;
}

const POLLING_DOES_IT = 'polling does the work';

/** None of them is red: polling is always there, and a block found on a tip that is some 100 ms old is still a block. */
export function judgeSignals(
  facts: SignalFacts,
  node: NodeConfig,
  instance: Pick<InstanceConfig, 'tips' | 'network'>,
): Finding[] {
  return [
    judgePolling(facts.tips, instance.tips.pollMs),
    judgeP2p(facts.p2p, node, instance.network),
    judgeZmq(facts.zmq, node),
    judgeLongPoll(node),
  ];
}

function judgePolling(tips: readonly Answer[], pollMs: number): Finding {
  const times = tips.flatMap((answer) => (answer.ok ? [answer.tookMs] : [])).sort((a, b) => a - b);
  const middle = times[Math.floor(times.length / 2)];
  const [first] = tips;
  if (middle === undefined && first !== undefined && !first.ok) {
    const { sentence, cure } = wordsOf(first.error);
    return yellow('node.polling', `The node does not tell its tip: ${sentence}`, cure);
  }
  if (middle === undefined) return skipped('node.polling', 'the node does not answer');
  const noticed = Math.round(pollMs / 2 + middle);
  const took = middle < 10 ? middle.toFixed(1) : Math.round(middle);
  const sentence = `The node tells its tip within ${took} ms; asked every ${pollMs} ms, a new block is noticed after ${noticed} ms on average.`;
  if (middle <= pollMs) return green('node.polling', sentence);
  return yellow(
    'node.polling',
    sentence,
    'That is slow: each new block is worked on late. Look at the load of the node’s machine and at the network between.',
  );
}

function judgeP2p(answer: P2pAnswer | undefined, { p2p }: NodeConfig, network: Network): Finding {
  const id = 'node.p2p';
  if (p2p === undefined || answer === undefined) return quiet(id, 'Off.');
  const at = p2p.host.includes(':') ? `[${p2p.host}]:${p2p.port}` : `${p2p.host}:${p2p.port}`;
  if (answer.ok) {
    const who = answer.userAgent || 'a node without a name';
    return green(id, `${who} answers at ${at}: new blocks are told within some 10 ms.`);
  }
  const { end } = answer;
  // A port that nobody asked for may be closed.
  if (p2p.isAuto && (end.kind === 'unreachable' || end.kind === 'no-answer')) {
    return quiet(id, `The node’s P2P port ${at} is closed to KPSS; ${POLLING_DOES_IT}.`);
  }
  return deaf(id, connectionEndText(end, at, `${network.coin} ${network.name}`));
}

/** @param text what is wrong with a signal, and what to do about it, in the words of the log */
function deaf(id: CheckId, text: string): Finding {
  const [what = text, ...cures] = text.split(NEXT_SENTENCE);
  // The doctor looks once.
  const cure = cures.filter((sentence) => !/^KPSS (keeps trying|tries again)\.$/.test(sentence)).join(' ');
  const sentence = `${what.replace(/\.$/, '')}; ${POLLING_DOES_IT}.`;
  return yellow(id, sentence, cure || 'Look into the node’s debug.log.');
}

function judgeZmq(report: SignalFacts['zmq'], { zmq }: NodeConfig): Finding {
  const id = 'node.zmq';
  if (zmq === undefined || report === undefined)
    return quiet(id, 'Off: no zmq endpoint is set, and none is needed.');
  if (report.state === 'on')
    return green(id, `Somebody announces at the ZMQ endpoint ${zmq}: new blocks are told within some ms.`);
  return deaf(id, report.sentence);
}

/** It is never tried: an abandoned one keeps a thread of the node until the next block. */
function judgeLongPoll({ longPoll }: NodeConfig): Finding {
  if (!longPoll) return quiet('node.long-poll', 'Off, which is as good: polling costs the node less.');
  return yellow(
    'node.long-poll',
    'Long polling is on. It holds one of the node’s four RPC threads all the time, and each restart of KPSS leaves one more behind until the next block.',
    'Unless polling is too slow for you, switch it off; the P2P signal is as fast.',
  );
}
