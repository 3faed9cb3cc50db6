import { KpssError } from '../error.ts';
import { assertEpoch, epochMax } from './epoch.ts';
import { KAWPOW, type KawPow } from './params.ts';
import { type Asker, Pool } from './pool-core.ts';
import type { VerifierPoolOptions } from './pool-options.ts';
import type { EpochMemory } from './thread-messages.ts';
import { type ThreadStarter, workerThreads } from './threads.ts';
import type {
  HashOutcome,
  HashRequest,
  Verdict,
  Verifier,
  VerifierPool,
  VerifierStatus,
  VerifyRequest,
} from './verifier.ts';

export type { VerifierEvent, VerifierPoolOptions } from './pool-options.ts';

/** Whoever calls hash(). Sessions of miners have other names. */
const HASHES: Asker = { sessionId: 'hash()', urgent: false, isShare: false };

/**
 * A verifier that hashes in worker threads. Outcomes are data: see Verifier for the few things that throw.
 * @param threads where threads come from; only tests bring their own
 * @throws RangeError when a number in the options is not a whole number of 1 or more
 */
export function createVerifierPool(
  options: VerifierPoolOptions = {},
  threads: ThreadStarter = workerThreads,
): VerifierPool {
  return new PoolVerifier(new Pool(options, threads), options.pow ?? KAWPOW);
}

/** The pool as those see it who have one proof of work. */
class PoolVerifier implements VerifierPool {
  readonly #pool: Pool;
  readonly #pow: KawPow;

  constructor(pool: Pool, pow: KawPow) {
    pool.register(pow);
    this.#pool = pool;
    this.#pow = pow;
  }

  of(pow: KawPow): Verifier {
    return pow === this.#pow ? this : new PoolVerifier(this.#pool, pow);
  }

  async verify(request: VerifyRequest): Promise<Verdict> {
    return this.#pool.verify(this.#pow, request);
  }

  async hash(request: HashRequest): Promise<HashOutcome> {
    return this.#pool.ask(this.#pow, request, HASHES);
  }

  async prepare(epoch: number): Promise<void> {
    const of = { pow: this.#pow, epoch };
    if (epoch > epochMax(this.#pow)) this.#pool.refuse(of);
    else await this.#pool.whenReady(of);
  }

  async epochMemory(epoch: number): Promise<EpochMemory> {
    const memory = await this.#pool.whenReady({ pow: this.#pow, epoch });
    if (memory instanceof KpssError) throw memory;
    return memory;
  }

  keep(owner: string, epochs: readonly number[]): void {
    for (const epoch of epochs) assertEpoch(epoch, this.#pow);
    this.#pool.keep(
      `${this.#pow.name}/${owner}`,
      epochs.map((epoch) => ({ pow: this.#pow, epoch })),
    );
  }

  endSession(sessionId: string): void {
    this.#pool.endSession(sessionId);
  }

  status(): VerifierStatus {
    return this.#pool.status();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
