/** ravend's JSON-RPC error codes (Ravencoin Core, src/rpc/protocol.h) as far as this node answers them. */
export const RPC_CODES = {
  misc: -1,
  notFound: -5,
  invalidParameter: -8,
  notConnected: -9,
  downloading: -10,
  deserialization: -22,
  warmingUp: -28,
  typeError: -3,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  parse: -32700,
} as const;

/** An error that goes to the caller of the RPC as it is; it never leaves the devnet's HTTP server. */
export class RpcFailure extends Error {
  override readonly name = 'RpcFailure';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
