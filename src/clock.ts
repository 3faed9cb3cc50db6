import { randomFillSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Clock, RandomSource, Timer } from './mining/ports.ts';

/**
 * The real clock. Its milliseconds start at the time of day and then follow the monotonic clock, so that an NTP step
 * neither fires a timeout nor stops a retarget.
 */
export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  setTimer(delayMs: number, callback: () => void): Timer {
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** @returns numbers from 0 up to but not including 1, each as likely as any other */
export function chanceFrom(random: RandomSource): () => number {
  return () => {
    const bytes = random.bytes(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
  };
}

/** The operating system's randomness. */
export const systemRandom: RandomSource = {
  bytes: (length: number) => randomFillSync(new Uint8Array(length)),
};
