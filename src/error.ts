/**
 * A failure of the outside world (a node, a file, a socket, a configuration) with a code that stays the same
 * between releases. Each service catches it in one place and retries, degrades or stops. Expected outcomes, such as
 * a stale share, are values and never this.
 *
 * Every code is listed in docs/errors.md with its cause and cure; a test holds that list against the code.
 */
export class KpssError extends Error {
  override readonly name: string = 'KpssError';
  /** For example `KPSS_RPC_TIMEOUT`. */
  readonly code: string;
  /** What helps to find the cause; never a password, never a whole block. */
  readonly context: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    options: { context?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.context = options.context ?? {};
  }
}

/** Why a port cannot be opened, for the sentence that says so. */
export function listenTrouble(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'another program uses this port';
    case 'EACCES':
      return 'this port needs more rights; take one above 1023';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    default:
      return error.message;
  }
}
