import type { Clock, Timer } from '../mining/ports.ts';
import type { Chain } from './chain.ts';
import type { Mempool } from './mempool.ts';
import { RPC_CODES, RpcFailure } from './rpc-failure.ts';

/** New transactions alone answer a long poll after a minute at the earliest, then they are looked for every 10 s. */
const FIRST_LOOK_MS = 60_000;
const NEXT_LOOK_MS = 10_000;

/** What a caller of getblocktemplate has: the tip and the mempool's state. */
interface LongPollId {
  readonly tip: string;
  readonly updates: number;
}

/**
 * 64 hex digits of the tip, then the count of mempool updates; anything may follow.
 * @throws RpcFailure where it is shorter: ravend passes on what its C++ library says of that
 */
export function parseLongPollId(text: string): LongPollId {
  if (text.length < 64) {
    const complaint = `basic_string::substr: __pos (which is 64) > this->size() (which is ${text.length})`;
    throw new RpcFailure(RPC_CODES.misc, complaint);
  }
  return { tip: text.slice(0, 64).toLowerCase(), updates: Number.parseInt(text.slice(64), 10) || 0 };
}

/** Callers of getblocktemplate that wait for something new. */
export class LongPolls {
  readonly #modules: { chain: Chain; mempool: Mempool; clock: Clock };
  readonly #waiting = new Set<() => void>();

  constructor(modules: { chain: Chain; mempool: Mempool; clock: Clock }) {
    this.#modules = modules;
    modules.chain.onTipChange(() => {
      for (const look of [...this.#waiting]) look();
    });
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves when the tip is another one, at once where it is already, or after a minute or more when there are other
   * transactions.
   * @param signal the caller has gone or the node stops; nothing is left behind
   * @throws RpcFailure when the signal comes first
   */
  wait(id: LongPollId, signal: AbortSignal): Promise<void> {
    const { chain, mempool, clock } = this.#modules;
    if (chain.tip.hash !== id.tip) return Promise.resolve();
    return new Promise((resolve, reject) => {
      let timer: Timer;
      const finish = (settle: () => void): void => {
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        this.#waiting.delete(onTip);
        settle();
      };
      const onAbort = (): void =>
        finish(() => reject(new RpcFailure(RPC_CODES.notConnected, 'Shutting down')));
      const onTip = (): void => {
        if (chain.tip.hash !== id.tip) finish(resolve);
      };
      const onLook = (): void => {
        if (mempool.updates !== id.updates) finish(resolve);
        else timer = clock.setTimer(NEXT_LOOK_MS, onLook);
      };
      timer = clock.setTimer(FIRST_LOOK_MS, onLook);
      this.#waiting.add(onTip);
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
    });
  }
}
