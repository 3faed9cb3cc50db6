import type { Judgement } from '../mining/judge.ts';
import type { Screening, Share } from '../mining/share.ts';
import { type Candidate, CandidateGate, type CandidateGateModules } from './candidate-gate.ts';
import type { RequestId } from './messages.ts';
import type { RejectReason } from './rejections.ts';
import { ShareRecord } from './share-record.ts';

/** What became of a submission; counted by the instance, kept by the store. */
export type ShareResult =
  | { readonly kind: 'accepted'; readonly verified: boolean; readonly share: Share }
  | { readonly kind: 'rejected'; readonly reason: RejectReason; readonly share: Share | undefined }
  /** It was accepted unverified, and its mix hash turned out to be wrong. */
  | { readonly kind: 'revoked'; readonly reason: RejectReason; readonly share: Share }
  /** It counted for nobody, as a stale candidate or since its miner had left, and its mix hash turned out to be wrong. */
  | { readonly kind: 'forged'; readonly reason: RejectReason; readonly share: Share };

export interface ShareDeskModules extends CandidateGateModules {
  /** Answers within two seconds, whatever happens; never rejects. */
  judge(share: Share, onLateVerdict: (isRight: boolean) => void): Promise<Judgement>;
  onResult(result: ShareResult): void;
  /** The miner is to be told that it has its share. */
  reply(id: RequestId): void;
  /** A share counts for the miner's pace, whether it was told or not. */
  count(share: Share, verified: boolean): void;
  /** Counts and tells a refusal. */
  reject(id: RequestId, reason: RejectReason, share?: Share): void;
  /** Holds something against the connection, which is told nothing. */
  blame(reason: RejectReason): void;
  /** The connection is gone. */
  isClosed(): boolean;
  /** Something failed that must not. */
  onFault(error: unknown): void;
}

/**
 * One connection's shares between their screening and their reply: candidates go out at the first moment they may, the
 * mix hash is judged, and who was caught with a false one is trusted no more.
 */
export class ShareDesk {
  readonly record: ShareRecord;
  readonly #modules: ShareDeskModules;
  readonly #candidates: CandidateGate;
  /** Shares of it were accepted unverified, because the verifier had too much to do. */
  #wasTrusted = false;
  /** Shares without a verdict at the end of the connection; made when there is one. */
  #uncounted: WeakSet<Share> | undefined;
  /** A false mix hash of it was found. */
  #wasCaught = false;

  constructor(modules: ShareDeskModules) {
    this.#modules = modules;
    this.#candidates = new CandidateGate(modules);
    this.record = new ShareRecord(modules.clock.nowMs());
  }

  /**
   * @param id of the request, which gets exactly one reply
   * @returns whether a candidate was handed on
   */
  take(id: RequestId, screening: Screening, isStale: boolean): boolean {
    const { share } = screening;
    const candidate = share?.isCandidate === true ? this.#candidates.open(share) : undefined;
    const isOut = candidate?.isOut === true;
    if (!screening.ok) this.#reject(id, screening.reason, share);
    if (share !== undefined) {
      this.#judge(share, candidate, isStale)
        .then((judgement) => this.#settle(screening.ok ? id : undefined, share, judgement))
        .catch((error: unknown) => this.#modules.onFault(error));
    }
    return isOut;
  }

  async #judge(share: Share, candidate: Candidate | undefined, isStale: boolean): Promise<Judgement> {
    const { judge, onResult } = this.#modules;
    const onLateVerdict = (isRight: boolean): void => {
      if (candidate !== undefined) this.#candidates.judged(candidate, isRight);
      if (isRight) return;
      this.#wasCaught = true;
      const reason = this.#falseMixReason;
      const kind = isStale || this.#uncounted?.has(share) ? 'forged' : 'revoked';
      if (kind === 'revoked') this.record.revoke(share.issued.work, this.#modules.clock.nowMs());
      onResult({ kind, reason, share });
      this.#modules.blame(reason);
    };
    const judgement = await judge(share, onLateVerdict);
    if (!judgement.accepted) this.#wasCaught = true;
    if (isOnTrust(judgement) && !this.#wasCaught) this.#wasTrusted = true;
    if (candidate === undefined) return judgement;
    if (judgement.accepted && !judgement.verified) this.#candidates.unjudged(candidate);
    else this.#candidates.judged(candidate, judgement.accepted);
    return judgement;
  }

  /** @param id of the request that waits for its reply; undefined for a stale candidate, which was told so already */
  #settle(id: RequestId | undefined, share: Share, judgement: Judgement): void {
    const { clock, onResult, blame, reply, count, isClosed } = this.#modules;
    if (id === undefined) {
      if (judgement.accepted) return;
      const reason = this.#falseMixReason;
      onResult({ kind: 'forged', reason, share });
      blame(reason);
      return;
    }
    if (!judgement.accepted) {
      this.#reject(id, this.#falseMixReason, share);
      return;
    }
    // Who was caught is trusted no more: all of its shares are verified, or refused.
    if (this.#wasCaught && isOnTrust(judgement)) {
      this.#reject(id, 'too-many-shares', share);
      return;
    }
    // Its miner left before anything was known of it: it counts for nobody.
    if (isClosed() && !judgement.verified) {
      this.#uncounted ??= new WeakSet();
      this.#uncounted.add(share);
      return;
    }
    this.record.accept(share.issued.work, clock.nowMs());
    onResult({ kind: 'accepted', verified: judgement.verified, share });
    reply(id);
    count(share, judgement.verified);
  }

  #reject(id: RequestId, reason: RejectReason, share: Share | undefined): void {
    this.record.reject();
    this.#modules.reject(id, reason, share);
  }

  get #falseMixReason(): RejectReason {
    return this.#wasTrusted ? 'broken-trust' : 'wrong-mix';
  }
}

function isOnTrust(judgement: Judgement): boolean {
  return judgement.accepted && !judgement.verified && judgement.because === 'overload';
}
