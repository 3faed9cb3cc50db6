import type { Clock, Timer } from '../mining/ports.ts';

/**
 * How long a refused connection is left open. kawpowminer comes back the moment it is closed, two thousand times a second;
 * like this, every 2.5 s.
 */
export const HELD_FOR_MS = 2_500;
/** Each takes some 4 KiB, unread: 4 MiB in all. Whoever is refused beyond them is cut off at once. */
export const HELD_MAX = 1_000;

/** What is needed of a socket that nobody reads. */
export interface HeldSocket {
  destroy(): unknown;
  /** Leaves no trace in the system's tables. Never below TLS: there it has ended Node.js 24 with a segmentation fault. */
  resetAndDestroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** Where refused connections wait for their end. */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #held = new Map<HeldSocket, Timer>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#held.size;
  }

  /** @param socket paused */
  hold(socket: HeldSocket): void {
    if (this.#held.size >= HELD_MAX) {
      socket.resetAndDestroy();
      return;
    }
    const timer = this.#clock.setTimer(HELD_FOR_MS, () => socket.destroy());
    this.#held.set(socket, timer);
    socket.once('close', () => {
      this.#held.get(socket)?.cancel();
      this.#held.delete(socket);
    });
  }

  close(): void {
    for (const socket of this.#held.keys()) socket.destroy();
  }
}
