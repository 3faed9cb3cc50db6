/**
 * What the pure parts and the services need from outside, as arguments: time, chance, a node, a log. The real ones are
 * in src/clock.ts, node/rpc-client.ts and cli/log.ts; tests and simulations bring their own.
 */

/** A pending call. */
export interface Timer {
  /** Nothing happens when it has run or was cancelled already. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since 1970, never going back within one process. */
  nowMs(): number;
  setTimer(delayMs: number, callback: () => void): Timer;
}

export interface RandomSource {
  bytes(length: number): Uint8Array;
}

/** One node's JSON-RPC. */
export interface NodeRpc {
  /**
   * @param params with `areHex` texts of hex digits only: they go out as they are, since escaping a whole block costs
   *   more than everything else that a candidate has to wait for
   * @returns the `result` member; integers beyond 2^53 as bigint
   * @throws RpcError (node/rpc-error.ts) on any failure
   */
  call(method: string, params?: readonly unknown[], options?: NodeCallOptions): Promise<unknown>;
}

/** What one call may take; the client has its own bounds for what is left out. */
export interface NodeCallOptions {
  readonly timeoutMs?: number;
  /** A longer answer is garbage. */
  readonly answerBytesMax?: number;
  /** The parameters are texts of hex digits, and go out as they are. */
  readonly areHex?: boolean;
}

type LogCall = (fields: object, message: string) => void;

/** The part of pino that services use. Levels are defined in CONTRIBUTING.md. */
export interface Log {
  readonly debug: LogCall;
  readonly info: LogCall;
  readonly warn: LogCall;
  readonly error: LogCall;
}
