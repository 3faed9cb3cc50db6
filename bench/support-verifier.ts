import type { Verifier, VerifierPool } from '../src/kawpow/verifier.ts';

/** Finds every mix hash right, at once: for benches of everything else. */
export const alwaysRight: Verifier = {
  verify: () =>
    Promise.resolve({ ok: true, valid: true, mixHash: new Uint8Array(32), finalHash: new Uint8Array(32) }),
  hash: () => Promise.resolve({ ok: false, reason: 'closed' }),
  prepare: () => Promise.resolve(),
  keep: () => {},
  endSession: () => {},
  status: () => ({ queued: 0, epochs: [], verified: 0, shed: 0, unverifiedRate: 0, hashesPerS: undefined }),
  epochMemory: () => Promise.reject(new Error('not in a bench')),
  close: () => Promise.resolve(),
};

export const alwaysRightPool: VerifierPool = { ...alwaysRight, of: () => alwaysRight };
