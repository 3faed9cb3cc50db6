import { KpssError } from '../error.ts';

/** One stable code per kind of failure; docs/errors.md says what each means and what to do about it. */
const CODES = {
  unauthorized: 'KPSS_RPC_UNAUTHORIZED',
  cookie: 'KPSS_RPC_COOKIE',
  forbidden: 'KPSS_RPC_FORBIDDEN',
  'warming-up': 'KPSS_RPC_WARMING_UP',
  'not-connected': 'KPSS_RPC_NOT_CONNECTED',
  downloading: 'KPSS_RPC_DOWNLOADING',
  busy: 'KPSS_RPC_BUSY',
  unreachable: 'KPSS_RPC_UNREACHABLE',
  timeout: 'KPSS_RPC_TIMEOUT',
  garbage: 'KPSS_RPC_GARBAGE',
  'method-not-found': 'KPSS_RPC_METHOD_NOT_FOUND',
  'too-large': 'KPSS_RPC_TOO_LARGE',
  closed: 'KPSS_RPC_CLOSED',
  rpc: 'KPSS_RPC_ANSWER',
} as const;

/**
 * What went wrong, seen from the caller: no use of the credentials (`unauthorized`, `cookie`, `forbidden`), a node that
 * is not ready (`warming-up` -28, `not-connected` -9, `downloading` -10, `busy`), no answer (`unreachable`, `timeout`,
 * `closed` by ourselves), an answer that is not a node's (`garbage`), or a proper refusal (`method-not-found`,
 * `too-large`, and `rpc` for every other JSON-RPC error).
 */
export type RpcErrorKind = keyof typeof CODES;

interface RpcErrorOptions {
  /** The JSON-RPC error code, for example -22. */
  rpcCode?: number;
  /** The node's own words. */
  rpcMessage?: string;
  /** Whether the node may have acted on the request although we got no proper answer. */
  mayHaveActed?: boolean;
  context?: Record<string, unknown>;
  cause?: unknown;
}

/** Without a word from the node we cannot know that it did not act; in these cases we do know, or suspect it did. */
const MAY_HAVE_ACTED: ReadonlySet<RpcErrorKind> = new Set([
  'unreachable',
  'timeout',
  'garbage',
  'closed',
  'rpc',
]);

/** Asking the same thing again cannot help: the node understood, and refused, or we ourselves hung up. */
const FINAL: ReadonlySet<RpcErrorKind> = new Set(['method-not-found', 'too-large', 'closed', 'rpc']);

/**
 * For calls whose answer is a hash, a header or a few numbers (ravend's are below 4 KiB): a larger one is garbage, and
 * is not read to its end every quarter of a second.
 */
export const SMALL_ANSWER_BYTES_MAX = 64 * 1024;

/** A call to a node that failed. The message, like the context, never holds a password or a whole block. */
export class RpcError extends KpssError {
  override readonly name = 'RpcError';
  readonly kind: RpcErrorKind;
  readonly rpcCode?: number;
  readonly rpcMessage?: string;
  /** False only when it is certain that the node did nothing; a submitted block may be in the chain otherwise. */
  readonly mayHaveActed: boolean;

  constructor(kind: RpcErrorKind, message: string, options: RpcErrorOptions = {}) {
    super(CODES[kind], message, {
      cause: options.cause,
      ...(options.context === undefined ? {} : { context: options.context }),
    });
    this.kind = kind;
    if (options.rpcCode !== undefined) this.rpcCode = options.rpcCode;
    if (options.rpcMessage !== undefined) this.rpcMessage = options.rpcMessage;
    this.mayHaveActed = options.mayHaveActed ?? MAY_HAVE_ACTED.has(kind);
  }
}

/** The same failure after an earlier sending of the request that the node may have acted on. */
export function afterLostAnswer(error: RpcError): RpcError {
  if (error.mayHaveActed) return error;
  return new RpcError(error.kind, error.message, {
    ...(error.rpcCode === undefined ? {} : { rpcCode: error.rpcCode }),
    ...(error.rpcMessage === undefined ? {} : { rpcMessage: error.rpcMessage }),
    mayHaveActed: true,
    context: error.context,
    cause: error.cause,
  });
}

/** Whether the same request may succeed later, by itself or because the owner mended something at the node. */
export function isTransient(error: unknown): boolean {
  return error instanceof RpcError && !FINAL.has(error.kind);
}

/** RPC_INVALID_ADDRESS_OR_KEY: for calls about a block it means that the node does not have it. */
const UNKNOWN_BLOCK_CODE = -5;

/** Whether a node said that it does not know a block. */
export function isUnknownBlock(error: unknown): boolean {
  return error instanceof RpcError && error.rpcCode === UNKNOWN_BLOCK_CODE;
}
