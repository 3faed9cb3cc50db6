/** Ways of hearing of a new block. Each only says that there may be one: what the tip is, a node's own answers say. */
export type SignalName = 'poll' | 'p2p' | 'zmq' | 'long-poll' | 'notify';

/** How one signal from one node is doing. */
export interface SignalReport {
  readonly signal: SignalName;
  /** The node it comes from. */
  readonly node: string;
  readonly state: 'connecting' | 'on' | 'failed' | 'off';
  /** For the owner: what it listens to, or what is wrong and what to do about it; whole sentences. */
  readonly sentence: string;
}

/** Something that listens to one node until it is stopped, and connects again by itself. Never throws. */
export interface TipSignal {
  start(): void;
  /** No callback comes after the call. */
  stop(): Promise<void>;
  report(): SignalReport;
  /** The node is back: whoever waits before the next attempt may make it now. */
  wake?(): void;
}

/** What every signal is given. */
export interface TipSignalHandlers {
  /**
   * A block was announced; the same one may be more than once, and it need not become the tip.
   * @param hashHex display order, lower case
   */
  readonly onTip: (hashHex: string) => void;
  /** The report changed. */
  readonly onReport: (report: SignalReport) => void;
}
