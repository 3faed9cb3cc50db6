import type { NodeRpc } from '../../src/mining/ports.ts';
import { RpcError, type RpcErrorKind } from '../../src/node/rpc-error.ts';
import type { SeededRandom } from './random.ts';
import type { OwnedClock } from './sim-clock.ts';
import type { SimNode } from './sim-node.ts';

/** Of calls without a time of their own; the real client has the same order of magnitude. */
const DEFAULT_TIMEOUT_MS = 10_000;

interface SimRpcModules {
  readonly node: SimNode;
  /** The world's: requests that were sent arrive even when the sender is gone. */
  readonly network: OwnedClock;
  /** The sender's: timeouts, and answers, which reach nobody when it is gone. */
  readonly clock: OwnedClock;
  readonly random: SeededRandom;
  /** A request was handed over. */
  readonly onCall: (node: SimNode, method: string, params: readonly unknown[]) => void;
  /** An answer came back in time, or the failure that took its place. */
  readonly onAnswer: (node: SimNode, method: string, params: readonly unknown[], answer: unknown) => void;
}

/** The way to one node, with what can go wrong on it: the port that the real rpc-client.ts implements over HTTP. */
export class SimRpc implements NodeRpc {
  readonly #modules: SimRpcModules;
  readonly #open = new Set<(error: RpcError) => void>();
  #closed = false;

  constructor(modules: SimRpcModules) {
    this.#modules = modules;
  }

  /** Calls that wait for their answer. */
  get open(): number {
    return this.#open.size;
  }

  call(
    method: string,
    params: readonly unknown[] = [],
    options: { timeoutMs?: number } = {},
  ): Promise<unknown> {
    const { clock, node, onCall, onAnswer } = this.#modules;
    if (this.#closed) return Promise.reject(new RpcError('closed', 'closed', { mayHaveActed: false }));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    onCall(node, method, params);
    const end = (how: { result: unknown } | { error: RpcError }): void => {
      if (!this.#open.delete(fail)) return;
      timer.cancel();
      onAnswer(node, method, params, 'result' in how ? how.result : how.error);
      if ('result' in how) resolve(how.result);
      else reject(how.error);
    };
    const fail = (error: RpcError): void => end({ error });
    const timer = clock.setTimer(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, () =>
      fail(this.#error('timeout', method)),
    );
    this.#open.add(fail);
    this.#send(method, params, end);
    return promise;
  }

  close(): void {
    this.#closed = true;
    for (const fail of this.#open) fail(new RpcError('closed', 'the client was closed'));
  }

  #send(
    method: string,
    params: readonly unknown[],
    end: (how: { result: unknown } | { error: RpcError }) => void,
  ): void {
    const { network, clock, node, random } = this.#modules;
    const { fault } = node;
    if (fault === 'unreachable' || fault === 'down') {
      clock.setTimer(1, () => end({ error: this.#error('unreachable', method, false) }));
      return;
    }
    const oneWayMs = random.pick([0.2, 0.5, 1, 3, 12]);
    network.setTimer(oneWayMs, () => {
      const { boots } = node;
      const how = this.#actOn(method, params);
      if (how === undefined) return;
      const backMs = oneWayMs + (node.fault === 'slow' ? random.int(300, 9_000) : 0);
      clock.setTimer(backMs, () => {
        const isCut = node.boots !== boots || node.fault === 'unreachable';
        end(isCut ? { error: this.#error('unreachable', method, true) } : how);
      });
    });
  }

  /** @returns undefined when no answer will come */
  #actOn(method: string, params: readonly unknown[]): { result: unknown } | { error: RpcError } | undefined {
    const { node, random } = this.#modules;
    const act = (): { result: unknown } | { error: RpcError } => {
      try {
        return { result: node.answer(method, params) };
      } catch (error) {
        return { error: error as RpcError };
      }
    };
    const needsChain = method === 'getblocktemplate';
    switch (node.fault) {
      case 'down':
      case 'unreachable':
        return { error: this.#error('unreachable', method, true) };
      case 'hanging':
        // What it did, nobody hears of.
        if (random.chance(0.5)) act();
        return undefined;
      case 'garbage':
        if (random.chance(0.5)) act();
        return { error: this.#error('garbage', method, true) };
      case 'nonsense':
        if (random.chance(0.5)) act();
        return this.#nonsense(method);
      case 'failing':
        if (random.chance(0.5)) act();
        return { error: this.#error('rpc', method, true, -32603) };
      case 'warming-up':
        return { error: this.#error('warming-up', method, false, -28) };
      case 'busy':
        return random.chance(0.7) ? { error: this.#error('busy', method, false) } : act();
      case 'unauthorized':
        return { error: this.#error('unauthorized', method, false) };
      case 'no-peers':
        return needsChain ? { error: this.#error('not-connected', method, false, -9) } : act();
      case 'downloading':
        return needsChain ? { error: this.#error('downloading', method, false, -10) } : act();
      default:
        return act();
    }
  }

  /** Something else speaks JSON-RPC there, or the node has a fault: results of the wrong kind. */
  #nonsense(method: string): { result: unknown } {
    const { random } = this.#modules;
    const any: readonly unknown[] = [true, 17, {}, [], 'zz', '', { height: 'one' }];
    // A word in place of null would be a refusal, and a node's last word.
    if (method === 'submitblock') return { result: random.pick([true, 17, {}, []]) };
    return { result: random.pick(any) };
  }

  #error(kind: RpcErrorKind, method: string, mayHaveActed?: boolean, rpcCode?: number): RpcError {
    return new RpcError(kind, `${method}: simulated ${kind}`, {
      context: { method },
      ...(mayHaveActed !== undefined && { mayHaveActed }),
      ...(rpcCode !== undefined && { rpcCode, rpcMessage: `simulated ${rpcCode}` }),
    });
  }
}
