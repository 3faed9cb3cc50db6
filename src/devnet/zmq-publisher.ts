import { hexToBytes, uint32Le } from '../chain/bytes.ts';
import { DEVNET_HOST } from './http.ts';

const TOPIC = 'hashblock';

/** ravend's zmqpubhashblock: topic, block hash in display order, counter per topic from 0. */
export interface ZmqPublisher {
  /** `tcp://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** @param hashHex of a new tip, display order */
  publish(hashHex: string): void;
  /** Refuses and cuts all, as a stopped node. */
  pause(): Promise<void>;
  /** On the same port again; counts from 0. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the devnet's ZMQ port.
 * @param port 0 for any that is free
 * @throws when the optional package zeromq is missing, or the port taken
 */
export async function openZmqPublisher(port: number): Promise<ZmqPublisher> {
  const { Publisher } = await import('zeromq');
  let endpoint = `tcp://${DEVNET_HOST}:${port === 0 ? '*' : port}`;
  let socket = await bound();
  let counter = 0;
  // A socket sends one message at a time.
  let sent: Promise<unknown> = Promise.resolve();

  async function bound(): Promise<InstanceType<typeof Publisher>> {
    const publisher = new Publisher({ linger: 0 });
    await publisher.bind(endpoint);
    endpoint = publisher.lastEndpoint ?? endpoint;
    return publisher;
  }

  return {
    get endpoint() {
      return endpoint;
    },
    publish(hashHex) {
      const frames = [TOPIC, hexToBytes(hashHex), uint32Le(counter)];
      counter += 1;
      const { closed } = socket;
      if (!closed) sent = sent.then(() => socket.send(frames)).catch(() => undefined);
    },
    async pause() {
      await sent;
      socket.close();
    },
    async resume() {
      if (!socket.closed) return;
      counter = 0;
      socket = await bound();
    },
    async close() {
      await sent;
      socket.close();
    },
  };
}
