import type { Clock } from '../mining/ports.ts';

/**
 * How many notices may follow each other at once: as many tips as a node may tell of when a reorganisation brings
 * several blocks.
 */
const AT_ONCE_MAX = 4;
/** Then one in this time. Each costs the node a template and every miner a job; blocks come one in a minute. */
const GAP_MS = 1_000;

/** What a request says of the tip: a hash in display hex and lower case, or only that there may be a new one. */
export type NotifiedHash =
  | { readonly ok: true; readonly hashHex: string | undefined }
  | { readonly ok: false; readonly reason: string };

/**
 * Finds the block hash in a notify request: in `?hash=`, or in the body, alone, as `hash=…` or as `{"hash":"…"}`.
 * @param query what stands after `?hash=`, if anything; a list when it stands there twice
 * @param body as it came
 */
export function readNotifiedHash(query: unknown, body: string): NotifiedHash {
  const inBody = hashInBody(body.trim());
  const found = query ?? inBody;
  if (found === undefined || found === '') return { ok: true, hashHex: undefined };
  if (query !== undefined && inBody !== undefined && query !== inBody) {
    return {
      ok: false,
      reason: 'there is one hash in the address and another one in the body: send it once',
    };
  }
  if (typeof found === 'string' && /^[0-9a-f]{64}$/i.test(found)) {
    return { ok: true, hashHex: found.toLowerCase() };
  }
  return {
    ok: false,
    reason: `a block hash has 64 hex digits, and this ${got(found)}; in raven.conf it is written as hash=%s`,
  };
}

function hashInBody(body: string): unknown {
  if (body === '') return undefined;
  if (!body.startsWith('{')) return body.replace(/^hash=/, '');
  try {
    return (JSON.parse(body) as { readonly hash?: unknown }).hash ?? '';
  } catch {
    return body;
  }
}

/** Nothing of what came is repeated: what shows an error may not expect a stranger's text. */
function got(found: unknown): string {
  return typeof found === 'string' ? `has ${found.length} characters` : 'is none';
}

/**
 * Lets notices of one instance through: some at once, a flood as one a second. What a notice says is never lost: those
 * that wait become one, without a hash where they told different ones, since which is right only the node can say.
 */
export class NotifyGate {
  readonly #clock: Clock;
  readonly #tell: (hashHex: string | undefined) => void;
  /** When the next one would be due if they came evenly; see the generic cell rate algorithm. */
  #dueMs = Number.NEGATIVE_INFINITY;
  #waiting: { readonly hashHex: string | undefined } | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, tell: (hashHex: string | undefined) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  take(hashHex: string | undefined): void {
    if (this.#waiting !== undefined) {
      if (this.#waiting.hashHex !== hashHex) this.#waiting = { hashHex: undefined };
      return;
    }
    const waitMs = this.#dueMs - GAP_MS * (AT_ONCE_MAX - 1) - this.#clock.nowMs();
    if (waitMs <= 0) {
      this.#pass(hashHex);
      return;
    }
    this.#waiting = { hashHex };
    const timer = this.#clock.setTimer(waitMs, () => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      this.#pass(waiting?.hashHex);
    });
    this.#cancelTimer = () => timer.cancel();
  }

  /** Forgets what waits. */
  close(): void {
    this.#cancelTimer?.();
    this.#waiting = undefined;
  }

  #pass(hashHex: string | undefined): void {
    this.#dueMs = Math.max(this.#dueMs, this.#clock.nowMs()) + GAP_MS;
    this.#tell(hashHex);
  }
}
