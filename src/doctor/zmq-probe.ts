import type { Clock } from '../mining/ports.ts';
import type { SignalReport } from '../node/tip-signal.ts';
import { createZmqSignal } from '../node/zmq-signal.ts';
import { subscribeWithZeromq, type ZmqSubscribe } from '../node/zmq-subscriber.ts';

/** A handshake takes some round trips; a packet that was dropped is sent again after a second. */
const HANDSHAKE_MS_MAX = 2_500;

/**
 * Subscribes at a node's ZMQ endpoint as a mining KPSS does, and hangs up: a port that is open, as the near end of an ssh
 * tunnel always is, does not mean that somebody announces blocks there. Never rejects.
 * @param subscribe loads the optional package zeromq when left out
 * @returns what the signal first says of itself: `on`, or `failed` or `off` with what to do
 */
export async function tryZmq(
  endpoint: string,
  clock: Clock,
  subscribe: ZmqSubscribe = subscribeWithZeromq,
): Promise<SignalReport> {
  const { promise, resolve } = Promise.withResolvers<SignalReport>();
  const signal = createZmqSignal(
    { node: endpoint, endpoint, onTip() {}, onReport: resolve },
    { clock, log: { warn() {} }, subscribe },
  );
  const timer = clock.setTimer(HANDSHAKE_MS_MAX, () =>
    resolve({
      ...signal.report(),
      state: 'failed',
      sentence: `${endpoint} does not answer in time. Make sure that no firewall stands before it, and that it is what raven.conf has in zmqpubhashblock.`,
    }),
  );
  signal.start();
  const report = await promise;
  timer.cancel();
  await signal.stop();
  return report;
}
