import type { NodeRpc } from '../../src/mining/ports.ts';

/** A call that waits for the test to answer it. */
export interface HeldCall {
  readonly method: string;
  readonly params: readonly unknown[];
  answer(result: unknown): void;
  fail(error: unknown): void;
}

export interface ScriptedRpc extends NodeRpc {
  /** Every call so far. */
  readonly calls: readonly {
    readonly method: string;
    readonly params: readonly unknown[];
    readonly timeoutMs: number;
  }[];
  /** Calls of these methods wait for the test from now on; the others are answered by the script. */
  hold(...methods: string[]): void;
  /** The longest waiting call of this method, taken off the queue. */
  take(method: string): HeldCall;
  /** How many calls of this method were made. */
  count(method: string): number;
  /** The most calls of this method that were ever under way at the same time. */
  atOnce(method: string): number;
}

/**
 * A node without sockets: answers each call with what the script returns, or fails with what it throws.
 * @param script may return a promise, to answer later
 */
export function createScriptedRpc(
  script: (method: string, params: readonly unknown[]) => unknown,
): ScriptedRpc {
  const calls: { method: string; params: readonly unknown[]; timeoutMs: number }[] = [];
  const waiting: HeldCall[] = [];
  const held = new Set<string>();
  const underWay = new Map<string, number>();
  const most = new Map<string, number>();

  const begin = (method: string, params: readonly unknown[]): Promise<unknown> => {
    if (!held.has(method)) return new Promise((resolve) => resolve(script(method, params)));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    waiting.push({ method, params, answer: resolve, fail: reject });
    return promise;
  };

  return {
    calls,
    call(method, params = [], options = {}): Promise<unknown> {
      calls.push({ method, params, timeoutMs: options.timeoutMs ?? 0 });
      const now = (underWay.get(method) ?? 0) + 1;
      underWay.set(method, now);
      most.set(method, Math.max(now, most.get(method) ?? 0));
      return begin(method, params).finally(() => underWay.set(method, (underWay.get(method) ?? 1) - 1));
    },
    hold(...methods: string[]): void {
      held.clear();
      for (const method of methods) held.add(method);
    },
    take(method: string): HeldCall {
      const at = waiting.findIndex((call) => call.method === method);
      const [call] = at < 0 ? [] : waiting.splice(at, 1);
      if (call === undefined) throw new Error(`no ${method} is waiting`);
      return call;
    },
    count: (method) => calls.filter((call) => call.method === method).length,
    atOnce: (method) => most.get(method) ?? 0,
  };
}

/** A log that keeps its lines. */
export interface KeptLog {
  readonly lines: { level: string; fields: object; message: string }[];
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export function createKeptLog(): KeptLog {
  const lines: KeptLog['lines'] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
