import assert from 'node:assert/strict';
import { createVerifierPool, type VerifierEvent, type VerifierPoolOptions } from '../../src/kawpow/pool.ts';
import type { Verdict, VerifierPool, VerifyRequest } from '../../src/kawpow/verifier.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';
import { FakeThreads, fakeMixHash } from './fake-threads.ts';

export interface PoolHarness {
  readonly threads: FakeThreads;
  readonly pool: VerifierPool;
  readonly events: VerifierEvent[];
}

/** A pool over threads that do nothing until a test says so. */
export function setUpPool(options: VerifierPoolOptions = {}): PoolHarness {
  const threads = new FakeThreads();
  const events: VerifierEvent[] = [];
  const pool = createVerifierPool({ ...options, onEvent: (event) => events.push(event) }, threads);
  return { threads, pool, events };
}

/** A pool whose epoch 0 is ready and whose workers are idle. */
export function setUpReadyPool(options: VerifierPoolOptions = {}): PoolHarness {
  const parts = setUpPool(options);
  void parts.pool.prepare(0);
  parts.threads.builder.finish();
  return parts;
}

/** A ready pool with a virtual clock, and chance that can be repeated. */
export function setUpTimedPool(
  options: VerifierPoolOptions = {},
): PoolHarness & { clock: VirtualClock; random: () => number } {
  const clock = createVirtualClock();
  const random = createRandom();
  return { ...setUpReadyPool({ clock, random, ...options }), clock, random };
}

/** A request whose claim is right. */
export function shareOf(nonce: number, change: Partial<VerifyRequest> = {}): VerifyRequest {
  const headerHash = new Uint8Array(32);
  const claimedMixHash = fakeMixHash(BigInt(nonce));
  const usual = {
    height: 0,
    headerHash,
    nonce: BigInt(nonce),
    claimedMixHash,
    sessionId: 's',
    urgent: false,
  };
  return { ...usual, ...change };
}

/** One whose claim is wrong. */
export function falseShareOf(nonce: number, change: Partial<VerifyRequest> = {}): VerifyRequest {
  return shareOf(nonce, { claimedMixHash: fakeMixHash(BigInt(nonce + 1)), ...change });
}

/** Answers everything that waits, one after the other. @returns the nonces in the order they were worked on */
export function workOff(threads: FakeThreads): number[] {
  const order: number[] = [];
  while (threads.worker.batch.length > 0) {
    order.push(...threads.worker.batch.map(({ nonce }) => Number(nonce)));
    threads.worker.answer();
  }
  return order;
}

/** From now on every thread answers each batch by itself, at this speed. */
export function workAt(hashesPerS: number, { threads }: PoolHarness, clock: VirtualClock): void {
  threads.onBatch = (worker) => {
    const batch = worker.batch;
    clock.setTimer((batch.length / hashesPerS) * 1000, () => {
      if (worker.batch === batch) worker.answer();
    });
  };
}

export function reasonOf(verdict: Verdict): string {
  return verdict.ok ? `ok, ${verdict.valid ? 'valid' : 'not valid'}` : verdict.reason;
}

/** So few newcomers at a time are verified whole, even at 200 hashes a second. */
const NEWCOMERS_AT_ONCE = 20;

/** Sessions earn their trust, and the pool learns how fast it is. The clock goes on for some seconds. */
export async function earnTrust(
  sessionIds: readonly string[],
  { pool }: PoolHarness,
  clock: VirtualClock,
): Promise<void> {
  for (let round = 0; round < 4; round++) {
    for (let first = 0; first < sessionIds.length; first += NEWCOMERS_AT_ONCE) {
      const group = sessionIds.slice(first, first + NEWCOMERS_AT_ONCE);
      const verdicts = group.map((sessionId) => pool.verify(shareOf(round, { sessionId })));
      await clock.advance(5_000);
      for (const verdict of verdicts) assert.equal(reasonOf(await verdict), 'ok, valid');
    }
  }
}

/** 0 … 1, the same row each time: a linear congruential generator, with the constants of Numerical Recipes. */
function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
