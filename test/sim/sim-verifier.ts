import { bytesToHex, equalBytes } from '../../src/chain/bytes.ts';
import { finalHash } from '../../src/kawpow/final-hash.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import type { Verdict, Verifier, VerifyRequest } from '../../src/kawpow/verifier.ts';
import type { Candidates } from './candidates.ts';
import type { Invariants } from './invariants.ts';
import type { SeededRandom } from './random.ts';
import { trueMixHash } from './sim-chain.ts';
import type { OwnedClock } from './sim-clock.ts';

/** Replies are due after 1.5 s; a verdict before this is surely in time. */
const SURELY_IN_TIME_MS = 1_400;

interface SimVerifierModules {
  readonly clock: OwnedClock;
  readonly random: SeededRandom;
  readonly invariants: Invariants;
  readonly candidates: Candidates;
  /** It has too much to do, or is still building: late verdicts, and refusals. */
  readonly isBusy: () => boolean;
}

/** @returns a verifier of the simulation's proof of work, quick as a rule */
export function createSimVerifier(modules: SimVerifierModules): Verifier {
  return {
    verify: (request) => verify(request, modules),
    hash: () => Promise.resolve({ ok: false, reason: 'closed' }),
    prepare: () => Promise.resolve(),
    keep: () => {},
    endSession: () => {},
    status: () => ({ queued: 0, epochs: [], verified: 0, shed: 0, unverifiedRate: 0, hashesPerS: undefined }),
    epochMemory: () => Promise.reject(new Error('not here')),
    close: () => Promise.resolve(),
  };
}

function verify(request: VerifyRequest, modules: SimVerifierModules): Promise<Verdict> {
  const { clock, random, invariants, candidates, isBusy } = modules;
  const { headerHash, nonce, claimedMixHash } = request;
  const mixHash = trueMixHash(headerHash, nonce);
  const valid = equalBytes(mixHash, claimedMixHash);
  const isLate = isBusy();
  if (isLate && random.chance(0.3)) {
    return Promise.resolve({ ok: false, reason: random.pick(['shed', 'queue-full', 'failed'] as const) });
  }
  const delayMs = isLate ? random.int(1_000, 4_000) : random.int(1, 30);
  if (delayMs < SURELY_IN_TIME_MS) invariants.verifiedInTime(bytesToHex(headerHash), nonce, valid);
  return new Promise((resolve) => {
    clock.setTimer(delayMs, () => {
      const hash = finalHash(headerHash, nonce, mixHash, KAWPOW);
      invariants.verified(bytesToHex(headerHash), nonce, valid);
      if (valid) candidates.foundRight(bytesToHex(hash));
      resolve({ ok: true, valid, mixHash, finalHash: hash });
    });
  });
}
