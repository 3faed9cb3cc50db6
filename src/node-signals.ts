import type { Network } from './chain/coins.ts';
import type { NodeConfig } from './config/types.ts';
import { finalHash } from './kawpow/final-hash.ts';
import type { KawPow } from './kawpow/params.ts';
import type { Clock, Log, RandomSource } from './mining/ports.ts';
import { createLongPollSignal } from './node/long-poll-signal.ts';
import { P2pPeer } from './node/p2p-peer.ts';
import { createRpcClient } from './node/rpc-client.ts';
import type { SignalName, SignalReport, TipSignal, TipSignalHandlers } from './node/tip-signal.ts';
import { createZmqSignal } from './node/zmq-signal.ts';
import { subscribeWithZeromq } from './node/zmq-subscriber.ts';
import { programVersion } from './version.ts';

/** What is heard of one node besides its answers to polls. */
export interface NodeSignals {
  readonly signals: readonly TipSignal[];
  /**
   * Hands a block to the node beside its RPC, where a connection stands for it.
   * @returns whether it was written
   */
  sendBlock(blockHex: string): boolean;
}

/** Who hears of it all. */
export interface SignalListener {
  readonly onTip: (hashHex: string, signal: SignalName) => void;
  readonly onReport: (report: SignalReport) => void;
}

interface SignalsContext {
  readonly network: Network;
  readonly pow: KawPow;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
}

/** The signals that a node's configuration names. They are silent until they are started. */
export function createNodeSignals(
  config: NodeConfig,
  { onTip, onReport }: SignalListener,
  { network, pow, clock, random, log }: SignalsContext,
): NodeSignals {
  const { name: node, p2p, zmq, longPoll, url, credentials } = config;
  const { magicHex } = network;
  const handlersOf = (signal: SignalName): TipSignalHandlers => ({
    onTip: (hashHex) => onTip(hashHex, signal),
    onReport,
  });
  const peer =
    p2p === undefined || magicHex === undefined
      ? undefined
      : new P2pPeer(
          { node, ...p2p, network: { ...network, magicHex }, version: programVersion() },
          {
            clock,
            random,
            log,
            handlers: handlersOf('p2p'),
            hashOfHeader: ({ headerHash, nonce, mixHash }) => finalHash(headerHash, nonce, mixHash, pow),
          },
        );
  const signals: TipSignal[] = peer === undefined ? [] : [peer];
  if (zmq !== undefined) {
    const options = { node, endpoint: zmq, ...handlersOf('zmq') };
    signals.push(createZmqSignal(options, { clock, log, subscribe: subscribeWithZeromq }));
  }
  if (longPoll) {
    // A client of its own: its call may wait for an hour, and ends with it.
    const rpc = createRpcClient({ url, credentials, maxSockets: 1, clock });
    signals.push(createLongPollSignal({ node, ...handlersOf('long-poll') }, { rpc, clock }));
  }
  return { signals, sendBlock: (blockHex) => peer?.sendBlock(blockHex) ?? false };
}
