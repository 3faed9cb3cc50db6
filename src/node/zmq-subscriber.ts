/** What comes of a subscription: its connection and its messages. */
export interface ZmqHandlers {
  readonly onConnected: () => void;
  /** It is tried again without end, by itself. */
  readonly onDisconnected: () => void;
  /** An attempt to connect failed. */
  readonly onRefused: () => void;
  /** One message's frames. */
  readonly onMessage: (frames: readonly Uint8Array[]) => void;
  /** The subscription broke and will not come back by itself. */
  readonly onBroken: (error: unknown) => void;
}

export interface ZmqSubscription {
  /** No callback comes after the call. */
  close(): void;
}

/** @throws when the optional package is not installed, does not run here, or takes no such endpoint */
export type ZmqSubscribe = (
  endpoint: string,
  topic: string,
  handlers: ZmqHandlers,
) => Promise<ZmqSubscription>;

/** ravend is on the same machine or near: it is back within a second of its port, and nobody minds an attempt each. */
const RECONNECT_FIRST_MS = 100;
const RECONNECT_MAX_MS = 1_000;
/** A cable pulled, or a router that forgot the connection: noticed within a minute, since ravend itself says nothing. */
const KEEPALIVE_IDLE_S = 30;
const KEEPALIVE_INTERVAL_S = 10;
const KEEPALIVE_COUNT = 3;
/** Of a hashblock message three frames of 9, 32 and 4 bytes are expected; other topics are not subscribed to. */
const MESSAGE_BYTES_MAX = 1024;

/** Beyond these a publisher's messages are dropped: the polling sees what they told. */
const WAITING_MAX = 64;
/** What waits is read without a pause otherwise, and miners' replies would wait for it. */
const READ_PER_TURN = 8;

/** Subscribes with the package zeromq, which is loaded only now: where it is missing, nothing else suffers. */
export const subscribeWithZeromq: ZmqSubscribe = async (endpoint, topic, handlers) => {
  const { Subscriber } = await import('zeromq');
  const socket = new Subscriber({
    linger: 0,
    reconnectInterval: RECONNECT_FIRST_MS,
    reconnectMaxInterval: RECONNECT_MAX_MS,
    tcpKeepalive: 1,
    tcpKeepaliveIdle: KEEPALIVE_IDLE_S,
    tcpKeepaliveInterval: KEEPALIVE_INTERVAL_S,
    tcpKeepaliveCount: KEEPALIVE_COUNT,
    maxMessageSize: MESSAGE_BYTES_MAX,
    receiveHighWaterMark: WAITING_MAX,
  });
  let closed = false;
  const unlessClosed = (action: () => void): void => {
    if (!closed) action();
  };
  socket.events.on('handshake', () => unlessClosed(handlers.onConnected));
  socket.events.on('disconnect', () => unlessClosed(handlers.onDisconnected));
  socket.events.on('close', () => unlessClosed(handlers.onRefused));
  socket.subscribe(topic);
  try {
    socket.connect(endpoint);
  } catch (error) {
    socket.close();
    throw error;
  }
  const receive = async (): Promise<void> => {
    let read = 0;
    for await (const frames of socket) {
      if (closed) return;
      handlers.onMessage(frames);
      read += 1;
      if (read % READ_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  receive().catch((error: unknown) => unlessClosed(() => handlers.onBroken(error)));
  return {
    close: () => {
      closed = true;
      socket.close();
    },
  };
};
