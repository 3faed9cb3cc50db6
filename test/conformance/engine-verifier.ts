import { equalBytes } from '../../src/chain/bytes.ts';
import type { Engine } from '../../src/kawpow/engine.ts';
import { epochOf } from '../../src/kawpow/epoch.ts';
import type { EpochContext } from '../../src/kawpow/epoch-context.ts';
import { claimScratch } from '../../src/kawpow/kernel-memory.ts';
import { KAWPOW } from '../../src/kawpow/params.ts';
import { assertHash } from '../../src/kawpow/words.ts';
import type { VerifierUnderTest } from './verifier-conformance.ts';

/**
 * An engine as the conformance suite sees a verifier, in this very thread: so that a failure of the suite tells whether
 * the engine or the pool around it is wrong.
 */
export function engineVerifier(
  engine: Engine,
  contextOf: (epoch: number) => EpochContext | Promise<EpochContext>,
): VerifierUnderTest {
  const contexts = new Map<number, Promise<EpochContext>>();
  function prepared(epoch: number): Promise<EpochContext> {
    let context = contexts.get(epoch);
    if (context === undefined) {
      context = Promise.resolve(contextOf(epoch)).then((built) => {
        engine.prepare(built, claimScratch(built.memory));
        return built;
      });
      contexts.set(epoch, context);
    }
    return context;
  }
  const verifier: VerifierUnderTest = {
    async hash(request) {
      await prepared(epochOf(request.height, KAWPOW));
      const [result] = engine.hash([request]);
      if (result === undefined) throw new Error('the engine gave no result');
      return { ok: true, ...result };
    },
    async verify(request) {
      assertHash(request.claimedMixHash, 'a mix hash');
      const outcome = await verifier.hash(request);
      return outcome.ok
        ? { ...outcome, valid: equalBytes(outcome.mixHash, request.claimedMixHash) }
        : outcome;
    },
    epochMemory: prepared,
    async close() {
      for (const epoch of contexts.keys()) engine.forget(epoch);
      contexts.clear();
    },
  };
  return verifier;
}
