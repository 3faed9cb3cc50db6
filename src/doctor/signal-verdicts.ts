import type { Network } from '../chain/coins.ts';
import type { InstanceConfig, NodeConfig } from '../config/types.ts';
import { connectionEndText } from '../node/p2p-end-text.ts';
import type { Answer } from './ask-node.ts';
import { type Finding, green, NEXT_SENTENCE, quiet, skipped, wordsOf, yellow } from './check.ts';
import type { P2pAnswer } from './p2p-probe.ts';
import type { TcpAnswer } from './tcp.ts';

/** What was found out about the ways in which a node tells of new blocks; undefined where one is not configured. */
export interface SignalFacts {
  readonly tips: readonly Answer[];
  readonly p2p: P2pAnswer | undefined;
  readonly zmq: TcpAnswer | undefined;
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
  const text = connectionEndText(end, at, `${network.coin} ${network.name}`);
  const [what = text, ...cures] = text.split(NEXT_SENTENCE);
  const cure = cures.join(' ') || 'Look into the node’s debug.log.';
  return yellow(id, `${what.replace(/\.$/, '')}; ${POLLING_DOES_IT}.`, cure);
}

function judgeZmq(answer: TcpAnswer | undefined, { zmq }: NodeConfig): Finding {
  if (zmq === undefined || answer === undefined)
    return quiet('node.zmq', 'Off: no zmq endpoint is set, and none is needed.');
  if (answer.ok)
    return green('node.zmq', `The ZMQ endpoint ${zmq} is open: new blocks are told within some ms.`);
  return yellow(
    'node.zmq',
    `The ZMQ endpoint ${zmq} does not answer (${answer.reason}); ${POLLING_DOES_IT}.`,
    `Put zmqpubhashblock=${zmq} into raven.conf, with an address that this machine can reach, and restart the node.`,
  );
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
