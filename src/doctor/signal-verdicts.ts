import type { NodeConfig, TipsConfig } from '../config/types.ts';
import type { Answer } from './ask-node.ts';
import { type Finding, green, skipped, wordsOf, yellow } from './check.ts';
import type { TcpAnswer } from './tcp.ts';

/** What was found out about the ways in which a node tells of new blocks; undefined where one is not configured. */
export interface SignalFacts {
  readonly tips: readonly Answer[];
  readonly p2p: TcpAnswer | undefined;
  readonly zmq: TcpAnswer | undefined;
}

const POLLING_DOES_IT = 'polling does the work meanwhile';

/** None of them is red: polling is always there, and a block found on a tip that is some 100 ms old is still a block. */
export function judgeSignals(facts: SignalFacts, node: NodeConfig, { pollMs }: TipsConfig): Finding[] {
  return [
    judgePolling(facts.tips, pollMs),
    judgeP2p(facts.p2p, node),
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

function judgeP2p(answer: TcpAnswer | undefined, { p2p }: NodeConfig): Finding {
  if (p2p === undefined || answer === undefined) return skipped('node.p2p', 'the P2P signal is off');
  const where = `${p2p.host}:${p2p.port}`;
  if (answer.ok)
    return green('node.p2p', `The P2P port ${where} is open: new blocks are told within some 10 ms.`);
  if (p2p.isAuto) {
    const why = `its P2P port ${where} does not answer (${answer.reason}), which is as good where polling is quick`;
    return skipped('node.p2p', why);
  }
  return yellow(
    'node.p2p',
    `The P2P port ${where} does not answer (${answer.reason}); ${POLLING_DOES_IT}.`,
    'Let the port through the firewall between, and take listen=0 out of raven.conf.',
  );
}

function judgeZmq(answer: TcpAnswer | undefined, { zmq }: NodeConfig): Finding {
  if (zmq === undefined || answer === undefined) return skipped('node.zmq', 'no zmq endpoint is set');
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
  if (!longPoll) return skipped('node.long-poll', 'it is off, which is as good: polling costs less');
  return yellow(
    'node.long-poll',
    'Long polling is on. It holds one of the node’s four RPC threads all the time, and each restart of KPSS leaves one more behind until the next block.',
    'Unless polling is too slow for you, switch it off; the P2P signal is as fast.',
  );
}
