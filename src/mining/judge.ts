import type { Clock } from './ports.ts';
import type { Share } from './share.ts';

/** What the judge needs of kawpow/verifier.ts. */
export interface ShareVerifier {
  verify(request: {
    readonly height: number;
    readonly headerHash: Uint8Array;
    readonly nonce: bigint;
    readonly claimedMixHash: Uint8Array;
    readonly sessionId: string;
    readonly urgent: boolean;
  }): Promise<
    { readonly ok: true; readonly valid: boolean } | { readonly ok: false; readonly reason: string }
  >;
}

/**
 * `accepted` without `verified`: its final hash is good, whether its mix hash is real was not found out. `overload`: it
 * was taken on trust, because the verifier has more to do than it can; `no-verdict`: there was none in time, or none.
 */
export type Judgement =
  | { readonly accepted: true; readonly verified: true }
  | { readonly accepted: true; readonly verified: false; readonly because: 'overload' | 'no-verdict' }
  | { readonly accepted: false; readonly reason: 'wrong-mix' };

/**
 * kawpowminer drops the connection when a submit is unanswered for 2 s; the rest is for the way there and back.
 */
export const REPLY_WITHIN_MS = 1_500;

/**
 * Judges a screened share within 1.5 s. Verification that is not done by then, because the light cache is still being
 * built, leaves the share accepted but unverified, and so does a verifier at once that has too much to do: nobody is
 * paid by the share here. A verdict that comes later is reported.
 * @param onLateVerdict called when a share that was accepted unverified turns out to be right, or false
 */
export function judgeShare(
  share: Share,
  sessionId: string,
  { verifier, clock }: { readonly verifier: ShareVerifier; readonly clock: Clock },
  onLateVerdict: (isRight: boolean) => void,
): Promise<Judgement> {
  const { job } = share.issued;
  return new Promise((resolve) => {
    let late = false;
    const deadline = clock.setTimer(REPLY_WITHIN_MS, () => {
      late = true;
      resolve({ accepted: true, verified: false, because: 'no-verdict' });
    });
    const settle = (judgement: Judgement) => {
      deadline.cancel();
      if (!late) resolve(judgement);
      else if (!judgement.accepted) onLateVerdict(false);
      else if (judgement.verified) onLateVerdict(true);
    };
    const verdict = verifier.verify({
      height: job.template.height,
      headerHash: job.headerHash,
      nonce: share.nonce,
      claimedMixHash: share.claimedMixHash,
      sessionId,
      urgent: share.isCandidate,
    });
    // A verifier that fails altogether must not leave a miner without its reply.
    verdict.then(
      (outcome) => settle(judgementOf(outcome)),
      () => settle({ accepted: true, verified: false, because: 'no-verdict' }),
    );
  });
}

function judgementOf(outcome: Awaited<ReturnType<ShareVerifier['verify']>>): Judgement {
  if (outcome.ok) {
    return outcome.valid ? { accepted: true, verified: true } : { accepted: false, reason: 'wrong-mix' };
  }
  const wasBusy = outcome.reason === 'shed' || outcome.reason === 'queue-full';
  return { accepted: true, verified: false, because: wasBusy ? 'overload' : 'no-verdict' };
}
