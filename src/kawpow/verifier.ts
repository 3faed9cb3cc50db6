import type { KawPow } from './params.ts';
import type { EpochMemory } from './thread-messages.ts';

/**
 * The port through which everything else asks for KawPoW hashes, those of one proof of work. Its real implementation is
 * pool.ts.
 */

export interface HashRequest {
  /** A uint32. It decides epoch and period. */
  readonly height: number;
  /** 32 bytes, display order. */
  readonly headerHash: Uint8Array;
  /** A uint64. */
  readonly nonce: bigint;
}

export interface HashResult {
  /** 32 bytes, display order. */
  readonly mixHash: Uint8Array;
  /** 32 bytes, display order. */
  readonly finalHash: Uint8Array;
}

export interface VerifyRequest extends HashRequest {
  /** 32 bytes, display order. */
  readonly claimedMixHash: Uint8Array;
  /** Whose share it is: the sessions take turns. */
  readonly sessionId: string;
  /** A candidate: it is never shed, and a session's first few go before all else, however much waits. */
  readonly urgent: boolean;
}

/**
 * `shed`: more is asked than the threads can do, and this share was not drawn. `queue-full`: too many requests wait, of
 * this session or altogether. `closed`: the verifier or the session ended before its turn. `failed`: the epoch is beyond
 * epochMax, its light cache could not be built, or two threads were lost over it.
 */
export type RefusalReason = 'shed' | 'queue-full' | 'closed' | 'failed';
export interface Refusal {
  readonly ok: false;
  readonly reason: RefusalReason;
}

export type HashOutcome = ({ readonly ok: true } & HashResult) | Refusal;

/** `valid` says whether the claimed mix hash is right; both hashes are the right ones in either case. */
export type Verdict = ({ readonly ok: true; readonly valid: boolean } & HashResult) | Refusal;

export interface EpochStatus {
  /** The name of its proof of work. */
  readonly pow: string;
  readonly epoch: number;
  /** `building` also while it waits for another epoch to be built first. */
  readonly state: 'building' | 'ready';
  /** 0 … 1. */
  readonly progress: number;
}

export interface VerifierStatus {
  /** Requests that no thread has taken yet. */
  readonly queued: number;
  readonly epochs: readonly EpochStatus[];
  /** Verdicts given since the start. */
  readonly verified: number;
  /** Shares that were not looked at since the start, because more was asked than the threads can do. */
  readonly shed: number;
  /** 0 … 1, of the shares asked for in the last minute: those shed, or refused because too many waited. */
  readonly unverifiedRate: number;
  /** What all threads together can do, as measured; undefined before there was work, and without a clock. */
  readonly hashesPerS: number | undefined;
}

export interface Verifier {
  /**
   * A session's first few shares are looked at unless there are too many newcomers, all of one that was ever caught with a
   * false mix hash where the queue has room; of the others as many as the threads can do, drawn by chance. Sessions are
   * told apart by their ids, of all proofs of work.
   * @throws RangeError on a wrong length, a height that is no uint32 or a nonce that is no uint64; else never
   */
  verify(request: VerifyRequest): Promise<Verdict>;
  /** Like verify, without a claim to compare with. All callers share one turn among the sessions. */
  hash(request: HashRequest): Promise<HashOutcome>;
  /**
   * Has the caches of an epoch built ahead of its first request.
   * @returns when the epoch is ready, or when it is certain that it will not be (an event told why, or it was closed)
   * @throws RangeError unless a whole number of 0 or more
   */
  prepare(epoch: number): Promise<void>;
  /**
   * Says which epochs an owner, such as a mining instance, needs from now on, in place of what it said before. Missing
   * ones are built, the most urgent, which is the first, before others. None of them is ever pushed out by another. Once
   * nobody keeps an epoch that was kept, its memory goes, as soon as the requests that wait for it are in work.
   * @param owner told apart from those of other proofs of work
   * @throws RangeError unless whole numbers from 0 to epochMax
   */
  keep(owner: string, epochs: readonly number[]): void;
  /** A session is over: what it asked is settled as `closed`, but for urgent requests, and what is known of it forgotten. */
  endSession(sessionId: string): void;
  status(): VerifierStatus;
  /**
   * The memory of an epoch with its caches, built if need be, for engines in threads of one's own: epochContextIn says
   * what is where. Do not write to the caches.
   * @throws RangeError beyond epochMax
   * @throws KpssError KPSS_LIGHT_CACHE_FAILED, KPSS_VERIFIER_CLOSED
   */
  epochMemory(epoch: number): Promise<EpochMemory>;
  /** Settles every request as `closed` and stops all threads. @returns when they are gone */
  close(): Promise<void>;
}

/** Verifiers of several proofs of work over the same threads and one queue; itself the one of its first. */
export interface VerifierPool extends Verifier {
  /**
   * Status and closing are those of the whole.
   * @throws RangeError when another proof of work has the same name
   */
  of(pow: KawPow): Verifier;
}
