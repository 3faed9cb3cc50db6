import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { OwnedClock } from './sim-clock.ts';

/** What the two systems hold of bytes that a miner does not take, less than real ones do, so that little floods fill it. */
const SYSTEM_BYTES = 8 * 1024;

interface SimSocketModules {
  /** Of the process that has the socket. */
  readonly clock: OwnedClock;
  /** Whether the miner takes what is written. */
  readonly isRead: boolean;
  /** Brings text to the miner, in order. */
  readonly deliver: (text: string) => void;
}

/**
 * A socket as the real connection uses it, without a network: what arrives waits while it is paused, the end of it too;
 * what is written and not taken piles up; it closes in a later turn, once.
 */
export class SimSocket extends EventEmitter {
  readonly #modules: SimSocketModules;
  /** The miner's bytes that were not read yet; undefined is its goodbye. */
  #arrived: (Uint8Array | undefined)[] = [];
  #isPaused = false;
  #isEnding = false;
  #isDestroyed = false;
  #untakenBytes = 0;

  constructor(modules: SimSocketModules) {
    super();
    this.#modules = modules;
  }

  /** The same, for who takes real ones. */
  asSocket(): Socket {
    return this as unknown as Socket;
  }

  get writable(): boolean {
    return !this.#isEnding && !this.#isDestroyed;
  }

  /** Bytes that this process still holds. */
  get writableLength(): number {
    return Math.max(0, this.#untakenBytes - SYSTEM_BYTES);
  }

  write(text: string): boolean {
    if (!this.writable) throw new Error('written after the end');
    if (this.#modules.isRead) this.#modules.deliver(text);
    else this.#untakenBytes += text.length;
    return this.writableLength === 0;
  }

  pause(): this {
    this.#isPaused = true;
    return this;
  }

  /** What waits comes in a later turn. */
  resume(): this {
    if (!this.#isPaused) return this;
    this.#isPaused = false;
    this.#modules.clock.setTimer(0, () => this.#pump());
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  /** Ends when all is written. */
  destroySoon(): void {
    this.#isEnding = true;
    if (this.writableLength === 0) this.destroy();
  }

  destroy(): this {
    if (this.#isDestroyed) return this;
    this.#isDestroyed = true;
    this.#modules.clock.setTimer(0, () => this.emit('close'));
    return this;
  }

  /** From the miner. @param chunk undefined when it says goodbye */
  arrive(chunk: Uint8Array | undefined): void {
    this.#arrived.push(chunk);
    if (this.#arrived.length === 1) this.#pump();
  }

  /** One chunk in a turn, as they come from a network. */
  #pump(): void {
    if (this.#isPaused || this.#isDestroyed || this.#arrived.length === 0) return;
    const chunk = this.#arrived.shift();
    if (chunk !== undefined) this.emit('data', chunk);
    else {
      this.emit('end');
      this.destroySoon();
    }
    if (this.#arrived.length > 0 && !this.#isPaused) this.#modules.clock.setTimer(0, () => this.#pump());
  }
}
